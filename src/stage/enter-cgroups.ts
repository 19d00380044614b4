import { writeFileSync } from 'node:fs';
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';

/** Writing 0 moves the writer. */
export function enterCgroups(files: readonly string[]): void {
  for (const file of files) {
    try {
      writeFileSync(file, '0');
    } catch (error) {
      const failure = toTslxcError(error, 'START_FAILED', { step: 'enter cgroup' });
      throw new TslxcError({
        ...failure.toJSON(),
        message: `cannot enter the cgroup ${file.replace(/\/(cgroup\.procs|tasks)$/, '')}: ${failure.errno}`,
        cause: error,
      });
    }
  }
}
