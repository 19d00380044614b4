/**
 * Process 1 of a container without an init (tslxc-execute): it starts one program, reaps orphans,
 * forwards signals, and ends with the program's status when the last process has ended, as LXC's
 * init.lxc does.
 *
 * This process is the stage, which here does not become a program. It needs no file in the
 * container, and shares the fork server's memory except for changed pages. It gives away everything
 * that could be misused: descriptors, capabilities except the one to send signals, ids. It is not
 * dumpable, so its memory and its executable are out of reach.
 */
import { POLL, PR, SIG } from '../kernel/constants.ts';
import type { ExitStatus, Kernel } from '../kernel/kernel.ts';
import { capabilityNumber } from '../security/capabilities.ts';
import { takeIds } from './become-init.ts';
import type { StageChannel } from './channel.ts';
import { execute, type Program } from './execute.ts';
import type { StartStagePlan } from './plan.ts';

/**
 * SIGRTMIN+3, by which systemd is asked to halt: a manager that reads this process's blocked
 * signals takes it for systemd.
 */
const HALT = 37;
/** These ask all processes to end. */
const ENDING: ReadonlySet<number> = new Set([SIG.TERM, SIG.PWR, HALT]);
/** How long they have before they are killed, milliseconds: LXC's. */
const GRACE = 1000;
const LAST_SIGNAL = 64;
/** Those that cannot be caught, and those that the C library keeps to itself. */
const UNTOUCHED: ReadonlySet<number> = new Set([SIG.KILL, SIG.STOP, 32, 33]);
/** What a fault of our own raises. */
const FAULTS: ReadonlySet<number> = new Set([4, 5, 7, 8, 11]);
const ALL = Array.from({ length: LAST_SIGNAL }, (_, i) => i + 1).filter((signal) => !UNTOUCHED.has(signal));
/** `struct signalfd_siginfo`; the signal's number is its first member. */
const SIGNAL_INFO = 128;

/** Splits in two: the program, and process 1. */
export function superviseProgram(
  kernel: Kernel,
  channel: StageChannel,
  plan: StartStagePlan,
  program: Program,
): never {
  // Node's handlers too: with the default the kernel keeps process 1 from harm by its own
  // container.
  for (const signal of ALL) kernel.signal(signal, 'default');
  const signals = kernel.signalfd(ALL.filter((signal) => !FAULTS.has(signal)));
  const [begin, prepared] = kernel.pipe();
  const pid = kernel.fork();
  if (pid === 0) {
    kernel.close(prepared);
    // The program may look into process 1: until that has given everything away, it does not run.
    kernel.read(begin, Buffer.alloc(1));
    kernel.close(begin);
    kernel.setsid();
    const [terminal] = plan.init.supervised?.onConsole ?? [];
    if (plan.console && terminal === 0) kernel.setControllingTerminal(terminal);
    takeIds(kernel, plan, plan.init);
    return execute(kernel, channel, { ...program, parentDeath: 0 });
  }
  process.title = 'init';
  kernel.dup2(signals, 0);
  kernel.dup2(prepared, 1);
  kernel.closeFrom(2);
  const { capabilities } = plan;
  const kill = capabilityNumber('kill');
  takeIds(
    kernel,
    { noNewPrivileges: true, capabilities: capabilities.includes(kill) ? [kill] : [] },
    plan.init,
  );
  if (plan.init.parentDeath !== 0) kernel.prctl(PR.SET_PDEATHSIG, plan.init.parentDeath);
  kernel.close(1);
  return beInit(kernel, 0, pid);
}

/**
 * @param signals a signalfd; all but the fatal ones arrive there @param program pid of the one
 *   whose end we tell
 */
export function beInit(kernel: Kernel, signals: number, program: number): never {
  const info = Buffer.alloc(SIGNAL_INFO);
  let status = 0;
  let killAt = Number.POSITIVE_INFINITY;
  // In a pid namespace that is not its own, the host's even, -1 would be all there. There the
  // program is all that is ours; what it leaves behind is killed with the cgroup.
  const everybody = kernel.pid() === 1 ? -1 : program;
  const send = (pid: number, signal: number) => {
    try {
      kernel.kill(pid, signal);
    } catch {
      // The process has ended, or belongs to another user.
    }
  };
  for (;;) {
    const ended = reap(kernel, program);
    if (ended.program) status = exitCode(ended.program);
    if (ended.all) kernel.exit(status);
    const wait = killAt === Number.POSITIVE_INFINITY ? -1 : Math.max(0, killAt - Date.now());
    const ready = kernel.poll([{ fd: signals, events: POLL.IN }], Math.ceil(wait));
    if (Date.now() >= killAt) {
      send(everybody, SIG.KILL);
      killAt = Number.POSITIVE_INFINITY;
    }
    if (ready.length === 0) continue;
    while (kernel.read(signals, info) === SIGNAL_INFO) {
      const signal = info.readUInt32LE(0);
      if (signal === SIG.CHLD) continue;
      if (!ENDING.has(signal)) {
        send(program, signal);
        continue;
      }
      // Stopped ones could not answer.
      for (const one of [SIG.TERM, SIG.CONT]) send(everybody, one);
      killAt = Math.min(killAt, Date.now() + GRACE);
    }
  }
}

/** Takes the status of all children that have ended. `all`: no child is left. */
function reap(kernel: Kernel, program: number): { program?: ExitStatus; all: boolean } {
  let found: ExitStatus | undefined;
  const result = (all: boolean) => ({ ...(found ? { program: found } : {}), all });
  for (;;) {
    let ended: ReturnType<Kernel['wait']>;
    try {
      ended = kernel.wait(-1, false);
    } catch (error) {
      if ((error as { code?: string }).code === 'ECHILD') return result(true);
      throw error;
    }
    if (!ended) return result(false);
    if (ended.pid === program) found = ended.status;
  }
}

/** As shells tell it. */
function exitCode({ code, signal }: ExitStatus): number {
  return signal === null ? (code ?? 0) : 128 + signal;
}
