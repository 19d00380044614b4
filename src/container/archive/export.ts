/**
 * Puts a stopped container, or a snapshot of one, into one file that can be carried to another
 * host.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, writeSync } from 'node:fs';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { diskFull, tellsOfFullDisk } from '../../storage/disk-full.ts';
import { runTool } from '../../storage/run-tool.ts';
import { subvolumesBelow } from '../../storage/subvolumes.ts';
import { copiedConfig } from '../copies/copied-config.ts';
import type { CopyReports } from '../copies/copy-rootfs.ts';
import { requireSnapshot } from '../copies/snapshot.ts';
import { recoverContainer } from '../recovery/recover.ts';
import { managedVolume } from '../rootfs/managed-volume.ts';
import { openForReading } from '../rootfs/open-rootfs.ts';
import { lockContainer } from '../state/lock.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';
import { requireStopped } from '../state/require-stopped.ts';
import { snapshotRef } from '../state/snapshot-layout.ts';
import { chooseCompressor } from './compressors.ts';
import { type ArchivedMember, type ArchiveMetadata, CONFIG, FILES, METADATA } from './metadata.ts';
import { memberHeader, padding, writeEnd, writeMember } from './tar-container.ts';
import { beginArchive, sweepUnfinishedArchives } from './unfinished-archive.ts';

export interface ExportOptions extends CopyReports {
  /** Path of the archive. */
  readonly file: string;
  /** A snapshot instead of the container itself; the container may run then. */
  readonly snapshot?: string;
  /** `zstd`, `gzip` or `xz`; without it the first of these that this host has. */
  readonly compressor?: string;
}

export interface ExportResult {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Attributes that an archive keeps: extended attributes of all kinds, ACLs, numeric owners, holes.
 */
const FAITHFULLY = [
  '--create',
  '--format=posix',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
  '--acls',
  '--sparse',
  '--one-file-system',
] as const;

/**
 * The archive appears under its name when it is whole.
 * @throws TslxcError CONTAINER_MISSING, SNAPSHOT_MISSING, RUNNING, CONTAINER_BUSY, DISK_FULL,
 *   STORAGE, TOOL_MISSING; or the signal's reason
 */
export async function exportContainer(ref: ContainerRef, options: ExportOptions): Promise<ExportResult> {
  using _lock = lockContainer(ref);
  await recoverContainer(ref);
  if (options.snapshot === undefined) requireStopped(ref);
  else requireSnapshot(ref, options.snapshot);
  const from = options.snapshot === undefined ? ref : snapshotRef(ref, options.snapshot);
  const { file } = options;
  if (lstatSync(file, { throwIfNoEntry: false }))
    throw new TslxcError({
      code: 'USAGE',
      message: `${file} exists`,
      file,
      hint: 'name another file with -o',
    });
  sweepUnfinishedArchives(dirname(file));
  try {
    options.onStep?.(`Exporting ${ref.name}`);
    using archive = beginArchive(file);
    const bytes = await writeArchive(ref, from, archive.fd, options);
    archive.finish();
    return { file, bytes };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (tellsOfFullDisk(error)) throw diskFull(file, 'the half-made archive is removed', error);
    throw toTslxcError(error, 'STORAGE', { container: ref.name });
  }
}

async function writeArchive(
  ref: ContainerRef,
  from: ContainerRef,
  fd: number,
  options: ExportOptions,
): Promise<number> {
  const compressor = chooseCompressor(options.compressor);
  const volume = managedVolume(from);
  const { document, files } = copiedConfig({
    from,
    to: from,
    moves: [],
    volume: undefined,
    newName: false,
    newMac: false,
  });
  const members: ArchivedMember[] = [];
  let offset = 0;
  const add = (name: string, content: Buffer, mode?: number) => {
    offset = writeMember(fd, offset, name, content);
    members.push({
      name,
      bytes: content.length,
      sha256: digest(content),
      ...(mode === undefined ? {} : { mode }),
    });
  };
  add(CONFIG, Buffer.from(document.toString()));
  for (const file of files) {
    const path = join(containerDirectory(from), file);
    add(FILES + file, readFileSync(path), lstatSync(path).mode & 0o777);
  }
  if (volume) {
    await using rootfs = await openForReading(volume);
    const name = `rootfs.tar.${compressor.suffix}`;
    const nested = (await subvolumesBelow(rootfs.path)).map((inside) => `./${inside}`);
    const tar = [
      'tar',
      ...FAITHFULLY,
      '-I',
      compressor.pack,
      '--file=-',
      '-C',
      rootfs.inside,
      '.',
      ...nested,
    ];
    const [tool, ...args] = [...rootfs.command, ...tar];
    const packed = await writeStream(fd, offset, name, { tool: tool!, args }, options);
    members.push({ name, ...packed });
    offset += 512 + packed.bytes + padding(packed.bytes);
  }
  const metadata: ArchiveMetadata = {
    format: 'tslxc-export',
    version: 1,
    name: ref.name,
    ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }),
    directory: dirname(configFile(from)),
    ...(volume?.type === 'dir' ? { rootfs: volume.path } : {}),
    architecture: arch(),
    made: new Date().toISOString(),
    members,
  };
  offset = writeMember(fd, offset, METADATA, Buffer.from(`${JSON.stringify(metadata, null, 2)}\n`));
  writeEnd(fd, offset);
  return offset + 1024;
}

/** A member whose size is known when it has been written: its header is written last. */
async function writeStream(
  fd: number,
  offset: number,
  name: string,
  run: { tool: string; args: readonly string[] },
  { signal, onNotice, onProgress }: CopyReports,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const begin = Date.now();
  let bytes = 0;
  let failure: unknown;
  const { code, complaints } = await runTool({
    ...run,
    package: 'tar',
    signal,
    onChunk(chunk) {
      hash.update(chunk);
      try {
        for (let done = 0; done < chunk.length; )
          done += writeSync(fd, chunk, done, chunk.length - done, offset + 512 + bytes + done);
      } catch (error) {
        // The tool only hears that its pipe is closed.
        failure = error;
        throw error;
      }
      bytes += chunk.length;
      onProgress?.({ bytes, rate: bytes / Math.max(0.001, (Date.now() - begin) / 1000) });
    },
  });
  if (failure !== undefined) throw failure;
  if (code !== 0)
    throw new TslxcError({
      code: 'STORAGE',
      message: `the files cannot be packed: ${complaints.find((line) => !line.includes('socket ignored')) ?? `tar ended with status ${code}`}`,
      cause: complaints.join('\n'),
    });
  const sockets = complaints.filter((line) => line.includes('socket ignored')).length;
  if (sockets > 0)
    onNotice?.(`${sockets === 1 ? 'a socket is' : `${sockets} sockets are`} not in the archive`);
  writeSync(fd, memberHeader(name, bytes), 0, 512, offset);
  const fill = padding(bytes);
  writeSync(fd, Buffer.alloc(fill), 0, fill, offset + 512 + bytes);
  return { bytes, sha256: hash.digest('hex') };
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
