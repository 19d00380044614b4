/**
 * A request process takes its caller's surroundings: mount namespace, directory, descriptors,
 * environment, umask, limits. Mounts and limits are not undone: such a process ends with the
 * command. The others are as the next caller has them.
 */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { CLONE, O, RLIMIT } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { type Caller, ownRoot } from './caller.ts';

/** Where bin/tslxc has copies of its 0, 1 and 2 for us: a shell moves those about. */
const STREAMS = [6, 7, 8] as const;

/**
 * The surroundings cannot be taken on: the caller has to do the command by itself. Nothing of it
 * has been done.
 */
export class NotMine extends Error {}

/**
 * @returns whether the process is changed for good
 * @throws NotMine
 */
export function takeSurroundings(kernel: Kernel, caller: Caller): boolean {
  takeStreams(kernel, caller.pidfd);
  const limits = readFileSync(`/proc/${caller.pid}/limits`, 'latin1');
  // By descriptor, since the path may have been removed, or lead elsewhere from here.
  const directory = openSync(`/proc/${caller.pid}/cwd`, O.PATH | O.DIRECTORY | O.CLOEXEC);
  if (caller.mountNamespace) joinMounts(kernel, caller.mountNamespace, caller.root);
  kernel.fchdir(directory);
  closeSync(directory);
  forgetDirectory();
  const isLimited = takeLimits(kernel, limits);
  process.umask(caller.umask);
  takeEnvironment(caller.env);
  return isLimited || caller.mountNamespace !== undefined;
}

/** The caller's streams end with the command, for those who read them. */
export function leaveStreams(kernel: Kernel): void {
  const nothing = openSync('/dev/null', O.RDWR | O.CLOEXEC);
  for (const [stream] of STREAMS.entries()) kernel.dup2(nothing, stream);
  closeSync(nothing);
  process.chdir('/');
}

/**
 * A stream that the caller has closed is /dev/null, which is what Node makes of it at its start.
 */
function takeStreams(kernel: Kernel, caller: number): void {
  for (const [stream, fd] of STREAMS.entries()) {
    let copy: number;
    try {
      copy = kernel.pidfdGetfd(caller, fd);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EBADF') throw error;
      copy = openSync('/dev/null', O.RDWR);
    }
    kernel.dup2(copy, stream);
    closeSync(copy);
  }
}

function joinMounts(kernel: Kernel, namespace: string, root: string): void {
  const fd = openSync(namespace, O.RDONLY | O.CLOEXEC);
  try {
    kernel.setns(fd, CLONE.NEWNS);
    // A caller that has changed its root has another view of that namespace than a process that
    // joins it.
    if (ownRoot() !== root) throw new NotMine('another root directory');
  } catch (error) {
    throw new NotMine((error as Error).message);
  } finally {
    closeSync(fd);
  }
}

/** Node remembers the working directory until it changes it by itself. */
function forgetDirectory(): void {
  try {
    process.chdir('.');
  } catch {
    // The directory was removed: code that asks for its name gets an error.
  }
}

/** Rows of /proc/PID/limits. */
const LIMITS: Readonly<Record<string, keyof typeof RLIMIT>> = {
  'Max cpu time': 'cpu',
  'Max file size': 'fsize',
  'Max data size': 'data',
  'Max stack size': 'stack',
  'Max core file size': 'core',
  'Max resident set': 'rss',
  'Max processes': 'nproc',
  'Max open files': 'nofile',
  'Max locked memory': 'memlock',
  'Max address space': 'as',
  'Max file locks': 'locks',
  'Max pending signals': 'sigpending',
  'Max msgqueue size': 'msgqueue',
  'Max nice priority': 'nice',
  'Max realtime priority': 'rtprio',
  'Max realtime timeout': 'rttime',
};
const WIDTH = 26;

/** The limits of this process. A process that has taken other limits may end with its command. */
let ownLimits: Limits | undefined;

/** @returns whether any differs from our own */
function takeLimits(kernel: Kernel, theirs: string): boolean {
  ownLimits ??= limitsOf(readFileSync('/proc/self/limits', 'latin1'));
  let differs = false;
  for (const [limit, [soft, hard]] of limitsOf(theirs)) {
    // Node raises this soft limit to the hard one at its start.
    const wanted = limit === 'nofile' ? hard : soft;
    const [ourSoft, ourHard] = ownLimits.get(limit)!;
    if (ourSoft === wanted && ourHard === hard) continue;
    // The manager has raised this limit, and may set it anew for each caller.
    if (limit === 'nofile' && mayRaiseLimits()) ownLimits.set(limit, [wanted, hard]);
    else differs = true;
    try {
      kernel.setRlimit(RLIMIT[limit], wanted, hard);
    } catch (error) {
      throw new NotMine((error as Error).message);
    }
  }
  return differs;
}

/** Whether this process has CAP_SYS_RESOURCE (capabilities(7)). */
function mayRaiseLimits(): boolean {
  const effective = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return (BigInt(`0x${effective}`) & (1n << 24n)) !== 0n;
}

/** Soft and hard ones. */
type Limits = Map<keyof typeof RLIMIT, readonly [number, number]>;

function limitsOf(text: string): Limits {
  const limits: Limits = new Map();
  for (const line of text.split('\n')) {
    const limit = LIMITS[line.slice(0, WIDTH).trim()];
    const [soft, hard] = line.slice(WIDTH).trim().split(/\s+/, 2);
    if (limit) limits.set(limit, [amount(soft!), amount(hard!)]);
  }
  return limits;
}

const amount = (word: string) => (word === 'unlimited' ? Number.POSITIVE_INFINITY : Number(word));

/**
 * What this process's environment is. It is set here only, and looking it up in Node takes longer.
 */
let current: Readonly<Record<string, string | undefined>> | undefined;

function takeEnvironment(env: Readonly<Record<string, string>>): void {
  const before = current ?? { ...process.env };
  for (const name of Object.keys(before)) if (!(name in env)) delete process.env[name];
  for (const [name, value] of Object.entries(env)) if (before[name] !== value) process.env[name] = value;
  current = env;
}
