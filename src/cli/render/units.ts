/** Numbers as people read them, in LXC's spelling. */

const UNITS = [
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
] as const;

/** `12 bytes`, `1.24 KiB`. */
export function humanBytes(bytes: number): string {
  const unit = UNITS.find(([size]) => bytes >= size);
  return unit ? `${(bytes / unit[0]).toFixed(2)} ${unit[1]}` : `${bytes} bytes`;
}

/** `0.01 seconds`. */
export function humanSeconds(nanoseconds: number): string {
  return `${(nanoseconds / 1e9).toFixed(2)} seconds`;
}

/** `3.07MB`, as a cell of the list. */
export function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)}MB`;
}
