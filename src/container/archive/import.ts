/** Makes a container of an archive of `tslxc-export`. The archive is not trusted. */
import { chmodSync, closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigDocument } from '../../config/config-document.ts';
import { checkName } from '../../config/container-name.ts';
import { loadConfig } from '../../config/load-config.ts';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { changeIdentity } from '../copies/copied-config.ts';
import type { CopyReports } from '../copies/copy-rootfs.ts';
import { nameClone } from '../layers/open-for-writing.ts';
import { abandon, claimDirectory } from '../lifecycle/claim-directory.ts';
import { sweepLeftovers } from '../recovery/leftovers.ts';
import { type Moves, movePaths } from '../rootfs/move-paths.ts';
import { lockContainer } from '../state/lock.ts';
import { unmarkPartial } from '../state/partial-marker.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';
import { compressorOf } from './compressors.ts';
import { removeDeviceNodes } from './device-nodes.ts';
import { confined } from './foreign-config.ts';
import {
  type ArchiveMetadata,
  CONFIG,
  FILES,
  MemberDigest,
  readMetadata,
  readVerified,
  verifyMember,
} from './metadata.ts';
import { type Member, noArchive, readMembers } from './tar-container.ts';
import { unpackInside } from './unpack-inside.ts';
import { DEFAULT_LIMITS, type UnpackLimits } from './unpack-limits.ts';

export interface ImportOptions extends CopyReports {
  readonly file: string;
  readonly lxcpath: string;
  /** Name of the container; the one in the archive unless given. */
  readonly name?: string;
  /** Take lines of the config that run programs on the host or name paths of it. */
  readonly trust?: boolean;
  /** How much it may unpack to, where that is not the default. */
  readonly limits?: Partial<UnpackLimits>;
}

/**
 * Everything is verified before anything is made, and the files are unpacked where nothing but the
 * container's root filesystem can be written. The container appears whole or not at all.
 *
 * @throws TslxcError NAME_INVALID, CONTAINER_EXISTS, CONFIG_*, DISK_FULL, STORAGE, TOOL_MISSING …;
 *   or the signal's reason
 */
export async function importContainer(options: ImportOptions): Promise<ContainerRef> {
  const { file, signal } = options;
  const fd = open(file);
  try {
    const members = readMembers(fd, file);
    const metadata = readMetadata(fd, file, members);
    const ref = { name: options.name ?? metadata.name, lxcpath: resolve(options.lxcpath) };
    checkNewName(ref.name, options.name === undefined);
    options.onStep?.(`Verifying ${file}`);
    for (const member of members)
      if (metadata.members.some(({ name }) => name === member.name))
        await verifyMember(fd, file, member, metadata, signal);
    const told = configOf(fd, file, members, metadata, ref);
    const { document: config, notices } = options.trust
      ? { document: told, notices: [] }
      : confined(told, ref, file);
    await sweepLeftovers(ref.lxcpath);
    using _lock = lockContainer(ref);
    claimDirectory(ref);
    try {
      await fill(fd, ref, members, metadata, config, options);
      unmarkPartial(ref);
    } catch (error) {
      throw await abandon(ref, error, signal);
    }
    for (const notice of notices) options.onNotice?.(notice);
    return ref;
  } finally {
    closeSync(fd);
  }
}

/** What an archive is called may be no name for a new container. */
function checkNewName(name: string, ofArchive: boolean): void {
  try {
    checkName(name);
  } catch (error) {
    if (!ofArchive || !(error instanceof TslxcError)) throw error;
    const hint = `give it another one with -N NEWNAME; ${error.hint}`;
    throw new TslxcError({ code: error.code, message: error.message, hint });
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw toTslxcError(error, 'USAGE', { message: `the archive ${file} cannot be read`, file });
  }
}

/**
 * The config with the paths of this host. Another name gets other MAC addresses: both may be in one
 * network.
 */
function configOf(
  fd: number,
  file: string,
  members: readonly Member[],
  metadata: ArchiveMetadata,
  ref: ContainerRef,
): ConfigDocument {
  const member = members.find(({ name }) => name === CONFIG);
  if (!member) throw noArchive(file, 'it has no config');
  const document = ConfigDocument.parse(readVerified(fd, file, member, metadata).toString('utf8'));
  const directory = containerDirectory(ref);
  const rootfs = rootfsMember(members) && join(directory, 'rootfs');
  const moves: Moves = [
    ...(metadata.rootfs !== undefined && rootfs !== undefined ? ([[metadata.rootfs, rootfs]] as const) : []),
    [metadata.directory, directory],
  ];
  for (const setting of document.settings()) {
    const value = movePaths(setting.value, moves);
    if (value !== setting.value) document.rewriteLine(setting, setting.key, value);
  }
  changeIdentity(document, {
    volume: rootfs === undefined ? undefined : { type: 'dir', path: rootfs },
    newMac: ref.name !== metadata.name,
    newName: ref.name === metadata.name ? undefined : ref.name,
  });
  return document;
}

async function fill(
  fd: number,
  ref: ContainerRef,
  members: readonly Member[],
  metadata: ArchiveMetadata,
  config: ConfigDocument,
  options: ImportOptions,
): Promise<void> {
  const directory = containerDirectory(ref);
  for (const member of members) {
    const { name } = member;
    if (!name.startsWith(FILES)) continue;
    const target = join(directory, name.slice(FILES.length));
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, readVerified(fd, options.file, member, metadata), { flag: 'wx', mode: 0o600 });
    chmodSync(target, (metadata.members.find((told) => told.name === name)?.mode ?? 0o600) & 0o777);
  }
  const packed = rootfsMember(members);
  if (packed) {
    const rootfs = join(directory, 'rootfs');
    mkdirSync(rootfs);
    options.onStep?.(`Unpacking ${ref.name}`);
    const { program } = compressorOf(packed.name.split('.').at(-1)!);
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const digest = new MemberDigest(options.file, packed, metadata);
    await unpackInside({ fd, member: packed, program, target: rootfs, limits, digest, reports: options });
    const removed = options.trust ? [] : removeDeviceNodes(rootfs);
    if (removed.length > 0)
      options.onNotice?.(
        `device nodes of the archive are left out (--trust keeps them): ${removed.slice(0, 10).join(', ')}${removed.length > 10 ? ` and ${removed.length - 10} more` : ''}`,
      );
  }
  const file = configFile(ref);
  writeFileSync(file, config.toString(), { flag: 'wx', mode: 0o640 });
  chmodSync(file, 0o640);
  // Every line is looked at: a container that could not start is not made.
  loadConfig(file, { name: ref.name });
  if (packed && ref.name !== metadata.name)
    await nameClone(ref, { type: 'dir', path: join(directory, 'rootfs') });
}

function rootfsMember(members: readonly Member[]): Member | undefined {
  const found = members.filter(({ name }) => /^rootfs\.tar\.\w+$/.test(name));
  if (found.length > 1)
    throw new TslxcError({ code: 'STORAGE', message: 'the archive has several root filesystems' });
  return found[0];
}
