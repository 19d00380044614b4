/** Standard streams of a client that an init or a supervised program takes over. */
import type { Kernel } from '../../kernel/kernel.ts';
import type { StartDescriptors } from '../../stage/plan.ts';
import type { StartPlan } from '../plan/start-plan.ts';

/** Descriptors of a client's process that become 0, 1 and 2; null: that one stays /dev/null. */
export type StdioNumbers = readonly [number | null, number | null, number | null];

/** Descriptors of a client's process. */
export interface ClientStdio {
  readonly pid: number;
  readonly fds: StdioNumbers;
}

/** Whether init has streams of the client's. */
export function handsOver(plan: StartPlan, stdio: ClientStdio | undefined): stdio is ClientStdio {
  return stdio !== undefined && (plan.stage.init.supervised !== undefined || plan.console.none === true);
}

/** Copies of this process's own. */
export function takeStdio(kernel: Kernel, { pid, fds }: ClientStdio): StartDescriptors {
  const client = kernel.pidfdOpen(pid);
  const taken = (['stdin', 'stdout', 'stderr'] as const).flatMap((name, i) => {
    const fd = fds[i];
    return fd === null || fd === undefined ? [] : [[name, kernel.pidfdGetfd(client, fd)]];
  });
  kernel.close(client);
  return Object.fromEntries(taken);
}
