/**
 * Names of network interfaces: the kernel's rules (dev_valid_name in net/core/dev.c), and drawing a
 * free one.
 */
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { TslxcError } from '../errors/tslxc-error.ts';
import { INTERFACE_NAME_MAX } from './rtnetlink-numbers.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const TRIES = 100;

/** The fault of a name, or undefined. */
export function interfaceNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (Buffer.byteLength(name) > INTERFACE_NAME_MAX) return `is longer than ${INTERFACE_NAME_MAX} bytes`;
  if (name === '.' || name === '..') return 'is a directory name';
  // Beyond the kernel's rule (no slash, colon, space): `%` makes it a pattern, and control
  // characters and quotes would be taken for something else in firewall rules and in logs.
  if (/[\s/:%"'\\\x00-\x20\x7f]/.test(name)) return 'has a character that interface names cannot have';
  return undefined;
}

/**
 * A name for the host's end of a veth that no interface has. `taken` tells whether a name is in
 * use; the default looks into /sys, which shows the interfaces of the network namespace that it was
 * mounted in: the host's.
 */
export function randomHostName(
  prefix = 'veth',
  taken: (name: string) => boolean = (name) => existsSync(`/sys/class/net/${name}`),
): string {
  for (let i = 0; i < TRIES; i++) {
    const name = prefix + Array.from({ length: 6 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    if (!taken(name)) return name;
  }
  throw new TslxcError({
    code: 'NETWORK_FAILED',
    message: `no free interface name ${prefix}XXXXXX after ${TRIES} tries`,
  });
}
