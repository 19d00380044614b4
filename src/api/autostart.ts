import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { configInForce } from '../container/observe/config-of-run.ts';
import { currentState } from '../container/observe/info.ts';
import { listContainers } from '../container/state/list.ts';
import { liveRecord } from '../container/state/runtime-record.ts';
import { errorFromJSON, type TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import type { ManagerClient } from '../manager/wire/client.ts';
import type { RequestContext } from '../util/request-context.ts';
import {
  type AutostartAction,
  type AutostartChoice,
  type AutostartVerdict,
  autostartSteps,
  autostartVerdicts,
} from './autostart-plan.ts';
import { withManager } from './manager.ts';
import { startRequest } from './start.ts';

export interface AutostartOptions extends AutostartChoice {
  /** Time for a container to shut down or reboot, seconds. */
  readonly timeout: number;
  /** Called for each container as soon as it is done. */
  onDone?(result: AutostartResult): void;
}

export interface AutostartResult {
  readonly name: string;
  readonly action: AutostartAction;
  /** The failure, if there was one. */
  readonly error?: TslxcError;
  readonly warnings: readonly TslxcError[];
}

/** Says which containers would be handled, and why or why not. */
export function autostartPlan(lxcpath: string, choice: AutostartChoice): AutostartVerdict[] {
  const facts = listContainers(lxcpath).map((name) => {
    const ref = { name, lxcpath };
    const record = liveRecord(ref);
    const { config } = configInForce(ref, record);
    return {
      name,
      state: currentState(record),
      auto: config.get('lxc.start.auto')?.value === true,
      order: config.get('lxc.start.order')?.value ?? 0,
      delay: config.get('lxc.start.delay')?.value ?? 0,
      groups: config.getAll('lxc.group').map(({ value }) => value),
    };
  });
  return autostartVerdicts(facts, choice);
}

/** Starts, reboots or stops the chosen containers, several at a time within one order value. */
export async function autostart(
  context: RequestContext,
  lxcpath: string,
  options: AutostartOptions,
): Promise<AutostartResult[]> {
  const steps = autostartSteps(autostartPlan(lxcpath, options), options);
  if (steps.length === 0) return [];
  const stops = options.action === 'shutdown' || options.action === 'kill';
  const hostShutdown = stops && (await hostShutsDown());
  return withManager(context, `${options.action} containers`, async (manager) => {
    const results: AutostartResult[] = [];
    for (const [index, step] of steps.entries()) {
      const names = step.containers.map(({ name }) => name);
      await severalAtATime(names, async (name) => {
        const result = await perform(context, manager, { name, lxcpath }, { ...options, hostShutdown });
        results.push(result);
        options.onDone?.(result);
      });
      if (step.delay > 0 && index < steps.length - 1) await delay(step.delay * 1000);
    }
    return results;
  });
}

async function perform(
  context: RequestContext,
  manager: ManagerClient,
  ref: { readonly name: string; readonly lxcpath: string },
  options: AutostartOptions & { readonly hostShutdown: boolean },
): Promise<AutostartResult> {
  const { action } = options;
  try {
    const warnings =
      action === 'start' ? await start(context, manager, ref) : await stop(manager, ref, options);
    return { name: ref.name, action, warnings };
  } catch (thrown) {
    const error = toTslxcError(thrown).with({ container: ref.name });
    // Another command was quicker: the container is in the wanted state.
    const done = error.code === (action === 'start' ? 'ALREADY_RUNNING' : 'NOT_RUNNING');
    return { name: ref.name, action, warnings: [], ...(done ? {} : { error }) };
  }
}

async function start(
  context: RequestContext,
  manager: ManagerClient,
  ref: { readonly name: string; readonly lxcpath: string },
): Promise<TslxcError[]> {
  const { warnings } = await manager.request('start', await startRequest(context, ref, {}, false));
  return warnings.map(errorFromJSON);
}

async function stop(
  manager: ManagerClient,
  ref: { readonly name: string; readonly lxcpath: string },
  { action, timeout, hostShutdown }: AutostartOptions & { readonly hostShutdown: boolean },
): Promise<TslxcError[]> {
  await manager.request('stop', {
    ...ref,
    mode: action as Exclude<AutostartAction, 'start'>,
    timeout,
    killAfter: action === 'shutdown',
    hostShutdown,
  });
  return [];
}

/** Whether systemd says that the host is shutting down. */
async function hostShutsDown(): Promise<boolean> {
  const { existsSync } = await import('node:fs');
  if (!existsSync('/run/systemd/system')) return false;
  const { spawn } = await import('node:child_process');
  const asked = spawn('systemctl', ['is-system-running'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let state = '';
  asked.stdout.on('data', (chunk) => {
    state += chunk;
  });
  await new Promise((done) => asked.once('error', done).once('close', done));
  return state.trim() === 'stopping';
}

/**
 * Containers handled at the same time. A start mostly waits for other processes and a stop for the
 * guest; many more would only wait for each other.
 */
const AT_A_TIME = Math.max(8, availableParallelism() * 2);

async function severalAtATime<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const lane = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, items.length) }, lane));
}
