/** The end of a container as an operator asks for it: signals, waiting, and SIGKILL in the end. */
import { type CgroupPlan, unfreeze } from '../../cgroup/container-cgroup.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { SIG } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { type ForcedEnd, type StopMode, secondsText } from '../state/end-reason.ts';
import type { ContainerRef } from '../state/paths.ts';
import { haltSignal, signalName } from '../state/signals.ts';

export interface StopRequest extends ContainerRef {
  readonly mode: StopMode;
  /** Seconds; -1 waits for ever, 0 does not wait. */
  readonly timeout: number;
  /** Whether to kill when the time is over. */
  readonly killAfter: boolean;
  /** The host itself goes down. */
  readonly hostShutdown?: boolean;
}

/** The init of a running container, and what its config says about ending it. */
export interface Stoppable {
  readonly kernel: Kernel;
  /** `pidfd`: -1 where init had ended before it could be opened. */
  readonly init: { readonly pid: number; pidfd(): number };
  /** 0 for the default. */
  readonly signals: { readonly halt: number; readonly reboot: number; readonly stop: number };
  readonly cgroup: CgroupPlan | undefined;
}

export interface StopProgress {
  /** Settles when the container has ended and its tear-down is over. */
  readonly ended: Promise<unknown>;
  /** Init did not answer in time: SIGKILL follows. */
  onForce(forced: ForcedEnd): void;
}

/** Seconds that `lxc.signal.stop` has to end init before SIGKILL does. */
const KILL_PATIENCE = 5;
/** Seconds that the kernel has to carry out SIGKILL, and the manager to tear the container down. */
const END_PATIENCE = 60;

/**
 * Sends the signal that the request calls for and waits for `ended`. A frozen container is thawed:
 * frozen processes do not answer. A timeout of 0 returns at once. An init that is gone already
 * counts as asked.
 *
 * @throws TslxcError STOP_TIMEOUT when init does not answer in time and must not be killed, or when
 *   SIGKILL does not end it
 */
export async function stopInit(
  { kernel, init, signals, cgroup }: Stoppable,
  request: StopRequest,
  { ended, onForce }: StopProgress,
): Promise<void> {
  const { mode, timeout } = request;
  const send = (signal: number) => signalInit(kernel, init.pidfd(), signal);
  const signal = {
    kill: () => signals.stop || SIG.KILL,
    shutdown: () => signals.halt || haltSignal(init.pid),
    reboot: () => signals.reboot || SIG.INT,
  }[mode]();
  send(signal);
  const thawed = cgroup ? thaw(cgroup) : Promise.resolve();
  if (timeout === 0) return await thawed;
  const patience = mode !== 'kill' ? timeout : signal === SIG.KILL ? END_PATIENCE : KILL_PATIENCE;
  if (await inTime(ended, patience)) return;
  if (signal === SIG.KILL) throw stays(request, init.pid);
  if (mode === 'reboot' || (mode === 'shutdown' && !request.killAfter))
    throw noAnswer(request, init.pid, signal, patience);
  onForce({ signal, seconds: patience });
  send(SIG.KILL);
  if (!(await inTime(ended, END_PATIENCE))) throw stays(request, init.pid);
}

function signalInit(kernel: Kernel, pidfd: number, signal: number): void {
  if (pidfd < 0) return;
  try {
    kernel.pidfdSignal(pidfd, signal);
  } catch (error) {
    // The race between the request and an end that is under way.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The cgroup may go at any moment: the container is ending. */
async function thaw(cgroup: CgroupPlan): Promise<void> {
  try {
    await unfreeze(cgroup);
  } catch (error) {
    if (!GONE.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}

const GONE = new Set<string | undefined>(['ENOENT', 'ENODEV']);

function noAnswer({ name, lxcpath, mode }: StopRequest, pid: number, signal: number, seconds: number) {
  return new TslxcError({
    code: 'STOP_TIMEOUT',
    container: name,
    message: `init (pid ${pid}) did not answer ${signalName(signal)} in ${secondsText(seconds)}`,
    hint: `\`tslxc-stop -P ${lxcpath} -n ${name} -k\` ends it at once; lxc.signal.${mode === 'reboot' ? 'reboot' : 'halt'} names the signal that its init expects`,
  });
}

function stays({ name }: StopRequest, pid: number): TslxcError {
  return new TslxcError({
    code: 'STOP_TIMEOUT',
    container: name,
    message: `it was killed and has not ended after ${END_PATIENCE} seconds: init (pid ${pid}) or a hook does not end`,
    hint: `\`ps -o pid,stat,wchan,cmd -p ${pid}\` shows what init waits for; state D is a device or a remote file system`,
  });
}

/** Whether it settles within that many seconds; -1 waits for ever. */
export async function inTime(promise: Promise<unknown>, seconds: number): Promise<boolean> {
  if (seconds < 0) return promise.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), seconds * 1000);
  });
  const result = await Promise.race([promise.then(() => true), timeout]);
  clearTimeout(timer);
  return result;
}
