/** A program in a running container whose standard streams are descriptors of this process. */
import type { ContainerRef } from '../container/state/paths.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { ExitStatus } from '../kernel/kernel.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';

export interface ProcessRequest {
  /** Program and arguments; the program is looked up in the container's PATH. */
  readonly command: readonly string[];
  /** `NAME=VALUE`: the whole environment but for what the container's config adds. */
  readonly env: readonly string[];
  /** Working directory inside. */
  readonly cwd: string;
  /** Ids inside; those of the container's root by default. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /**
   * Descriptors of this process that become 0, 1 and 2. The caller closes its own after the program
   * has begun.
   */
  readonly stdio: readonly [number, number, number];
}

export interface AttachedProcess {
  /** Host pid. */
  readonly pid: number;
  /**
   * Settles at the program's end. Rejects with MANAGER_DIED where the status is lost; the program
   * runs on.
   */
  readonly exit: Promise<ExitStatus>;
  /** Sends a signal by its number. */
  kill(signal: number): Promise<void>;
}

/**
 * Runs a program in a running container; settles when the program runs.
 * @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, EXEC_FAILED (errno ENOENT: no such program),
 *   NOT_PERMITTED
 */
export function attachProcess(
  context: RequestContext,
  ref: ContainerRef,
  request: ProcessRequest,
): Promise<AttachedProcess> {
  const { uid, gid, ...rest } = request;
  return new Promise((begun, failed) => {
    const over = withManager(context, 'attach to a container', async (manager) => {
      let ended: (status: ExitStatus) => void = () => {};
      const exit = new Promise<ExitStatus>((resolve, reject) => {
        ended = resolve;
        manager.onEnd = () => reject(statusLost(ref));
      });
      // A program that cannot be run has no end: the request's own error says why.
      exit.catch(() => {});
      const { pid } = await manager.request(
        'attach',
        {
          ...rest,
          name: ref.name,
          lxcpath: ref.lxcpath,
          setEnv: [],
          ...(uid === undefined ? {} : { uid }),
          ...(gid === undefined ? {} : { gid }),
          keep: { capabilities: false, cgroup: false, lsm: false },
          remountProcSys: false,
        },
        (event) => {
          if (event.type === 'attached-exit') ended(event.status ?? { code: null, signal: null });
        },
      );
      begun({
        pid,
        exit,
        async kill(signal) {
          await manager.request('signal', { pid, signal });
        },
      });
      await exit;
    });
    over.catch(failed);
  });
}

function statusLost(ref: ContainerRef): TslxcError {
  return new TslxcError({
    code: 'MANAGER_DIED',
    container: ref.name,
    message: 'the manager (tslxcd) ended; the program keeps running, but its exit status is lost',
  });
}
