import { constants } from 'node:os';
import { ControlFlow } from '../../errors/control-flow.ts';
import type { Io } from './io.ts';

/** The user ended the command by a signal. */
export class Interrupted extends ControlFlow {
  /** As a shell tells a program's death by the signal. */
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super('interrupted', 'interrupted');
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Runs work that can be called off: the first SIGINT, SIGTERM or SIGHUP aborts it, and it cleans
 * up. The second one ends the command at once; what it leaves is for the next command to clear
 * away.
 */
export async function interruptible<Result>(
  io: Io,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  const ignore = io.onInterrupt((signal) => {
    // Later than now: another listener of this signal (raw-mode.ts) has to see that it is handled.
    queueMicrotask(ignore);
    abort.abort(new Interrupted(signal));
  });
  try {
    return await work(abort.signal);
  } catch (error) {
    // However the work put it: it failed because it was told to stop.
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    ignore();
  }
}
