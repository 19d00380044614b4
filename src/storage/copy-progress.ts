import { readFileSync } from 'node:fs';

/** How far a copy has come. */
export interface CopyProgress {
  readonly bytes: number;
  /** Bytes a second since the beginning. */
  readonly rate: number;
}

const INTERVAL_MS = 500;

/**
 * Tells now and then what a process has written (the kernel counts it), until the returned function
 * is called.
 */
export function watchProgress(pid: number, tell: (progress: CopyProgress) => void): () => void {
  const begin = Date.now();
  const timer = setInterval(() => {
    const bytes = bytesWritten(pid);
    if (bytes > 0) tell({ bytes, rate: bytes / ((Date.now() - begin) / 1000) });
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function bytesWritten(pid: number): number {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0; // it has ended
  }
}
