/** Programs in new namespaces, without a container. */
import { errorFromJSON, TslxcError } from '../errors/tslxc-error.ts';
import { CLONE, O, RLIMIT, SIG } from '../kernel/constants.ts';
import type { ExitStatus, Kernel } from '../kernel/kernel.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { changeLink, getLink } from '../network/links.ts';
import { withNetlink } from '../network/netlink.ts';
import type { IdMapEntry } from '../security/id-map.ts';
import { writeIdMap } from '../security/write-id-map.ts';
import { type FromStage, StageChannel } from '../stage/channel.ts';
import { runUnshared, type UnsharedPlan } from '../stage/unshared.ts';
import { LineBuffer } from '../util/line-buffer.ts';

const STREAM = 1;
const NOFILE_SOFT = 1024;
/** Pause between two looks for a child's end, milliseconds; SIGCHLD causes one as well. */
const LOOK_AGAIN = 1000;
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
const IGNORED = ['SIGINT', 'SIGQUIT'] as const;
const NUMBERS = { SIGTERM: SIG.TERM, SIGHUP: SIG.HUP, SIGUSR1: 10, SIGUSR2: 12 } as const;

export interface UnshareOptions {
  /** CLONE_NEW* bits. */
  readonly namespaces: number;
  readonly command: readonly string[];
  /** `NAME=VALUE`. */
  readonly env: readonly string[];
  /** Maps of the user namespace. */
  readonly idmap?: readonly IdMapEntry[];
  readonly ids?: { readonly uid: number; readonly gid: number };
  readonly hostname?: string;
  /** Interfaces of the host that move into the new network namespace. */
  readonly interfaces?: readonly string[];
  readonly remount?: boolean;
  /** Descriptors of this process, above 2, that the program inherits. */
  readonly inherited?: readonly number[];
  /** Return without waiting for the program's end. */
  readonly detached?: boolean;
}

/**
 * Runs a program in new namespaces, with this process's standard streams.
 * @returns how the program ended; undefined with `detached`
 * @throws TslxcError EXEC_FAILED, IDMAP_UNAVAILABLE, TOOL_MISSING, INTERFACE_MISSING, RUNTIME
 */
export async function unshare(options: UnshareOptions): Promise<ExitStatus | undefined> {
  const kernel = linuxKernel();
  mustFork();
  const { hard } = kernel.getRlimit(RLIMIT.nofile);
  const plan: UnsharedPlan = {
    namespaces: options.namespaces,
    args: options.command,
    env: options.env,
    ...(options.hostname === undefined ? {} : { hostname: options.hostname }),
    ...(options.ids ? { ids: options.ids } : {}),
    remount: options.remount ?? false,
    detached: options.detached ?? false,
    inherited: options.inherited ?? [],
    nofile: { soft: Math.min(NOFILE_SOFT, hard), hard },
  };
  const [ours, theirs] = kernel.socketpair(STREAM | O.CLOEXEC);
  const child = kernel.fork();
  if (child === 0) {
    kernel.close(ours);
    runUnshared(kernel, new StageChannel(kernel, theirs), plan);
  }
  kernel.close(theirs);
  try {
    const program = follow(kernel, ours, child, options);
    if (options.detached) return undefined;
    return await ending(kernel, child, program);
  } finally {
    kernel.close(ours);
  }
}

/**
 * The child of a Node with several threads may wait for ever for threads that it does not have
 * (docs/fork-selftest.md).
 */
function mustFork(): void {
  if (process.execArgv.includes('--single-threaded')) return;
  throw new TslxcError({
    code: 'RUNTIME',
    message: 'this Node cannot be forked: it was not started with --single-threaded --v8-pool-size=0',
    hint: 'run the command through bin/tslxc',
  });
}

/** Follows the child's messages until it has become the program. Returns the program's pid. */
function follow(kernel: Kernel, channel: number, child: number, options: UnshareOptions): number {
  const lines = new LineBuffer();
  const chunk = Buffer.alloc(65536);
  let program = child;
  for (;;) {
    const length = kernel.recv(channel, chunk);
    if (length === 0) return program;
    for (const line of lines.push(chunk.subarray(0, length))) {
      const message = JSON.parse(line) as FromStage;
      if (message.type === 'init') program = message.pid;
      if (message.type === 'error') throw errorFromJSON(message.error);
      if (message.type !== 'userns') continue;
      if (options.namespaces & CLONE.NEWUSER) writeIdMap(child, options.idmap ?? []);
      for (const name of options.interfaces ?? []) moveInterface(kernel, name, child);
      kernel.send(channel, Buffer.from('{"type":"taken"}\n'));
    }
  }
}

function moveInterface(kernel: Kernel, name: string, pid: number): void {
  withNetlink(kernel, (netlink) => changeLink(netlink, getLink(netlink, name), { namespace: { pid } }));
}

function ending(kernel: Kernel, child: number, program: number): Promise<ExitStatus> {
  return new Promise((resolve, reject) => {
    const look = () => {
      try {
        const ended = kernel.wait(child, false);
        if (ended) finish(() => resolve(ended.status));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = setInterval(look, LOOK_AGAIN);
    const listeners = [
      ['SIGCHLD', look] as const,
      // The terminal sends these signals to the program directly.
      ...IGNORED.map((name) => [name, () => {}] as const),
      ...FORWARDED.map((name) => [name, () => kernel.kill(program, NUMBERS[name])] as const),
    ];
    const finish = (settle: () => void) => {
      clearInterval(timer);
      for (const [name, listener] of listeners) process.off(name, listener);
      settle();
    };
    for (const [name, listener] of listeners) process.on(name, listener);
    look();
  });
}
