/**
 * FNV-1a with 64 bits, in hexadecimal. Tells paths apart; not a defence against forged collisions.
 * (Loading node:crypto takes 6 ms.)
 */
export function shortHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}
