import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RestartPolicy } from '../../config/values/restart.ts';
import { entriesOf } from '../../util/files.ts';
import type { EndReason } from './end-reason.ts';
import { type ContainerRef, containerRunDirectory, runDirectory } from './paths.ts';
import type { StartOverrides } from './runtime-record.ts';

/**
 * A restart that waits for its time, or the last one that was tried: what the next failure is
 * counted from.
 */
export interface PendingRestart {
  /** What the start was asked for (the manager's StartRequest). */
  readonly request: ContainerRef & StartOverrides;
  readonly policy: RestartPolicy;
  /** From 1. */
  readonly attempt: number;
  /** The restart has yet to be tried. */
  readonly waiting: boolean;
  /** Milliseconds since 1970. */
  readonly due: number;
  /** Why the container had ended. */
  readonly reason: EndReason;
}

export const RESTART_FILE = 'restart.json';

export function pendingRestart(ref: ContainerRef): PendingRestart | undefined {
  return parse(join(containerRunDirectory(ref), RESTART_FILE));
}

export function pendingRestarts(): PendingRestart[] {
  const root = join(runDirectory(), 'containers');
  return entriesOf(root).flatMap((path) =>
    entriesOf(join(root, path)).flatMap((name) => parse(join(root, path, name, RESTART_FILE)) ?? []),
  );
}

function parse(file: string): PendingRestart | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PendingRestart;
  } catch {
    return undefined;
  }
}
