/** A program in a running container, on behalf of a client. */
import { closeSync } from 'node:fs';
import { isFrozen } from '../../cgroup/container-cgroup.ts';
import { errorFromJSON, TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { openFreePty } from '../../stage/terminals.ts';
import { planAttach } from '../plan/attach-plan.ts';
import type { Attachable, AttachRequest } from '../plan/attach-request.ts';
import { serveListener } from '../start/seccomp-listener.ts';
import { expectProgram } from '../start/stage-messages.ts';
import type { StartHost } from '../start/start-host.ts';
import { parentOf } from '../state/runtime-record.ts';

/** A program that runs now; the fork server's stage has become it. */
export interface Attached {
  /** Host pid; its end is reported by the keeper. */
  readonly pid: number;
  /** Master of its pty in this process, when one was asked for. */
  readonly master: number | undefined;
}

/** For whom a program is attached. */
export interface AttachClient {
  /** The process whose descriptors `stdio` names. */
  readonly pid: number;
  /** Aborts when the client has gone: a program that has not begun never does. */
  readonly gone: AbortSignal;
  /** Called with the program's pid before the program can have ended. */
  expectEnd(pid: number): void;
}

/** @throws TslxcError EXEC_FAILED, CONTAINER_FROZEN */
export async function attachProgram(
  host: StartHost,
  { init: runInit, plan, record, devpts }: Attachable,
  request: AttachRequest,
  { pid: clientPid, gone, expectEnd }: AttachClient,
): Promise<Attached> {
  const { kernel } = host;
  if (!request.keep.cgroup && record.cgroup && isFrozen(record.cgroup)) throw frozen(request.name);
  const opened: number[] = [];
  let master: number | undefined;
  const stage = host.stage('attach', false, () => {});
  const callOff = () => stage.close();
  gone.addEventListener('abort', callOff);
  try {
    const terminals = request.terminals ?? [0, 1, 2];
    const init = ownCopy(kernel, runInit, record.name);
    opened.push(init);
    const client = kernel.pidfdOpen(clientPid);
    opened.push(client);
    const stdio = request.stdio.map((fd) => {
      const copy = kernel.pidfdGetfd(client, fd);
      opened.push(copy);
      return copy;
    });
    if (request.pty) {
      const pty = openFreePty(kernel, devpts);
      master = pty.master;
      opened.push(pty.slave);
      kernel.setWindowSize(pty.master, request.pty);
      for (const terminal of terminals) stdio[terminal] = pty.slave;
    }
    const stagePlan = planAttach({ plan, record }, request, terminals);
    stage.send({
      type: 'plan',
      order: {
        kind: 'attach',
        plan: stagePlan,
        fds: { stdin: stdio[0]!, stdout: stdio[1]!, stderr: stdio[2]!, init },
      },
    });
    await stage.begun;
    const first = await stage.next();
    if (first?.type === 'error') throw errorFromJSON(first.error);
    // The guest may have got hold of the stage's channel, and name any process: only a child of the
    // stage's is believed.
    if (first?.type !== 'init' || parentOf(first.pid) !== stage.pid)
      throw new TslxcError({
        code: 'EXEC_FAILED',
        message: 'the process was killed before it ran the program',
      });
    expectEnd(first.pid);
    stage.send({ type: 'go' });
    const proxy = plan.seccomp?.proxy;
    await expectProgram(stage, async (fd) => {
      if (proxy && record.init)
        await serveListener(
          host,
          first.pid,
          fd,
          { ...proxy, init: record.init.pid, mustAnswer: false },
          () => {},
        );
    });
    return { pid: first.pid, master };
  } catch (error) {
    if (master !== undefined) closeSync(master);
    throw error;
  } finally {
    gone.removeEventListener('abort', callOff);
    stage.close();
    for (const fd of opened) closeSync(fd);
  }
}

/** The program would be frozen with the container before it begins. */
function frozen(name: string): TslxcError {
  return new TslxcError({
    code: 'CONTAINER_FROZEN',
    container: name,
    message: 'it is frozen: no program can be run in it',
    hint: `tslxc-unfreeze -n ${name}`,
  });
}

/**
 * This process's own copy of init's pidfd: the container may end at any moment, and the number
 * belongs to another file then.
 * @throws TslxcError NOT_RUNNING
 */
export function ownCopy(kernel: Kernel, pidfd: number, container: string): number {
  if (pidfd >= 0) return kernel.dup(pidfd);
  throw new TslxcError({ code: 'NOT_RUNNING', container, message: 'its init has just ended' });
}
