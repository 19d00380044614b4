/** A run that an earlier manager started, from what that manager left. */
import { ConfigTexts } from '../../config/config-texts.ts';
import { textsOf } from '../../config/given-config.ts';
import { loadConfig } from '../../config/load-config.ts';
import { HostHooks } from '../../container/hooks/host-hooks.ts';
import { planStart, type StartPlan } from '../../container/plan/start-plan.ts';
import type { JournalEntry } from '../../container/start/journal.ts';
import { keptPrefix, type StartHost } from '../../container/start/start-host.ts';
import type { TerminalDescriptors } from '../../container/start/start-terminals.ts';
import { ContainerLog } from '../../container/state/container-log.ts';
import type { RuntimeRecord } from '../../container/state/runtime-record.ts';
import { type CallerSurroundings, ownContext } from '../../util/request-context.ts';
import { hostFacts } from './host-facts.ts';
import { Run } from './run.ts';
import type { Leftover } from './survey.ts';

export interface AdoptedRun {
  readonly run: Run;
  readonly log: ContainerLog;
  readonly terminals: TerminalDescriptors;
  readonly journal: readonly JournalEntry[];
  readonly lost: readonly string[];
}

/** Where the plan tells of no caller, the surroundings of this process. */
export function callerOf({ plan }: Leftover): CallerSurroundings {
  if (plan?.caller) return plan.caller;
  const { env, cwd, umask } = ownContext();
  return { env, cwd, umask };
}

/** @param copyOf this process's copy of a descriptor that the keeper holds */
export function adoptRun(
  host: StartHost,
  leftover: Leftover,
  copyOf: (label: string) => number | undefined,
): AdoptedRun {
  const { record, journal } = leftover;
  const { kernel } = host;
  const plan = leftover.plan ?? planAnew(host, record);
  const log = new ContainerLog(kernel, record, plan.log);
  const hooks = new HostHooks(plan, { ...callerOf(leftover), cwd: '/' }, (text) => log.write('DEBUG', text));
  hooks.initPid = record.init!.pid;
  hooks.holdNamespaces(kernel);
  hooks.cgroups = record.hookCgroups ?? [];
  const prefix = keptPrefix(record);
  const copy = (role: string) => {
    try {
      return copyOf(prefix + role) ?? -1;
    } catch {
      // No descriptor is left, or the keeper has just died: the container is looked after without
      // this terminal.
      return -1;
    }
  };
  const terminals: TerminalDescriptors = {
    devpts: copy('devpts'),
    console: copy('console'),
    ttys: Array.from({ length: record.ttys }, (_, i) => copy(`tty${i + 1}`)),
  };
  const noConsole = plan.stage.console && terminals.console < 0;
  return {
    run: new Run({ kernel, record, plan, hooks, onTrouble: (error) => log.write('WARN', error.message) }),
    log,
    terminals,
    journal,
    lost: [...leftover.lost, ...(noConsole ? ['its console and ttys went with their keeper'] : [])],
  };
}

/** The plan is lost: the config as it is now tells most of it. */
function planAnew(host: StartHost, record: RuntimeRecord): StartPlan {
  const { name, configFile, overrides } = record;
  const { env, cwd } = ownContext();
  const load = (texts: ConfigTexts | undefined, defines: readonly string[]) =>
    planStart(
      record,
      loadConfig(configFile, { name, env, cwd, defines, texts }),
      hostFacts(host, overrides.descriptors),
      overrides,
    );
  try {
    return load(overrides.given && textsOf(overrides.given), overrides.defines);
  } catch {
    // Enough to stop the container and to attach to it.
    const least = new ConfigTexts().give(configFile, Buffer.from('lxc.rootfs.path = dir:/\n'), '/');
    return load(least, []);
  }
}
