/** The listener of a filter that puts system calls to a proxy, and the process that serves it. */
import { closeSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { errorFromJSON, TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { ProxyStagePlan } from '../../stage/plan.ts';
import type { StageLog, StartHost } from './start-host.ts';

/** How long a stage may take from naming its listener to having it, milliseconds. */
const PATIENCE = 10_000;
const LISTENER = 'anon_inode:seccomp notify';

/**
 * Has a process of its own put the questions of a filter to the proxy, until nothing is left that
 * the filter is on.
 * @param holder pid of the process that gets the listener, as its descriptor `fd`
 * @throws TslxcError SECCOMP_POLICY when the proxy cannot be reached
 */
export async function serveListener(
  { kernel, stage }: Pick<StartHost, 'kernel' | 'stage'>,
  holder: number,
  fd: number,
  plan: ProxyStagePlan,
  log: StageLog,
): Promise<void> {
  const listener = await copyListener(kernel, holder, fd);
  const server = stage('proxy', false, log);
  try {
    server.send({ type: 'plan', order: { kind: 'proxy', plan, fds: { listener } } });
    await server.begun;
    const answer = await server.next();
    if (answer?.type === 'error') throw errorFromJSON(answer.error);
    if (answer?.type !== 'ready') throw lost();
  } finally {
    server.close();
    closeSync(listener);
  }
}

/**
 * The stage tells the number beforehand, since under its filter it might not be able to: it is
 * there a moment later.
 */
async function copyListener(kernel: Kernel, holder: number, fd: number): Promise<number> {
  const pidfd = kernel.pidfdOpen(holder);
  try {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await delay(1)) {
      const copy = tryCopy(kernel, pidfd, fd);
      if (copy === undefined) continue;
      if (readlinkSync(`/proc/self/fd/${copy}`) === LISTENER) return copy;
      closeSync(copy);
    }
  } finally {
    closeSync(pidfd);
  }
  throw lost();
}

function tryCopy(kernel: Kernel, pidfd: number, fd: number): number | undefined {
  try {
    return kernel.pidfdGetfd(pidfd, fd);
  } catch (error) {
    if ((error as { code?: string }).code === 'EBADF') return undefined;
    throw error;
  }
}

function lost(): TslxcError {
  return new TslxcError({
    code: 'START_FAILED',
    message: 'the process with the listener of the seccomp filter was killed',
    step: 'seccomp listener',
  });
}
