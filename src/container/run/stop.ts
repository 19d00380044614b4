import { type CgroupPlan, unfreeze } from '../../cgroup/container-cgroup.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { SIG } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { ContainerRef } from '../state/paths.ts';
import { haltSignal } from '../state/signals.ts';

export interface StopRequest extends ContainerRef {
  readonly mode: 'shutdown' | 'reboot' | 'kill';
  /** Seconds; -1 waits for ever, 0 does not wait. */
  readonly timeout: number;
  /** Whether to kill when the time is over. */
  readonly killAfter: boolean;
  /** It is the host that goes down. */
  readonly hostShutdown?: boolean;
}

/** The init of a running container, and what its config says about ending it. */
export interface Stoppable {
  readonly kernel: Kernel;
  readonly init: { readonly pid: number; readonly pidfd: number };
  /** 0 for the default. */
  readonly signals: { readonly halt: number; readonly reboot: number; readonly stop: number };
  readonly cgroup: CgroupPlan | undefined;
}

/**
 * Sends the signal that the request calls for and waits for `ended`; a frozen container is thawed, or it could not
 * answer. With a timeout of 0 nothing is waited for.
 *
 * @throws TslxcError STOP_TIMEOUT when init does not answer in time and is not to be killed
 */
export async function stopInit(
  { kernel, init, signals, cgroup }: Stoppable,
  request: StopRequest,
  ended: Promise<unknown>,
  warn: (text: string) => void,
): Promise<void> {
  const signal = {
    kill: () => signals.stop,
    shutdown: () => signals.halt || haltSignal(init.pid),
    reboot: () => signals.reboot || SIG.INT,
  }[request.mode]();
  if (cgroup) await unfreeze(cgroup);
  kernel.pidfdSignal(init.pidfd, signal);
  if (request.timeout === 0) return;
  if (await inTime(ended, request.mode === 'kill' ? -1 : request.timeout)) return;
  if (!request.killAfter || request.mode === 'reboot')
    throw new TslxcError({
      code: 'STOP_TIMEOUT',
      container: request.name,
      message: `init (pid ${init.pid}) did not answer signal ${signal} in ${request.timeout} seconds`,
      hint: `\`tslxc-stop -n ${request.name} -k\` ends it at once; lxc.signal.${request.mode === 'reboot' ? 'reboot' : 'halt'} names the signal that its init expects`,
    });
  warn(`init did not answer signal ${signal} in ${request.timeout} seconds: killed`);
  kernel.pidfdSignal(init.pidfd, SIG.KILL);
  await ended;
}

/** Whether it settles within that many seconds; -1 waits for ever. */
async function inTime(promise: Promise<unknown>, seconds: number): Promise<boolean> {
  if (seconds < 0) return promise.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), seconds * 1000);
  });
  const result = await Promise.race([promise.then(() => true), timeout]);
  clearTimeout(timer);
  return result;
}
