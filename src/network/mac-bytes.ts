/**
 * Ethernet addresses as the kernel has them. Apart from `mac-address.ts` so that a stage need not
 * load node:crypto.
 */

export function macToBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

export function macFromBytes(bytes: Buffer | undefined): string {
  return bytes ? (bytes.toString('hex').match(/../g) ?? []).join(':') : '';
}
