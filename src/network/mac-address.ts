/** Ethernet addresses: `aa:bb:cc:dd:ee:ff`, with `x` for a nibble to be drawn. */
import { randomBytes } from 'node:crypto';

const PATTERN = /^[0-9a-fx]{2}(:[0-9a-fx]{2}){5}$/i;

/** The fault of a `hwaddr` value (which may hold `x`), or undefined. */
export function macFault(value: string): string | undefined {
  if (!PATTERN.test(value)) return 'is not of the form aa:bb:cc:dd:ee:ff (x for a random digit)';
  const second = value[1]!.toLowerCase();
  if (second !== 'x' && Number.parseInt(second, 16) & 1) return 'is a multicast address';
  return undefined;
}

/**
 * Draws a hexadecimal digit for every `x`. The second one is drawn even: the lowest bit of the
 * first byte is the multicast bit, and an interface's own address must not have it.
 */
export function resolveMac(template: string): string {
  const fault = macFault(template);
  if (fault) throw new RangeError(`${template} ${fault}`);
  const drawn = randomBytes(template.length);
  return template
    .toLowerCase()
    .replace(/x/g, (_x, at: number) => (drawn[at]! & (at === 1 ? 0xe : 0xf)).toString(16));
}

/**
 * The address of a veth's host end. A bridge without an address of its own takes the lowest of its
 * ports', so a container's start would change it and break connections; with 0xfe in front it never
 * is the lowest.
 */
export function hostEndMac(): string {
  return resolveMac('fe:xx:xx:xx:xx:xx');
}
