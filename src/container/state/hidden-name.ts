/**
 * Names of things that are being made or removed: `.NAME.destroying-1a2b3c4d`, beside the thing
 * itself so that a rename to or from its own name is atomic. Nothing lists them, and the next
 * command removes those whose maker is gone.
 */
import { randomBytes } from 'node:crypto';

export type Purpose = 'creating' | 'destroying' | 'restoring' | 'replaced';

const NAME_MAX = 255;
const PATTERN = /^\.(.+)\.(creating|destroying|restoring|replaced)-[0-9a-f]{8}$/;

export function hiddenName(name: string, purpose: Purpose): string {
  const suffix = `.${purpose}-${randomBytes(4).toString('hex')}`;
  let kept = name;
  while (Buffer.byteLength(kept) + suffix.length + 1 > NAME_MAX) kept = kept.slice(0, -1);
  return `.${kept}${suffix}`;
}

export function parseHiddenName(entry: string): { name: string; purpose: Purpose } | undefined {
  const match = PATTERN.exec(entry);
  return match ? { name: match[1]!, purpose: match[2] as Purpose } : undefined;
}
