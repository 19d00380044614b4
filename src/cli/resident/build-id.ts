import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Tells builds apart: commands of one are not done by another's resident process. The file is made by build.mjs. */
export function buildId(): string {
  return readFileSync(join(import.meta.dirname, 'build-id'), 'utf8').trim();
}
