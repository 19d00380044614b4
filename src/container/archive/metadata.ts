/** `tslxc-export.json`: the contents of an archive. */
import { createHash } from 'node:crypto';
import { isUsableName } from '../../config/container-name.ts';
import { type Member, noArchive, readAt } from './tar-container.ts';

export const METADATA = 'tslxc-export.json';
export const CONFIG = 'config';
export const FILES = 'files/';

/**
 * No real config, hook script or description is larger; a foreign archive may say anything.
 */
const LARGEST_METADATA = 1024 * 1024;
const LARGEST_FILE = 64 * 1024 * 1024;
const CHUNK = 1024 * 1024;

export interface ArchiveMetadata {
  readonly format: 'tslxc-export';
  readonly version: 1;
  /** The container. */
  readonly name: string;
  readonly snapshot?: string;
  /** Its directory on the host that it comes from: lines of the config name it. */
  readonly directory: string;
  /** Absolute path of the root filesystem there, when it has one. */
  readonly rootfs?: string;
  /** As `uname -m` says. */
  readonly architecture: string;
  /** ISO 8601. */
  readonly made: string;
  readonly members: readonly ArchivedMember[];
}

export interface ArchivedMember {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Names of the files that come with the config. */
  readonly mode?: number;
}

/**
 * @throws TslxcError STORAGE when it is not in the archive or says something else than the archive
 */
export function readMetadata(fd: number, file: string, members: readonly Member[]): ArchiveMetadata {
  const member = members.find(({ name }) => name === METADATA);
  if (!member || member.size > LARGEST_METADATA)
    throw noArchive(file, `${METADATA} is not in it or is too large`);
  let metadata: ArchiveMetadata;
  try {
    metadata = JSON.parse(readAt(fd, member.offset, member.size).toString('utf8')) as ArchiveMetadata;
  } catch {
    throw noArchive(file, `${METADATA} is no JSON`);
  }
  if (metadata?.format !== 'tslxc-export' || metadata.version !== 1)
    throw noArchive(file, `its format is not one that this version knows`);
  const { name, directory, rootfs } = metadata;
  if (typeof name !== 'string' || !isUsableName(name)) throw noArchive(file, 'it has no name');
  for (const path of [directory, rootfs])
    if (path !== undefined && (typeof path !== 'string' || !/^\/[^\0\n]*$/.test(path)))
      throw noArchive(file, 'it names no proper directory');
  const told = Array.isArray(metadata.members) ? metadata.members : [];
  const others = members.filter((other) => other !== member);
  if (others.length !== told.length) throw noArchive(file, 'its description is of something else');
  for (const { name, size } of others) {
    if (!told.some((entry) => entry?.name === name && entry.bytes === size))
      throw noArchive(file, `"${name}" is not described`);
    checkName(file, name, size);
  }
  return metadata;
}

function checkName(file: string, name: string, size: number): void {
  if (/^rootfs\.tar\.\w+$/.test(name)) return;
  if (size > LARGEST_FILE) throw noArchive(file, `"${name}" is too large`);
  if (name === CONFIG) return;
  const parts = name.startsWith(FILES) ? name.slice(FILES.length).split('/') : [''];
  // Marker files would be obeyed, and the config has its own place.
  const ours =
    /^(config|partial|restoring|layering|renaming|destroying|snaps|overlay|rootfs|lxc_.*|last-run\.json|\..*)$/;
  if (parts.some((part) => part === '' || part === '.' || part === '..') || ours.test(parts[0]!))
    throw noArchive(file, `"${name}" is no place for a file`);
}

/** Compares bytes of a member, as they are read, with the digest of what was exported. */
export class MemberDigest {
  readonly #hash = createHash('sha256');
  readonly #file: string;
  readonly #name: string;
  readonly #told: string | undefined;

  constructor(file: string, { name }: Member, metadata: ArchiveMetadata) {
    this.#file = file;
    this.#name = name;
    this.#told = metadata.members.find((member) => member.name === name)?.sha256;
  }

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** @throws TslxcError STORAGE for bytes that are not those that were exported */
  check(): void {
    if (this.#hash.digest('hex') !== this.#told)
      throw noArchive(this.#file, `the digest of "${this.#name}" is another one`);
  }
}

/** A member that fits into memory. @throws TslxcError STORAGE for bytes that were not exported */
export function readVerified(fd: number, file: string, member: Member, metadata: ArchiveMetadata): Buffer {
  const bytes = readAt(fd, member.offset, member.size);
  const digest = new MemberDigest(file, member, metadata);
  digest.add(bytes);
  digest.check();
  return bytes;
}

/** @throws TslxcError STORAGE for bytes that are not those that were exported */
export async function verifyMember(
  fd: number,
  file: string,
  member: Member,
  metadata: ArchiveMetadata,
  signal?: AbortSignal,
): Promise<void> {
  const digest = new MemberDigest(file, member, metadata);
  for (let done = 0; done < member.size; ) {
    signal?.throwIfAborted();
    const chunk = readAt(fd, member.offset + done, Math.min(CHUNK, member.size - done));
    if (chunk.length === 0) throw noArchive(file, 'it ends too early');
    digest.add(chunk);
    done += chunk.length;
    await new Promise((next) => setImmediate(next));
  }
  digest.check();
}
