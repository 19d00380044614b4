/** Decides which reboots are refused: vetoed by a hook, or too many quick ones in a row. */
import type { EndReason } from '../../container/state/end-reason.ts';
import type { Run } from './run.ts';

/** A run shorter than this has done nothing but reboot, milliseconds. */
const QUICK_MS = 1000;
/** Quick reboots in a row that are carried out at once. */
const FREE = 3;

export class QuickReboots {
  /** How many came in a row. */
  #count = 0;

  /** This start has waited already: the next quick reboot waits as well. */
  expectMore(): void {
    this.#count = FREE;
  }

  /**
   * Why a reboot is refused; undefined when it is not.
   * @param delay delays the next start; false where the container stays stopped
   */
  refusal(run: Run, reason: EndReason, hooksSucceeded: boolean, delay: () => boolean): string | undefined {
    // Like LXC, a failing post-stop hook vetoes the reboot.
    if (!hooksSucceeded) return 'the reboot is cancelled: a post-stop hook failed';
    if (!this.#tooMany(run, reason)) return undefined;
    const next = delay() ? 'the next start waits' : 'it stays stopped';
    return `it has rebooted ${this.#count} times in a row within a second of its start: ${next}`;
  }

  /** Counts the end of a run by reboot. An operator's reboot never is too much. */
  #tooMany(run: Run, reason: EndReason): boolean {
    const quick = !reason.operator && Date.now() - Date.parse(run.record.startedAt) < QUICK_MS;
    this.#count = quick ? this.#count + 1 : 0;
    return this.#count > FREE;
  }
}
