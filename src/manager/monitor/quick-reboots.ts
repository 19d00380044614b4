/** Tells a container that reboots on purpose from an init that reboots as soon as it runs. */
import type { EndReason } from '../../container/state/end-reason.ts';
import type { Run } from './run.ts';

/** A run shorter than this has done nothing but reboot, milliseconds. */
const QUICK_MS = 1000;
/** Quick reboots in a row that are carried out at once. */
const FREE = 3;

export class QuickReboots {
  /** How many came in a row. */
  count = 0;

  /** This start has waited already: the next quick reboot waits as well. */
  expectMore(): void {
    this.count = FREE;
  }

  /** Counts the end of a run by reboot. An operator's reboot never is too much. */
  tooMany(run: Run, reason: EndReason): boolean {
    const quick = !reason.operator && Date.now() - Date.parse(run.record.startedAt) < QUICK_MS;
    this.count = quick ? this.count + 1 : 0;
    return this.count > FREE;
  }
}
