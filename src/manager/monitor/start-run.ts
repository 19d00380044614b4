/** From a start request to a run: reads the config, plans, checks and starts. */
import { textsOf } from '../../config/given-config.ts';
import { loadConfig } from '../../config/load-config.ts';
import { HostHooks } from '../../container/hooks/host-hooks.ts';
import { configWarnings } from '../../container/plan/config-warnings.ts';
import { planStart, type StartPlan } from '../../container/plan/start-plan.ts';
import type { ClientStdio } from '../../container/start/client-stdio.ts';
import type { Journal } from '../../container/start/journal.ts';
import { reachWarningsOfStart } from '../../container/start/rootfs-checks.ts';
import { startContainer } from '../../container/start/start.ts';
import { checkStart, makeBridges } from '../../container/start/start-checks.ts';
import type { StageLog, StartHost } from '../../container/start/start-host.ts';
import type { TerminalDescriptors } from '../../container/start/start-terminals.ts';
import { ContainerLog, planLog } from '../../container/state/container-log.ts';
import { isDefined, noSuchContainer } from '../../container/state/list.ts';
import { type ContainerRef, configFile } from '../../container/state/paths.ts';
import {
  ourselves,
  type RecordedNic,
  type RuntimeRecord,
  type StartOverrides,
} from '../../container/state/runtime-record.ts';
import { notToldYet } from '../../container/state/told-names.ts';
import { errorFromJSON, TslxcError } from '../../errors/tslxc-error.ts';
import type { CallerSurroundings } from '../../util/request-context.ts';
import type { PreparedStart, StartRequest } from '../wire/protocol.ts';
import { hostFacts, prepareHost } from './host-facts.ts';
import { Run } from './run.ts';

/** Part of each record: whose it is. */
export const MANAGER = { manager: ourselves() };

export interface RunStart {
  readonly host: StartHost;
  readonly request: StartRequest;
  readonly journal: Journal;
  /** The start as the caller prepared it; undefined: this process prepares it. */
  readonly prepared: PreparedStart | undefined;
  /** Descriptors of the client that a program gets instead of the console. */
  readonly stdio: ClientStdio | undefined;
  /** The nics of the run that rebooted. */
  readonly previousNics: readonly RecordedNic[] | undefined;
  /** The start gets a stage of its own, because a spawner has died of it. */
  readonly alone: boolean;
  /** The run follows a reboot of the container. */
  readonly reboots: boolean;
  /** The hooks of the run, before the first one runs. */
  onHooks(hooks: HostHooks): void;
  /** The log that the config asks for, as soon as the config is read. */
  onLog(log: ContainerLog): void;
  readonly note: StageLog;
  readonly onTrouble: (error: Error) => void;
}

export interface StartedRun {
  readonly run: Run;
  readonly terminals: TerminalDescriptors;
  readonly warnings: TslxcError[];
}

/** @throws TslxcError the cause; the caller releases the journal */
export async function startRun(start: RunStart): Promise<StartedRun> {
  const { host, request, journal } = start;
  const { kernel } = host;
  const ref: ContainerRef = { name: request.name, lxcpath: request.lxcpath };
  if (!request.rcfile && !isDefined(ref)) throw noSuchContainer(ref);
  prepareHost();
  const {
    plan: planned,
    planAgain,
    toldOnce,
    logged,
    warnings,
  } = start.prepared ? await takePrepared(start, start.prepared) : await prepare(start);
  for (const text of logged) start.note(text, 'WARN');
  const hooks = new HostHooks(
    planned,
    hookSurroundings(request),
    (text) => start.note(text, 'DEBUG'),
    start.reboots,
  );
  start.onHooks(hooks);
  const { plan, record, terminals, notes } = await startContainer({
    host,
    plan: planned,
    planAgain,
    journal,
    hooks,
    overrides: overridesOf(request),
    alone: start.alone,
    previousNics: start.previousNics,
    stdio: start.stdio,
    log: start.note,
  });
  const rounded = notes.map(
    ({ key, asked, effective, why }) =>
      new TslxcError({
        code: 'CGROUP_VALUE',
        message: `${key}: the kernel made ${effective} of ${asked}${why ? ` (${why})` : ''}`,
      }),
  );
  return {
    run: new Run({ kernel, record, plan, hooks, onTrouble: start.onTrouble }),
    terminals,
    warnings: [...notToldYet(ref, toldOnce), ...warnings, ...plan.warnings.map(errorFromJSON), ...rounded],
  };
}

interface Prepared {
  readonly plan: StartPlan;
  /** The plan after the pre-start hooks. */
  readonly planAgain: () => StartPlan;
  readonly toldOnce: TslxcError[];
  readonly logged: readonly string[];
  readonly warnings: TslxcError[];
}

/** The caller has read and checked everything that belongs to the container. */
async function takePrepared(
  { host, request, onLog }: RunStart,
  { plan, toldOnce, logged, warnings }: PreparedStart,
): Promise<Prepared> {
  onLog(new ContainerLog(host.kernel, request, plan.log));
  await makeBridges(host, plan);
  return {
    plan,
    planAgain: () => plan,
    toldOnce: toldOnce.map(errorFromJSON),
    logged,
    warnings: warnings.map(errorFromJSON),
  };
}

async function prepare({ host, request, onLog }: RunStart): Promise<Prepared> {
  const config = loadConfig(request.rcfile ?? configFile(request), {
    name: request.name,
    defines: request.defines,
    env: request.caller.env,
    cwd: request.caller.cwd,
    texts: request.given && textsOf(request.given),
  });
  onLog(new ContainerLog(host.kernel, request, planLog(request, config)));
  const make = (hooked: boolean) =>
    planStart(request, config, hostFacts(host, request.descriptors), request, hooked);
  const plan = make(false);
  await checkStart(host, plan);
  let toldOnce: TslxcError[] = [];
  const warnings = configWarnings(config, (all) => {
    toldOnce = all;
    return [];
  });
  const { told, logged } = reachWarningsOfStart(host.kernel, plan);
  return { plan, planAgain: () => make(true), toldOnce: [...toldOnce, ...told], logged, warnings };
}

/**
 * What of a request holds for every later start of this run: after a reboot, and under a later
 * manager.
 */
export function overridesOf(request: StartRequest): StartOverrides {
  const { defines, given, init, execute, consoleLog, pidFile, callerCgroups, descriptors } = request;
  return {
    defines,
    ...(given ? { given } : {}),
    ...(init ? { init } : {}),
    ...(execute ? { execute } : {}),
    ...(consoleLog ? { consoleLog } : {}),
    ...(pidFile ? { pidFile } : {}),
    ...(callerCgroups ? { callerCgroups } : {}),
    ...(descriptors === undefined ? {} : { descriptors }),
  };
}

/** Like LXC, a background start leaves its caller's directory before the first hook runs. */
export function hookSurroundings({ caller, foreground }: StartRequest): CallerSurroundings {
  return foreground ? caller : { ...caller, cwd: '/' };
}

/** For commands that look while the start is under way. */
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
