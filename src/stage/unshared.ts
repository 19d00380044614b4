/**
 * The child of tslxc-unshare and tslxc-usernsexec: leaves namespaces behind and becomes the
 * program.
 */
import { toTslxcError } from '../errors/tslxc-error.ts';
import { CLONE, MS, SIG } from '../kernel/constants.ts';
import type { ExitStatus, Kernel } from '../kernel/kernel.ts';
import type { StageChannel } from './channel.ts';
import { execute } from './execute.ts';

export interface UnsharedPlan {
  /** CLONE_NEW*, the user namespace too. */
  readonly namespaces: number;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly hostname?: string;
  /** Fresh /proc, /dev/shm and /dev/mqueue. */
  readonly remount: boolean;
  /** Ids to take; supplementary groups go with them. */
  readonly ids?: { readonly uid: number; readonly gid: number };
  /** A session of its own: it goes on when the caller has gone. */
  readonly detached: boolean;
  /** Descriptors of the caller's, above 2, for the program. */
  readonly inherited: readonly number[];
  readonly nofile: { readonly soft: number; readonly hard: number };
}

/**
 * Says userns when it has left its namespaces, and waits for taken: by then the maps are written.
 */
export function runUnshared(kernel: Kernel, channel: StageChannel, plan: UnsharedPlan): never {
  try {
    if (plan.detached) kernel.setsid();
    kernel.unshare(plan.namespaces);
    channel.send({ type: 'userns' });
    channel.expect('taken');
    if (plan.namespaces & CLONE.NEWPID) becomeFirst(kernel, channel);
    if (plan.namespaces & CLONE.NEWNS) kernel.mount('', '/', '', MS.SLAVE | MS.REC, '');
    if (plan.hostname !== undefined) kernel.sethostname(plan.hostname);
    if (plan.remount) remount(kernel);
    // Last: the steps before need what an ordinary user has not.
    if (plan.ids) takeIds(kernel, plan.ids);
  } catch (error) {
    channel.fail(toTslxcError(error, 'EXEC_FAILED').toJSON());
    kernel.exit(1);
  }
  return execute(kernel, channel, plan);
}

function takeIds(kernel: Kernel, { uid, gid }: { uid: number; gid: number }): void {
  try {
    kernel.setgroups([]);
  } catch (error) {
    // An ordinary user's own map forbids it (/proc/PID/setgroups).
    if ((error as { code?: string }).code !== 'EPERM') throw error;
  }
  kernel.setresgid(gid);
  kernel.setresuid(uid);
}

/**
 * Returns in process 1 of the new pid namespace; the process between waits for it and ends as it
 * does.
 */
function becomeFirst(kernel: Kernel, channel: StageChannel): void {
  const pid = kernel.fork();
  if (pid === 0) return;
  channel.send({ type: 'init', pid });
  kernel.close(channel.fd);
  for (const signal of [SIG.INT, SIG.QUIT]) kernel.signal(signal, 'ignore');
  kernel.exit(statusCode(kernel.wait(pid, true)!.status));
}

/** As shells tell it. */
function statusCode({ code, signal }: ExitStatus): number {
  return signal === null ? (code ?? 0) : 128 + signal;
}

const FRESH = [
  ['proc', '/proc', 'proc'],
  ['tmpfs', '/dev/shm', 'tmpfs'],
  ['mqueue', '/dev/mqueue', 'mqueue'],
] as const;

function remount(kernel: Kernel): void {
  for (const [source, target, type] of FRESH)
    try {
      kernel.mount(source, target, type, MS.NOSUID | MS.NODEV | (type === 'proc' ? MS.NOEXEC : 0), '');
    } catch (error) {
      // Not every host has a /dev/mqueue.
      if (type === 'proc' || (error as { code?: string }).code !== 'ENOENT') throw error;
    }
}
