import { closeSync, openSync, readSync } from 'node:fs';

/** All that is needed to tell filesystems apart. */
const BYTES = 0x10048;

/** The beginning of a device or image. */
export function readHead(path: string): Buffer {
  const head = Buffer.alloc(BYTES);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, head, 0, head.length, 0);
  } finally {
    closeSync(fd);
  }
  return head;
}
