/** A running container as seen by the commands that change its nics. */
import type { NicOwner } from '../../container/run/hot-plug.ts';
import type { Journal } from '../../container/start/journal.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Run } from './run.ts';

/** @param devpts descriptor of the container's own devpts, or -1 */
export function nicOwner(kernel: Kernel, run: Run, journal: Journal, devpts: number): NicOwner {
  const { name } = run.record;
  return {
    attachable() {
      if (run.hasEnded())
        throw new TslxcError({ code: 'NOT_RUNNING', container: name, message: 'it is not running' });
      return run.attachable(devpts);
    },
    claim: (claim) => journal.add({ kind: 'nic', claim }),
    async unclaim(which) {
      const [failure] = await journal.release(kernel, (entry) => entry.kind === 'nic' && which(entry.claim));
      if (failure) throw failure;
    },
    recordNics: (nics) => run.updateRecord({ nics }),
  };
}
