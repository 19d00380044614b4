/** The shell process that asks for a command: what it was called with, and whether we may stand in for it. */

import { readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Kernel } from '../../kernel/kernel.ts';
import { ownVariable } from '../../util/own-process.ts';

export interface Caller {
  readonly pid: number;
  /** The caller closes it: see `release`. */
  readonly pidfd: number;
  /** The command's name and its arguments. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Where bin/tslxc has the pipe of its slot open. */
const SLOT_PIPE = 4;

/** In these a command done here would have other rights, or make files otherwise, than one that the caller does. */
const STATUS = /^(Umask|Uid|Gid|CapPrm|CapEff|NoNewPrivs|Seccomp):.*$/gm;
const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];

/** How a process stands to the host. */
function standing(pid: number | 'self'): string {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1').match(STATUS) ?? [];
  const namespaces = NAMESPACES.map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));
  return [...status, ...namespaces, readlinkSync(`/proc/${pid}/root`)].join('\n');
}

/**
 * Whether the process is the one that holds the pipe: a number can be another process's, from another pid namespace or
 * after its owner's death.
 */
export function holdsPipe(pid: number, pipe: { readonly dev: number; readonly ino: number }): boolean {
  try {
    return isSame(statSync(`/proc/${pid}/fd/${SLOT_PIPE}`), pipe);
  } catch {
    return false;
  }
}

const isSame = (one: Pick<Stats, 'dev' | 'ino'>, other: Pick<Stats, 'dev' | 'ino'>) =>
  one.dev === other.dev && one.ino === other.ino;

/**
 * @param words how many words the launcher made of its command line: a check that we read it as it does
 * @returns undefined where the caller had better do it by itself
 */
export function readCaller(kernel: Kernel, pid: number, words: number): Caller | undefined {
  let pidfd = -1;
  try {
    pidfd = kernel.pidfdOpen(pid);
    const argv = commandLine(strings(`/proc/${pid}/cmdline`));
    const env = Object.fromEntries(
      strings(`/proc/${pid}/environ`).map((text) => {
        const at = text.indexOf('=');
        return [text.slice(0, at), text.slice(at + 1)];
      }),
    );
    const cwd = readlinkSync(`/proc/${pid}/cwd`);
    // A directory that was removed, or covered by a mount, has no path that leads to it.
    const reachable = isSame(statSync(`/proc/${pid}/cwd`), statSync(cwd));
    const same = standing(pid) === standing('self') && env.TZ === ownVariable('TZ') && reachable;
    // It is alive: so all of this was read of it, and not of a later process of that number.
    kernel.pidfdSignal(pidfd, 0);
    if (same && argv?.length === words) return { pid, pidfd, argv, env, cwd };
  } catch {
    // It has ended.
  }
  if (pidfd >= 0) kernel.close(pidfd);
  return undefined;
}

function strings(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

/** `/bin/sh /usr/bin/tslxc-info -n c` is `info -n c`, as the launcher has it; `lxc-info` stays as it is. */
function commandLine([, script = '', ...args]: readonly string[]): string[] | undefined {
  const name = basename(script);
  if (name === 'tslxc') return args;
  if (name.startsWith('tslxc-')) return [name.slice('tslxc-'.length), ...args];
  return name.startsWith('lxc-') ? [name, ...args] : undefined;
}
