/** A program in a running container, on behalf of a client. */
import { closeSync } from 'node:fs';
import { attachFiles } from '../cgroup/container-cgroup.ts';
import { mergeEnvironment } from '../container/environment.ts';
import { errorFromJSON, TslxcError } from '../errors/tslxc-error.ts';
import { CLONE } from '../kernel/constants.ts';
import type { AttachStagePlan } from '../stage/plan.ts';
import { openPty } from '../stage/terminals.ts';
import type { AttachRequest } from './protocol.ts';
import type { Supervised, SupervisedServices } from './supervised.ts';

/** A program that runs now; the fork server's stage has become it. */
export interface Attached {
  /** Host pid; its end is reported by the keeper. */
  readonly pid: number;
  /** Master of its pty in this process, when one was asked for. */
  readonly master: number | undefined;
}

/**
 * @param clientPid the process whose descriptors `stdio` names
 * @param expectEnd called with the pid before the program can have ended
 * @throws TslxcError NOT_RUNNING, EXEC_FAILED
 */
export async function attachProgram(
  services: SupervisedServices,
  container: Supervised,
  request: AttachRequest,
  clientPid: number,
  expectEnd: (pid: number) => void,
): Promise<Attached> {
  const { init, plan, record } = container;
  if (!init || !plan || !record)
    throw new TslxcError({ code: 'NOT_RUNNING', container: request.name, message: 'it is not running' });
  const { kernel } = services;
  const opened: number[] = [];
  let master: number | undefined;
  const stage = await services.stage('attach', false, () => {});
  try {
    const client = kernel.pidfdOpen(clientPid);
    opened.push(client);
    const stdio = request.stdio.map((fd) => {
      const copy = kernel.pidfdGetfd(client, fd);
      opened.push(copy);
      return copy;
    });
    if (request.pty) {
      const pty = openPty(kernel, container.terminals.devpts);
      master = pty.master;
      opened.push(pty.slave);
      kernel.setWindowSize(pty.master, request.pty);
      for (const terminal of request.terminals ?? [0, 1, 2]) stdio[terminal] = pty.slave;
    }
    const available = plan.stage.namespaces | (record.unprivileged ? CLONE.NEWUSER : 0);
    const stagePlan: AttachStagePlan = {
      name: request.name,
      initPid: init.pid,
      namespaces: request.namespaces === undefined ? available : request.namespaces & available,
      cgroupFiles: request.keep.cgroup || !record.cgroup ? [] : attachFiles(record.cgroup),
      remountProcSys: request.remountProcSys,
      capabilities: request.keep.capabilities ? null : plan.stage.capabilities,
      noNewPrivileges: plan.stage.noNewPrivileges && !request.keep.lsm,
      ...(plan.stage.personality === undefined ? {} : { personality: plan.stage.personality }),
      uid: request.uid ?? 0,
      gid: request.gid ?? 0,
      args: request.command,
      env: mergeEnvironment(request.env, plan.stage.init.env, request.setEnv),
      cwd: request.cwd,
      terminal: request.pty !== undefined,
      nofile: plan.stage.nofile,
    };
    stage.send({
      type: 'plan',
      plan: stagePlan,
      fds: { stdin: stdio[0]!, stdout: stdio[1]!, stderr: stdio[2]!, init: init.pidfd },
    });
    const first = await stage.next();
    if (first?.type === 'error') throw errorFromJSON(first.error);
    if (first?.type !== 'init')
      throw new TslxcError({
        code: 'EXEC_FAILED',
        message: 'the process was killed before it ran the program',
      });
    expectEnd(first.pid);
    stage.send({ type: 'go' });
    const second = await stage.next();
    if (second?.type === 'error') throw errorFromJSON(second.error);
    return { pid: first.pid, master };
  } catch (error) {
    if (master !== undefined) closeSync(master);
    throw error;
  } finally {
    stage.close();
    for (const fd of opened) closeSync(fd);
  }
}
