/** What the manager knows of a container that runs, and what it writes down of one. */

import type { HostHooks } from '../container/hooks/host-hooks.ts';
import type { StartPlan } from '../container/plan/start-plan.ts';
import type { HeldNamespaces } from '../container/run/held-namespaces.ts';
import { type ContainerRef, configFile } from '../container/state/paths.ts';
import { ourselves, type RuntimeRecord, type StartOverrides } from '../container/state/runtime-record.ts';
import type { CallerSurroundings } from '../util/request-context.ts';
import type { StartRequest } from './protocol.ts';

/** Part of each record: whose it is. */
export const MANAGER = { manager: ourselves() };

export interface Running {
  readonly record: RuntimeRecord;
  readonly plan: StartPlan;
  readonly hooks: HostHooks;
  readonly initPidfd: number;
  /** For the stop hooks, if there are any. */
  readonly namespaces: HeldNamespaces | undefined;
}

/** What of a request holds for every later start of this run: after a reboot, and under a later manager. */
export function overridesOf(request: StartRequest): StartOverrides {
  const { defines, given, init, execute, consoleLog, pidFile, callerCgroups } = request;
  return {
    defines,
    ...(given ? { given } : {}),
    ...(init ? { init } : {}),
    ...(execute ? { execute } : {}),
    ...(consoleLog ? { consoleLog } : {}),
    ...(pidFile ? { pidFile } : {}),
    ...(callerCgroups ? { callerCgroups } : {}),
  };
}

/** For those who look while the start is under way. */
export function startingRecord(ref: ContainerRef, request: StartRequest): RuntimeRecord {
  return {
    version: 1,
    ...ref,
    state: 'STARTING',
    configFile: request.rcfile ?? configFile(ref),
    overrides: overridesOf(request),
    ...MANAGER,
    startedAt: new Date().toISOString(),
    nics: [],
    ttys: 0,
    unprivileged: false,
  };
}

/** As LXC: a start in the background has left its caller's directory when the first hook runs. */
export function hookSurroundings({ caller, foreground }: StartRequest): CallerSurroundings {
  return foreground ? caller : { ...caller, cwd: '/' };
}
