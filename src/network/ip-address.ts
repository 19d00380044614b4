/** IPv4 and IPv6 addresses as text and as bytes in network order. Pure. */

export type Family = 4 | 6;

const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

function parseV4(textual: string): Buffer | undefined {
  const match = V4.exec(textual);
  if (!match) return undefined;
  const parts = match.slice(1);
  // A leading zero means octal to inet_aton and decimal to others: refused, as ping and ssh would
  // disagree.
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) return undefined;
  return Buffer.from(parts.map(Number));
}

function groups(textual: string): number[] | undefined {
  if (textual === '') return [];
  const parts = textual.split(':');
  const v4 = parts.at(-1)!.includes('.') ? parseV4(parts.pop()!) : undefined;
  if (textual.includes('.') && !v4) return undefined;
  if (parts.some((part) => !/^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  const numbers = parts.map((part) => Number.parseInt(part, 16));
  return v4 ? [...numbers, v4.readUInt16BE(0), v4.readUInt16BE(2)] : numbers;
}

function parseV6(textual: string): Buffer | undefined {
  const halves = textual.split('::');
  // A dotted quad stands at the very end only.
  if (halves.length > 2 || /\..*:/.test(textual)) return undefined;
  const [left, right] = halves.map(groups);
  if (!left || (halves.length === 2 && !right)) return undefined;
  const missing = 8 - left.length - (right?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const bytes = Buffer.alloc(16);
  [...left, ...new Array<number>(missing).fill(0), ...(right ?? [])].forEach((group, i) => {
    bytes.writeUInt16BE(group, i * 2);
  });
  return bytes;
}

/** 4 or 16 bytes; undefined for text that is no address of that family. */
export function parseAddress(family: Family, textual: string): Buffer | undefined {
  return family === 4 ? parseV4(textual) : parseV6(textual);
}

/**
 * The usual text; IPv6 in the shortest form of RFC 5952 (the longest run of zero groups becomes
 * `::`).
 */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const buffer = Buffer.from(bytes);
  const hex = Array.from({ length: 8 }, (_, i) => buffer.readUInt16BE(i * 2).toString(16));
  const runs = [...hex.join(':').matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)];
  const longest = runs.reduce((best, [run]) => (run.length > best.length ? run : best), '');
  if (!longest) return hex.join(':');
  const joined = hex.join(':');
  const at = runs.find(([run]) => run === longest)!.index;
  return `${joined.slice(0, at).replace(/:$/, '')}::${joined.slice(at + longest.length).replace(/^:/, '')}`;
}

/** The netmask of a prefix, in the length of the address. */
function maskBit(bytes: Uint8Array, prefix: number, set: (byte: number, mask: number) => number): Buffer {
  return Buffer.from(
    bytes.map((byte, i) => set(byte, (0xff00 >> Math.min(8, Math.max(0, prefix - i * 8))) & 0xff)),
  );
}

/** The address with its host part zero. */
export function networkOf(address: Uint8Array, prefix: number): Buffer {
  return maskBit(address, prefix, (byte, mask) => byte & mask);
}

/** The address with its host part all ones. */
export function broadcastOf(address: Uint8Array, prefix: number): Buffer {
  return maskBit(address, prefix, (byte, mask) => byte | (~mask & 0xff));
}

/** Whether two networks share an address. */
export function overlaps(a: Uint8Array, aPrefix: number, b: Uint8Array, bPrefix: number): boolean {
  const prefix = Math.min(aPrefix, bPrefix);
  return networkOf(a, prefix).equals(networkOf(b, prefix));
}

/** 24 for 255.255.255.0; undefined where the ones are not all in front. */
export function prefixOfNetmask(netmask: string): number | undefined {
  const bits = [...(parseV4(netmask) ?? [])].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) && bits !== '' ? bits.replaceAll('0', '').length : undefined;
}
