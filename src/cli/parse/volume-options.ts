/**
 * The options that say what a new root filesystem is to be like, for the commands that make one.
 */
import { BadValue } from '../../config/values/bad-value.ts';
import { parseSize } from '../../config/values/size.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { VolumeOptions } from '../../storage/backing-store.ts';

export interface StorageValues {
  readonly dir?: string | undefined;
  readonly fstype?: string | undefined;
  readonly fssize?: string | undefined;
  readonly vgname?: string | undefined;
  readonly lvname?: string | undefined;
  readonly thinpool?: string | undefined;
  readonly zfsroot?: string | undefined;
  readonly rbdname?: string | undefined;
  readonly rbdpool?: string | undefined;
  readonly rbduser?: string | undefined;
}

/** `here`: makes a path absolute. */
export function volumeOptions(values: StorageValues, here: (path: string) => string): VolumeOptions {
  const given = {
    directory: values.dir === undefined ? undefined : here(values.dir),
    fstype: values.fstype,
    size: values.fssize === undefined ? undefined : sizeOf(values.fssize),
    volumeGroup: values.vgname,
    logicalVolume: values.lvname,
    thinPool: values.thinpool,
    zfsRoot: values.zfsroot,
    cephImage: values.rbdname,
    cephPool: values.rbdpool,
    cephUser: values.rbduser,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export function sizeOf(text: string): number {
  try {
    // LXC's unit where none is said.
    const bytes = parseSize(/^\s*\d+\s*$/.test(text) ? `${text}M` : text);
    if (bytes > 0) return bytes;
    throw new BadValue('it is nothing');
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new TslxcError({
      code: 'USAGE',
      message: `--fssize ${text}: ${error.message}`,
      hint: 'a number of megabytes, or one with B, K, M, G or T',
    });
  }
}
