/**
 * Copies what makes a container, root filesystem and config with the files that it names, into a
 * place of its own.
 */
import { chmodSync, constants, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Volume } from '../../storage/rootfs-path.ts';
import { managedVolume } from '../rootfs/managed-volume.ts';
import { movePaths } from '../rootfs/move-paths.ts';
import { containerDirectory } from '../state/paths.ts';
import { copiedConfig } from './copied-config.ts';
import { copyRootfs, type RootfsCopy } from './copy-rootfs.ts';

export interface ContainerCopy extends RootfsCopy {
  /** A container of its own: it gets its own host name and MAC addresses. */
  readonly newIdentity: boolean;
  readonly keepName?: boolean | undefined;
  readonly keepMac?: boolean | undefined;
  /** Lines added to the config. */
  readonly settings?: readonly (readonly [key: string, value: string])[] | undefined;
}

export interface CopiedContainer {
  /**
   * The files that were made besides the root filesystem, relative to `buildDirectory`: the config
   * the last.
   */
  readonly files: readonly string[];
  readonly volume: Volume | undefined;
}

/** @throws TslxcError CONFIG_*, DISK_FULL, STORAGE, NOT_SUPPORTED …; or the signal's reason */
export async function copyContainer(copy: ContainerCopy): Promise<CopiedContainer> {
  const source = managedVolume(copy.from);
  const rootfs = source && (await copyRootfs(copy, source));
  try {
    copy.signal?.throwIfAborted();
    const { document, files } = copiedConfig({
      from: copy.from,
      to: copy.to,
      moves: rootfs?.moves ?? [],
      volume: rootfs?.volume,
      size: copy.size,
      newName: copy.newIdentity && !copy.keepName,
      newMac: copy.newIdentity && !copy.keepMac,
      settings: copy.settings ?? [],
    });
    for (const file of files) {
      const target = join(copy.buildDirectory, file);
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      copyFileSync(join(containerDirectory(copy.from), file), target, constants.COPYFILE_EXCL);
      if (rootfs && file.endsWith('fstab'))
        writeFileSync(target, movePaths(readFileSync(target, 'utf8'), rootfs.moves));
    }
    const config = join(copy.buildDirectory, 'config');
    writeFileSync(config, document.toString(), { flag: 'wx', mode: 0o640 });
    chmodSync(config, 0o640);
    return { files: [...files, 'config'], volume: rootfs?.volume };
  } finally {
    rootfs?.release();
  }
}
