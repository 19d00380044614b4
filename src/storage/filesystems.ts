/**
 * Filesystems on devices and in images: made, grown, and told apart from those that they are
 * block-wise copies of.
 */

import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import { toolPath } from '../util/own-process.ts';
import { diskFull, tellsOfFullDisk } from './disk-full.ts';
import { filesystemType } from './filesystem-type.ts';
import { filesystemIsThere } from './host-filesystems.ts';
import { readHead } from './read-head.ts';
import { runTool } from './run-tool.ts';

/** LXC's. */
export const DEFAULT_FILESYSTEM = 'ext4';
export const DEFAULT_SIZE = 2 ** 30;

interface FilesystemRow {
  readonly package: string;
  /** Options of mkfs for no questions, even if there is data. */
  readonly quietly: readonly string[];
  /** Makes it as large as its device. `mounted`: while it is mounted, by the place. */
  readonly grow?: {
    readonly mounted: boolean;
    readonly commands: (place: string) => readonly (readonly string[])[];
  };
  /**
   * Gives a copy of the blocks an id of its own, without which it cannot be mounted beside the
   * original.
   */
  readonly freshId?: (device: string) => readonly (readonly string[])[];
}

const EXT: FilesystemRow = {
  package: 'e2fsprogs',
  quietly: ['-q', '-F'],
  grow: {
    mounted: false,
    commands: (device) => [
      ['e2fsck', '-f', '-p', device],
      ['resize2fs', device],
    ],
  },
};

/** Facts about filesystems, besides that `mkfs.TYPE` makes them. */
const FILESYSTEMS: Readonly<Record<string, FilesystemRow>> = {
  ext2: EXT,
  ext3: EXT,
  ext4: EXT,
  xfs: {
    package: 'xfsprogs',
    quietly: ['-q', '-f'],
    grow: { mounted: true, commands: (place) => [['xfs_growfs', place]] },
    freshId: (device) => [['xfs_admin', '-U', 'generate', device]],
  },
  btrfs: {
    package: 'btrfs-progs',
    quietly: ['-q', '-f'],
    grow: { mounted: true, commands: (place) => [['btrfs', 'filesystem', 'resize', 'max', place]] },
    freshId: (device) => [['btrfstune', '-f', '-u', device]],
  },
};

/**
 * @throws TslxcError USAGE, NOT_SUPPORTED, TOOL_MISSING when such a filesystem cannot be made or
 *   mounted here
 */
export function checkFilesystem(fstype: string): void {
  if (!/^[a-z][a-z0-9]*$/.test(fstype))
    throw new TslxcError({ code: 'USAGE', message: `${JSON.stringify(fstype)} is not a type of filesystem` });
  if (!toolIsThere(`mkfs.${fstype}`)) {
    const { package: name } = FILESYSTEMS[fstype] ?? {};
    throw new TslxcError({
      code: 'TOOL_MISSING',
      message: `mkfs.${fstype} is not installed`,
      hint: name ? `it is in the package ${name}` : `known are ${Object.keys(FILESYSTEMS).join(', ')}`,
    });
  }
  if (filesystemIsThere(fstype)) return;
  throw new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `the kernel of this host has no ${fstype}`,
    hint: 'take another one with --fstype',
  });
}

export function toolIsThere(name: string): boolean {
  return toolPath()
    .split(':')
    .some((directory) => {
      try {
        accessSync(join(directory, name), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** @throws TslxcError STORAGE with the tool's words, DISK_FULL */
export async function makeFilesystem(path: string, fstype: string): Promise<void> {
  const { quietly = [], package: from = fstype } = FILESYSTEMS[fstype] ?? {};
  await runOn(path, `mkfs.${fstype}`, [...quietly, path], from);
}

/**
 * The type of the filesystem on a device or in an image; undefined when it is none of the usual
 * ones.
 */
export function filesystemOn(path: string): string | undefined {
  return filesystemType(readHead(path));
}

/**
 * Grows a filesystem to the size of its device. @param mounted runs tools where it is mounted
 * @throws TslxcError NOT_SUPPORTED, STORAGE
 */
export async function growFilesystem(
  path: string,
  mounted: (run: (place: string, inFront: readonly string[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const type = filesystemOn(path);
  const row = type === undefined ? undefined : FILESYSTEMS[type];
  if (!row?.grow)
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message: `the filesystem on ${path}${type ? ` (${type})` : ''} cannot be made larger`,
    });
  const { commands } = row.grow;
  const all = async (place: string, inFront: readonly string[]) => {
    for (const command of commands(place)) {
      const [tool, ...args] = [...inFront, ...command];
      await runOn(path, tool!, args, row.package);
    }
  };
  if (row.grow.mounted) await mounted(all);
  else await all(path, []);
}

/** See FilesystemRow.freshId. @throws TslxcError STORAGE */
export async function freshenFilesystem(device: string): Promise<void> {
  const row = FILESYSTEMS[filesystemOn(device) ?? ''];
  for (const [tool, ...args] of row?.freshId?.(device) ?? []) await runOn(device, tool!, args, row!.package);
}

async function runOn(path: string, tool: string, args: readonly string[], from: string): Promise<void> {
  const { code, complaints } = await runTool({ tool, args, package: from });
  if (code === 0) return;
  const words = complaints.join('\n');
  if (tellsOfFullDisk(words)) throw diskFull(path, '', words);
  const said = complaints.find((line) => line.trim() !== '') ?? `exit status ${code}`;
  throw new TslxcError({ code: 'STORAGE', message: `${tool} on ${path} failed: ${said}`, cause: words });
}

export function notSmaller(path: string, size: number): TslxcError {
  return new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `${path} has ${size} bytes and cannot be made smaller`,
    hint: 'copy the container with tslxc-copy --fssize instead',
  });
}
