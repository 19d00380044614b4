/** Device nodes in the root filesystem of an archive. */
import { lstatSync, readdirSync, rmSync } from 'node:fs';

/**
 * Those that every container has (null, zero, full, random, urandom, tty, console, ptmx, fuse,
 * tun), and whiteouts.
 */
const HARMLESS = /^c (0:0|1:[35789]|5:[012]|10:(229|200)|(13[6-9]|14[0-3]):\d+)$/;

/**
 * Removes the nodes that lead to a device of the host: the rules for devices are not in force for a
 * container with an id map, and the mode of a node is the archive's. No other process may be able
 * to write to `rootfs`.
 * @returns what was removed, as `/dev/sda (b 8:0)`
 */
export function removeDeviceNodes(rootfs: string): string[] {
  const removed: string[] = [];
  // Names are bytes: one that is not UTF-8 has to be found as well.
  const folders = [Buffer.from(rootfs)];
  for (let folder = folders.pop(); folder; folder = folders.pop())
    for (const entry of readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })) {
      const path = Buffer.concat([folder, Buffer.from('/'), entry.name]);
      if (entry.isDirectory()) folders.push(path);
      if (!entry.isBlockDevice() && !entry.isCharacterDevice()) continue;
      const what = deviceText(path);
      if (HARMLESS.test(what)) continue;
      rmSync(path);
      removed.push(`${path.toString().slice(rootfs.length)} (${what})`);
    }
  return removed;
}

/** `c 1:3`, from the kernel's new_encode_dev. */
function deviceText(path: Buffer): string {
  const stat = lstatSync(path, { bigint: true });
  const { rdev } = stat;
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return `${stat.isBlockDevice() ? 'b' : 'c'} ${major}:${minor}`;
}
