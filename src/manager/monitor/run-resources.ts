/** The resources of a run that outlive a process, and their release. */
import { removePlan } from '../../container/plan/saved-plan.ts';
import { isLent, isOfNic, Journal, type JournalEntry } from '../../container/start/journal.ts';
import type { ContainerRef } from '../../container/state/paths.ts';
import { removeRecord } from '../../container/state/runtime-record.ts';
import { toTslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { writeWithoutWaiting } from '../../util/files.ts';

export class RunResources {
  readonly journal: Journal;
  readonly #ref: ContainerRef;
  readonly #kernel: Kernel;
  /** Told of each resource that could not be released. */
  readonly #warn: (message: string) => void;

  constructor(ref: ContainerRef, kernel: Kernel, warn: (message: string) => void) {
    this.#ref = ref;
    this.#kernel = kernel;
    this.#warn = warn;
    this.journal = new Journal(ref);
  }

  async #release(which?: (entry: JournalEntry) => boolean): Promise<void> {
    for (const failure of await this.journal.release(this.#kernel, which))
      this.#warn(`could not clean up: ${failure.message}`);
  }

  /** Gives borrowed interfaces back to the host. */
  async giveBack(): Promise<void> {
    await this.#release(isLent);
  }

  /** Removes the run's nics. */
  async releaseNics(): Promise<void> {
    await this.#release(isOfNic);
  }

  /** Releases the rest, then removes the record and the saved plan. */
  async releaseAll(): Promise<void> {
    await this.#release();
    removeRecord(this.#ref);
    removePlan(this.#ref);
  }

  /**
   * Writes the pid of init into a file that the end of the run removes.
   * @throws TslxcError START_FAILED
   */
  writePidFile(path: string, pid: number): void {
    this.journal.add({ kind: 'file', path });
    try {
      writeWithoutWaiting(path, `${pid}\n`, 'replace', 0o666);
    } catch (error) {
      throw toTslxcError(error, 'START_FAILED', { message: `the pid file ${path} cannot be written` });
    }
  }
}
