/** A program in a running container, on behalf of a client. */
import { closeSync } from 'node:fs';
import { attachFiles } from '../cgroup/container-cgroup.ts';
import { errorFromJSON, TslxcError } from '../errors/tslxc-error.ts';
import { CLONE } from '../kernel/constants.ts';
import type { WindowSize } from '../kernel/structs.ts';
import { hostIdOf, ownerOf } from '../security/id-map.ts';
import type { AttachStagePlan } from '../stage/plan.ts';
import { openPty } from '../stage/terminals.ts';
import { mergeEnvironment } from './environment.ts';
import type { ContainerRef } from './paths.ts';
import type { RuntimeRecord } from './runtime-record.ts';
import type { StartPlan } from './start-plan.ts';
import type { StartServices } from './start-services.ts';

export interface AttachRequest extends ContainerRef {
  /** Program and arguments; empty means the login shell of the user. */
  readonly command: readonly string[];
  /** `NAME=VALUE`: the program's environment, before that of the config. */
  readonly env: readonly string[];
  /** `NAME=VALUE` instead of what the container's config sets (`-f`). */
  readonly configEnv?: readonly string[];
  /** Applied last (`-v`). */
  readonly setEnv: readonly string[];
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  /** CLONE_NEW* to join; undefined joins all of the container's. */
  readonly namespaces?: number;
  /** Privileges that are not dropped. */
  readonly keep: { readonly capabilities: boolean; readonly cgroup: boolean; readonly lsm: boolean };
  readonly remountProcSys: boolean;
  /** Of personality(2), instead of the container's. */
  readonly personality?: number;
  /** SELinux context of the program. */
  readonly context?: string;
  /** Descriptors of the client's process that become 0, 1 and 2; unused with `pty`. */
  readonly stdio: readonly [number, number, number];
  /** Ask for a pty of the container's own as the program's terminal, of this size. */
  readonly pty?: WindowSize;
  /** With `pty`: which of 0, 1, 2 are terminals of the caller's and become the pty. */
  readonly terminals?: readonly number[];
}

/** A running container, as far as attaching needs to know it. */
export interface Attachable {
  /** pidfd of its init. */
  readonly init: number;
  readonly plan: StartPlan;
  readonly record: RuntimeRecord;
  /** Descriptor of its own devpts, or -1. */
  readonly devpts: number;
}

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
 * @throws TslxcError EXEC_FAILED
 */
export async function attachProgram(
  services: StartServices,
  { init, plan, record, devpts }: Attachable,
  request: AttachRequest,
  clientPid: number,
  expectEnd: (pid: number) => void,
): Promise<Attached> {
  const { kernel } = services;
  const opened: number[] = [];
  let master: number | undefined;
  const stage = await services.stage('attach', false, () => {});
  try {
    const terminals = request.terminals ?? [0, 1, 2];
    const client = kernel.pidfdOpen(clientPid);
    opened.push(client);
    const stdio = request.stdio.map((fd) => {
      const copy = kernel.pidfdGetfd(client, fd);
      opened.push(copy);
      return copy;
    });
    if (request.pty) {
      const pty = openPty(kernel, devpts);
      master = pty.master;
      opened.push(pty.slave);
      kernel.setWindowSize(pty.master, request.pty);
      for (const terminal of terminals) stdio[terminal] = pty.slave;
    }
    const available = plan.stage.namespaces | (record.unprivileged ? CLONE.NEWUSER : 0);
    const owner = ownerOf(plan.stage.idmap, plan.stage.init);
    const [uid, gid] = [request.uid ?? owner.uid, request.gid ?? owner.gid];
    mustBeMapped(plan, uid, gid);
    const personality = request.personality ?? plan.stage.personality;
    const stagePlan: AttachStagePlan = {
      name: request.name,
      namespaces: request.namespaces === undefined ? available : request.namespaces & available,
      cgroupFiles: request.keep.cgroup || !record.cgroup ? [] : attachFiles(record.cgroup),
      remountProcSys: request.remountProcSys,
      capabilities: request.keep.capabilities ? null : plan.stage.capabilities,
      noNewPrivileges: plan.stage.noNewPrivileges && !request.keep.lsm,
      ...(personality === undefined ? {} : { personality }),
      owner,
      uid,
      gid,
      args: request.command,
      env: mergeEnvironment(request.env, request.configEnv ?? plan.stage.init.env, request.setEnv),
      cwd: request.cwd,
      terminal: request.pty ? (terminals[0] ?? 0) : null,
      ...(request.context === undefined ? {} : { context: request.context }),
      nofile: plan.stage.nofile,
    };
    stage.send({
      type: 'plan',
      plan: stagePlan,
      fds: { stdin: stdio[0]!, stdout: stdio[1]!, stderr: stdio[2]!, init },
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

function mustBeMapped({ stage: { idmap } }: StartPlan, uid: number, gid: number): void {
  for (const [type, id, what] of [
    ['u', uid, 'user'],
    ['g', gid, 'group'],
  ] as const)
    if (idmap.length > 0 && hostIdOf(idmap, type, id) === undefined)
      throw new TslxcError({
        code: 'IDMAP_UNAVAILABLE',
        message: `${what} ${id} is not in the id map of the container`,
        hint: `lxc.idmap says which are; ${type === 'u' ? '-u' : '-g'} takes one of them`,
      });
}
