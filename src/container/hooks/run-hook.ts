/** Runs the script of a hook on the host, as lxc.container.conf(5) describes hooks. */

import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { isProtectedFromOomKiller } from '../../util/oom-score.ts';
import { type CallerSurroundings, ownContext } from '../../util/request-context.ts';
import { completePath } from '../../util/search-path.ts';
import type { ContainerRef } from '../state/paths.ts';

export interface HookRun {
  readonly ref: ContainerRef;
  /** `pre-start`, `destroy` …; for a nic's script `up` or `down`. */
  readonly type: string;
  readonly section?: 'lxc' | 'net';
  /** The command line of the config. */
  readonly command: string;
  /** Added to the caller's variables. */
  readonly env: Readonly<Record<string, string>>;
  /** `lxc.hook.version`. */
  readonly version: 0 | 1;
  /** Words of a command that the hook is run by. */
  readonly within?: readonly string[];
  /** What LXC adds to the arguments for this type of hook. */
  readonly args?: readonly string[];
  /** Files of cgroups into which it writes `0` to be in them. */
  readonly cgroupFiles?: readonly string[];
  /** In whose surroundings the hook runs: those of this process unless given. */
  readonly caller?: CallerSurroundings | undefined;
  /** Where the command was written, for the error. */
  readonly origin?: { readonly file: string; readonly line: number } | undefined;
  readonly signal?: AbortSignal;
  onLine?(text: string, stream: 'stdout' | 'stderr'): void;
}

/** How long an aborted hook may take to end by SIGTERM, milliseconds. */
const TERM_PATIENCE = 1000;

/** How often the end of its processes is checked, milliseconds. */
const GROUP_POLL = 20;

/** Lines of output that an error carries. */
const TAIL = 5;

/**
 * A hook that has ended may leave a daemon behind that keeps its output open: the manager does not
 * wait for that one.
 */
const GRACE_MS = 100;

/**
 * Runs one hook to its end.
 * @throws TslxcError HOOK_FAILED with the last lines that it printed; the signal's reason when
 *   aborted
 */
export async function runHook(run: HookRun): Promise<void> {
  run.signal?.throwIfAborted();
  const { execa } = await import('execa');
  const section = run.section ?? 'lxc';
  const ours =
    run.version === 1 ? { LXC_HOOK_VERSION: '1', LXC_HOOK_TYPE: run.type, LXC_HOOK_SECTION: section } : {};
  const leading = run.version === 0 ? [run.ref.name, section, run.type] : [];
  // The arguments are the shell's own: nothing of them is ever shell text.
  const { env, cwd, umask } = run.caller ?? ownContext();
  const shell = [
    '/bin/sh',
    '-c',
    `${ordinaryScore()}${umaskCommand(umask)}${run.command} "$@"`,
    'sh',
    ...leading,
    ...(run.args ?? []),
  ];
  const [program = '', ...args] = [...(run.within ?? []), ...entering(run.cgroupFiles ?? [], shell)];
  const child = execa(program, args, {
    cwd: existsSync(cwd) ? cwd : '/',
    extendEnv: false,
    env: { ...env, PATH: completePath(env.PATH), ...run.env, ...ours },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    // A session of its own: no way to the caller's terminal (rule R5), and all of it can be ended
    // at once.
    detached: true,
  });
  let aborted: Promise<void> | undefined;
  const abort = () => {
    aborted = endGroup(child.pid);
  };
  run.signal?.addEventListener('abort', abort, { once: true });
  const tail: string[] = [];
  const follow = async (stream: 'stdout' | 'stderr') => {
    try {
      for await (const line of child.iterable({ from: stream })) {
        run.onLine?.(line, stream);
        tail.push(line);
        if (tail.length > TAIL) tail.shift();
      }
    } catch {
      // Cut off after the grace time; the way it ended is in the result.
    }
  };
  child.nodeChildProcess.once('exit', () => {
    const closing = setTimeout(GRACE_MS, undefined, { ref: false });
    void closing.then(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    });
  });
  const [result] = await Promise.all([child, follow('stdout'), follow('stderr')]);
  run.signal?.removeEventListener('abort', abort);
  await aborted;
  run.signal?.throwIfAborted();
  if (result.exitCode === 0) return;
  throw new TslxcError({
    code: 'HOOK_FAILED',
    container: run.ref.name,
    message: `${section === 'net' ? 'network script' : 'hook'} ${run.type} (${run.command}) ${howItEnded(result)}${
      tail.length > 0 ? `: ${tail.join(' | ')}` : ''
    }`,
    step: `hook ${run.type}`,
    ...(run.origin ? { file: run.origin.file, line: run.origin.line } : {}),
  });
}

/** A shell that enters the cgroups and then becomes the program. */
function entering(files: readonly string[], program: readonly string[]): readonly string[] {
  if (files.length === 0) return program;
  const script = `n=${files.length}; while [ $n -gt 0 ]; do echo 0 >"$1" || exit; shift; n=$((n-1)); done; exec "$@"`;
  return ['/bin/sh', '-c', script, 'sh', ...files, ...program];
}

/** What a hook leaves running is no part of the manager, whose score it would inherit. */
function ordinaryScore(): string {
  return isProtectedFromOomKiller() ? '{ echo 0 >/proc/self/oom_score_adj; } 2>/dev/null; ' : '';
}

/** Nothing where this process has that umask, which the hook inherits. */
function umaskCommand(umask: number): string {
  return umask === process.umask() ? '' : `umask ${umask.toString(8)}; `;
}

/** Ends all processes of a group: by SIGTERM, and by SIGKILL those that do not end in time. */
async function endGroup(leader: number | undefined): Promise<void> {
  if (leader === undefined || !signalGroup(leader, 'SIGTERM')) return;
  const deadline = performance.now() + TERM_PATIENCE;
  // The shell that runs a hook ends by SIGTERM although the hook ignores it.
  while (performance.now() < deadline) {
    if (!signalGroup(leader, 0)) return;
    await setTimeout(GROUP_POLL);
  }
  signalGroup(leader, 'SIGKILL');
}

/** @returns whether the group has processes */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}

function howItEnded(result: { exitCode?: number | undefined; signal?: string | undefined }): string {
  if (result.signal) return `was killed by ${result.signal}`;
  return result.exitCode === undefined ? 'could not be run' : `ended with status ${result.exitCode}`;
}
