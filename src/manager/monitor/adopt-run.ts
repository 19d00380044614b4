/** A run that an earlier manager started, from what that manager left. */

import { HostHooks } from '../../container/hooks/host-hooks.ts';
import { loadPlan } from '../../container/plan/saved-plan.ts';
import { keptPrefix } from '../../container/start/start-host.ts';
import type { TerminalDescriptors } from '../../container/start/start-terminals.ts';
import { ContainerLog } from '../../container/state/container-log.ts';
import type { RuntimeRecord } from '../../container/state/runtime-record.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { CallerSurroundings } from '../../util/request-context.ts';
import { Run } from './run.ts';

export interface FoundRun {
  readonly run: Run;
  readonly log: ContainerLog;
  readonly terminals: TerminalDescriptors;
}

/** @param copyOf this process's copy of a descriptor that the keeper holds */
export function findRun(
  kernel: Kernel,
  record: RuntimeRecord,
  caller: CallerSurroundings,
  copyOf: (label: string) => number | undefined,
): FoundRun {
  const plan = loadPlan(record);
  const log = new ContainerLog(kernel, record, plan.log);
  const hooks = new HostHooks(plan, caller, (text) => log.write('DEBUG', text));
  hooks.initPid = record.init!.pid;
  hooks.holdNamespaces(kernel);
  hooks.cgroups = record.hookCgroups ?? [];
  const onTrouble = (error: Error) => log.write('WARN', error.message);
  const prefix = keptPrefix(record);
  return {
    run: new Run({ kernel, record, plan, hooks, onTrouble }),
    log,
    terminals: {
      devpts: copyOf(`${prefix}devpts`) ?? -1,
      console: copyOf(`${prefix}console`) ?? -1,
      ttys: Array.from({ length: record.ttys }, (_, i) => copyOf(`${prefix}tty${i + 1}`) ?? -1),
    },
  };
}
