/**
 * The context of one request: everything that a command's outcome may depend on and that belongs to
 * its caller, not to the process that carries it out. It is passed as a parameter; no code below
 * `cli` reads `process.env`, `process.cwd()` or the umask.
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
   * The caller's standard input, output and error, as descriptors of the process that carries the
   * request out.
   */
  readonly streams: readonly [stdin: number, stdout: number, stderr: number];
  /** Descriptors above 2 that the caller left open for the programs that the request runs. */
  readonly inherited: readonly number[];
  /**
   * Aborted when the request ends before its work does: the caller has gone, or does not want the
   * result any more.
   */
  readonly signal: AbortSignal;
}

/**
 * What the manager has to know of the caller of a start: hooks and network scripts run in these
 * surroundings.
 */
export type CallerSurroundings = Pick<RequestContext, 'cwd' | 'env' | 'umask'>;

/** The context of a request that this process makes for itself. */
export function ownContext(): RequestContext {
  // The launcher tells of them: Node marks what it inherits as close-on-exec.
  const { TSLXC_INHERITED = '', ...env } = ownEnvironment();
  return {
    pid: process.pid,
    credentials: { uid: process.geteuid!(), gid: process.getegid!() },
    cwd: ownDirectory(),
    env,
    umask: process.umask(),
    streams: [0, 1, 2],
    inherited: TSLXC_INHERITED.split(' ').filter(Boolean).map(Number),
    signal: new AbortController().signal,
  };
}

/**
 * A directory that was removed has no path; this one leads there, for what is not relative to it
 * and for the manager too.
 */
function ownDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return `/proc/${process.pid}/cwd`;
  }
}
