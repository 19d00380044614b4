/**
 * The shell process that asks for a command: what it was called with, and whether a request process
 * may stand in for it.
 */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Kernel } from '../../kernel/kernel.ts';

export interface Caller {
  readonly pid: number;
  readonly pidfd: number;
  /** The command's name and its arguments. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  /** The caller is in the foreground of its terminal, or has no terminal. */
  readonly isInForeground: boolean;
  /** Its mount namespace, where that is another one than this process's. */
  readonly mountNamespace: string | undefined;
  /** The identity of its root directory, as `standing` returns it. */
  readonly root: string;
}

/**
 * A command done here would have other rights than the caller where one of these differs; none can
 * be taken on.
 */
const STATUS =
  /^(?:Uid|Gid|Groups|Cap(?:Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp|Seccomp_filters|Cpus_allowed):.*$/gm;
const NAMESPACES = ['cgroup', 'ipc', 'net', 'pid', 'user', 'uts'];

/** How a process stands to the host: rights, namespaces, priority. */
function standing(pid: number | 'self', status: string, stat: readonly string[]): string {
  const namespaces = NAMESPACES.map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));
  return [...(status.match(STATUS) ?? []), ...namespaces, stat[NICE]].join('\n');
}

// Fields of /proc/PID/stat behind the program's name.
const PROCESS_GROUP = 2;
const TERMINAL = 4;
const FOREGROUND_GROUP = 5;
const NICE = 16;

function statOf(pid: number | 'self'): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/**
 * This process's own place among the host's: it never moves, but for one that joins a caller's
 * mounts and ends then.
 */
export interface Place {
  readonly standing: string;
  readonly mounts: string;
  readonly root: string;
}

export function ownPlace(): Place {
  return {
    standing: standing('self', readFileSync('/proc/self/status', 'latin1'), statOf('self')),
    mounts: readlinkSync('/proc/self/ns/mnt'),
    root: ownRoot(),
  };
}

/** Which directory is a process's root, wherever it is mounted. */
function rootOf(pid: number | 'self'): string {
  const { dev, ino } = statSync(`/proc/${pid}/root/`);
  return `${readlinkSync(`/proc/${pid}/root`)} ${dev}:${ino}`;
}

/** The place of this process, for a comparison after a join of the caller's mount namespace. */
export const ownRoot = () => rootOf('self');

/**
 * @param words how many words the launcher made of its command line: a check that we read it as it
 *   does
 * @returns undefined where the caller has to do the command by itself
 */
export function readCaller(kernel: Kernel, pid: number, words: number, own: Place): Caller | undefined {
  let pidfd = -1;
  try {
    pidfd = kernel.pidfdOpen(pid);
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const stat = statOf(pid);
    const argv = commandLine(strings(`/proc/${pid}/cmdline`));
    const env = environment(strings(`/proc/${pid}/environ`));
    const isElsewhere = readlinkSync(`/proc/${pid}/ns/mnt`) !== own.mounts;
    const root = rootOf(pid);
    const same = standing(pid, status, stat) === own.standing && (isElsewhere || root === own.root);
    const caller = {
      pid,
      pidfd,
      env,
      umask: Number.parseInt(/^Umask:\s*(\d+)/m.exec(status)![1]!, 8),
      isInForeground: stat[TERMINAL] === '0' || stat[FOREGROUND_GROUP] === stat[PROCESS_GROUP],
      mountNamespace: isElsewhere ? `/proc/${pid}/ns/mnt` : undefined,
      root,
    };
    // The caller is alive: everything was read from this process, not from a later process with its
    // pid.
    kernel.pidfdSignal(pidfd, 0);
    if (same && argv?.length === words) return { ...caller, argv };
  } catch {
    // The caller has ended.
  }
  if (pidfd >= 0) kernel.close(pidfd);
  return undefined;
}

function strings(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

/** The first of several settings of a variable counts, as for getenv(3). */
function environment(settings: readonly string[]): Record<string, string> {
  const env: Record<string, string> = Object.create(null);
  for (const text of settings) {
    const at = text.indexOf('=');
    if (at > 0) env[text.slice(0, at)] ??= text.slice(at + 1);
  }
  return env;
}

/**
 * `/bin/sh /usr/bin/tslxc-info -n c` is `info -n c`, as the launcher has it; `lxc-info` stays as it
 * is.
 */
function commandLine([, script = '', ...args]: readonly string[]): string[] | undefined {
  const name = basename(script);
  if (name === 'tslxc') return args;
  if (name.startsWith('tslxc-')) return [name.slice('tslxc-'.length), ...args];
  return name.startsWith('lxc-') ? [name, ...args] : undefined;
}
