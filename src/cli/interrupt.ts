import type { Io } from './io.ts';

/** Runs work that can be called off: the first SIGINT, SIGTERM or SIGHUP aborts it, and it cleans up. */
export async function interruptible<Result>(
  io: Io,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  const ignore = io.onInterrupt((name) => abort.abort(name));
  try {
    return await work(abort.signal);
  } finally {
    ignore();
  }
}
