import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Tells builds apart: commands of one are not done by another's resident process, containers not
 * started by another's fork server. The file is made by build.mjs; from the sources there is none,
 * and all is of one build.
 */
export function buildId(): string {
  try {
    return readFileSync(join(import.meta.dirname, 'build-id'), 'utf8').trim();
  } catch {
    return 'sources';
  }
}
