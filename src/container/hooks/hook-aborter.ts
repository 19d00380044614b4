/** Aborts the work that a container's start or end waits for: a running hook, or the stage. */
import type { TslxcError } from '../../errors/tslxc-error.ts';
import { SIG } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { childrenOf } from '../../util/child-processes.ts';
import { type HookRun, runHook } from './run-hook.ts';

export class HookAborter {
  readonly #running = new Set<AbortController>();
  #stage: (() => void) | undefined;
  #reason: TslxcError | undefined;

  /** Why the work was aborted; undefined when it was not. */
  get reason(): TslxcError | undefined {
    return this.#reason;
  }

  /** Runs a hook. @throws TslxcError HOOK_FAILED; the reason when it is aborted */
  async run(hook: HookRun): Promise<void> {
    const controller = new AbortController();
    this.#running.add(controller);
    try {
      await runHook({ ...hook, signal: controller.signal });
    } finally {
      this.#running.delete(controller);
    }
  }

  /** From here to `stageIsOver`, an abort kills the processes that prepare the container. */
  watchStage(kernel: Kernel, pids: () => readonly (number | undefined)[]): void {
    this.#stage = () => {
      for (const pid of pids()) if (pid !== undefined && pid > 0) killTree(kernel, pid);
    };
  }

  stageIsOver(): void {
    this.#stage = undefined;
  }

  /** Ends the running hook, and the stage. What was waiting for them fails with the reason. */
  abort(reason: TslxcError): void {
    if (this.#running.size === 0 && !this.#stage) return;
    this.#reason = reason;
    for (const controller of this.#running) controller.abort(reason);
    this.#stage?.();
  }
}

/** Kills a process and its descendants, parents first so that none is started again. */
function killTree(kernel: Kernel, pid: number): void {
  const children = childrenOf(pid);
  try {
    kernel.kill(pid, SIG.KILL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  for (const child of children) killTree(kernel, child);
}
