/**
 * The memory of a container's runs, in its own directory: it outlives the manager and the
 * host's reboot, and goes with the container. `tslxc-info --why` reads it.
 */
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorDetails } from '../../errors/tslxc-error.ts';
import { O } from '../../kernel/constants.ts';
import type { EndReason } from './end-reason.ts';
import { type ContainerRef, containerDirectory } from './paths.ts';

export interface LastRun {
  readonly version: 1;
  /** The last start that came about. */
  readonly started?: { readonly at: string; readonly bootId: string };
  /** How the last run that has ended did so. */
  readonly ended?: {
    readonly at: string;
    readonly startedAt: string;
    readonly reason: EndReason;
    /** Processes that the kernel killed in that run because memory ran out. */
    readonly oomKills?: number;
  };
  /** The last start that failed; gone when one has come about since. */
  readonly failed?: { readonly at: string; readonly error: ErrorDetails };
}

const FILE = 'last-run.json';

export function readLastRun(ref: ContainerRef): LastRun | undefined {
  try {
    const run = JSON.parse(readFileSync(join(containerDirectory(ref), FILE), 'utf8')) as LastRun;
    return run.version === 1 ? run : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Adds to the memory; `undefined` forgets. A full or read-only disk is no failure.
 */
export function noteRun(ref: ContainerRef, news: { [K in keyof LastRun]?: LastRun[K] | undefined }): void {
  const directory = containerDirectory(ref);
  // Of a container that was started with --rcfile there may be no directory, and a destroyed one
  // must not come back.
  if (!existsSync(directory)) return;
  const file = join(directory, FILE);
  const text = JSON.stringify({ ...readLastRun(ref), ...news, version: 1 });
  try {
    rmSync(`${file}.new`, { force: true });
    const fd = openSync(`${file}.new`, O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW | O.CLOEXEC, 0o600);
    try {
      writeSync(fd, text);
    } finally {
      closeSync(fd);
    }
    renameSync(`${file}.new`, file);
  } catch {
    // As said.
    discard(`${file}.new`);
  }
}

/** The same of a start that came about; nothing is written where that is known. */
export function noteStarted(ref: ContainerRef, at: string): void {
  const known = readLastRun(ref);
  if (known?.started?.at === at && known.failed === undefined) return;
  noteRun(ref, { started: { at, bootId: bootId() }, failed: undefined });
}

/** Whether its last start came about since the host's boot, and no end is noted. */
export function startedSinceBoot(ref: ContainerRef): boolean {
  const { started, ended } = readLastRun(ref) ?? {};
  return started?.bootId === bootId() && ended?.startedAt !== started.at;
}

/** Half a file is worthless. */
function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // As said.
  }
}

/** Tells one boot of the host from the next. */
export function bootId(): string {
  thisBoot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return thisBoot;
}

let thisBoot: string | undefined;
