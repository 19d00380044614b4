/**
 * The context of one request: everything that belongs to the caller and can influence the outcome
 * of a command. The context is passed as a parameter; no code below `cli` reads `process.env`,
 * `process.cwd()` or the umask.
 */
import { ownEnvironment } from './own-process.ts';

/** User and group ids of the caller. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
}

export interface RequestContext {
  /** Process id of the caller. */
  readonly pid: number;
  readonly credentials: Credentials;
  /** Working directory, absolute: relative paths of the request start there. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  /**
   * The caller's standard input, output and error, as descriptors of the process that carries out
   * the request.
   */
  readonly streams: readonly [stdin: number, stdout: number, stderr: number];
  /** Descriptors above 2 that the caller left open for programs that the request runs. */
  readonly inherited: readonly number[];
  /** This process sees the host as the manager does: the same mounts, rights and limits. */
  readonly isInManagersPlace: boolean;
  /** Aborted when the caller has gone or no longer wants the result. */
  readonly signal: AbortSignal;
}

/**
 * The part of a caller's context that the manager needs for a start: hooks and network scripts run
 * in these surroundings.
 */
export type CallerSurroundings = Pick<RequestContext, 'cwd' | 'env' | 'umask'>;

/** The context of a request that this process makes for itself. */
export function ownContext(): RequestContext {
  // Named by the launcher: Node marks inherited descriptors as close-on-exec.
  const { TSLXC_INHERITED = '', ...env } = ownEnvironment();
  return {
    pid: process.pid,
    credentials: { uid: process.geteuid!(), gid: process.getegid!() },
    cwd: ownDirectory(),
    env,
    umask: process.umask(),
    streams: [0, 1, 2],
    inherited: TSLXC_INHERITED.split(' ').filter(Boolean).map(Number),
    isInManagersPlace: false,
    signal: new AbortController().signal,
  };
}

/**
 * A removed directory has no path. This path leads to it for the manager as well, as long as
 * nothing is looked up relative to it.
 */
export function ownDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return `/proc/${process.pid}/cwd`;
  }
}
