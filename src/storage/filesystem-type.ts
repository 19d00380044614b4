import { readFileSync } from 'node:fs';
import { readHead } from './read-head.ts';

/** What the filesystems that people keep systems on have near their beginning. */
const MAGIC: readonly { readonly type: string; readonly offset: number; readonly bytes: Buffer }[] = [
  { type: 'xfs', offset: 0, bytes: Buffer.from('XFSB') },
  { type: 'ext4', offset: 0x438, bytes: Buffer.from([0x53, 0xef]) },
  { type: 'btrfs', offset: 0x10040, bytes: Buffer.from('_BHRfS_M') },
  { type: 'squashfs', offset: 0, bytes: Buffer.from('hsqs') },
  { type: 'erofs', offset: 0x400, bytes: Buffer.from([0xe2, 0xe1, 0xf5, 0xe0]) },
  { type: 'f2fs', offset: 0x400, bytes: Buffer.from([0x10, 0x20, 0xf5, 0xf2]) },
];

/**
 * The type of the filesystem that begins with these bytes; undefined for one that is not in the
 * table.
 */
export function filesystemType(head: Buffer): string | undefined {
  return MAGIC.find(({ offset, bytes }) => head.subarray(offset, offset + bytes.length).equals(bytes))?.type;
}

/**
 * Types to try on a device or image: the one that it has, or all that the kernel can mount from a
 * device.
 */
export function filesystemsToTry(path: string): string[] {
  const found = filesystemType(readHead(path));
  if (found !== undefined) return [found];
  return readFileSync('/proc/filesystems', 'utf8')
    .split('\n')
    .flatMap((line) => /^\t(\S+)$/.exec(line)?.[1] ?? [])
    .filter((type) => type !== 'fuseblk');
}
