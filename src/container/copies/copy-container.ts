/** Copies what makes a container, root filesystem and config with the files that it names, into a place of its own. */
import { chmodSync, constants, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../config/load-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { copyVolume } from '../../storage/copy-volume.ts';
import { type Volume, volumeOf } from '../../storage/rootfs-path.ts';
import { type ContainerRef, configFile, containerDirectory } from '../paths.ts';
import { copiedConfig, movePaths } from './copied-config.ts';

export interface ContainerCopy {
  readonly from: ContainerRef;
  readonly to: ContainerRef;
  /** Where the root filesystem will be in the end, as the config of the copy says. */
  readonly rootfs: string;
  /** Where it is put now; its parent exists. */
  readonly buildRootfs: string;
  /** Where config and files are put now; exists. */
  readonly buildDirectory: string;
  readonly newIdentity: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** @returns the files, relative to `buildDirectory`, that were made besides the root filesystem: the config the last */
export async function copyContainer(copy: ContainerCopy): Promise<string[]> {
  const volume = managedVolume(copy.from);
  const { document, files } = copiedConfig({
    from: copy.from,
    to: copy.to,
    oldRootfs: volume?.path,
    newRootfs: volume && copy.rootfs,
    type: 'dir',
    newIdentity: copy.newIdentity,
  });
  for (const file of files) {
    const target = join(copy.buildDirectory, file);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    copyFileSync(join(containerDirectory(copy.from), file), target, constants.COPYFILE_EXCL);
    if (volume && file.endsWith('fstab'))
      writeFileSync(target, movePaths(readFileSync(target, 'utf8'), [[volume.path, copy.rootfs]]));
  }
  if (volume) await copyVolume(volume, { type: 'dir', path: copy.buildRootfs }, { signal: copy.signal });
  copy.signal?.throwIfAborted();
  const config = join(copy.buildDirectory, 'config');
  writeFileSync(config, document.toString(), { flag: 'wx', mode: 0o640 });
  chmodSync(config, 0o640);
  return [...files, 'config'];
}

/** The root filesystem of a container, which is the container's own; undefined when the config names none. */
export function managedVolume(ref: ContainerRef): Volume | undefined {
  const config = loadConfig(configFile(ref), { name: ref.name });
  const setting = config.one('lxc.rootfs.path');
  if (!setting) return undefined;
  const managed = config.one('lxc.rootfs.managed');
  if (managed?.value === false) {
    throw new TslxcError({
      code: 'CONFIG_CONFLICT',
      container: ref.name,
      message: `its root filesystem is not managed by tslxc (${managed.key} = 0)`,
      file: managed.origin.file,
      line: managed.origin.line,
      hint: 'remove that line to have tslxc copy the root filesystem',
    });
  }
  return volumeOf(setting.value);
}
