import type { ErrorCode } from './error-table.ts';

/** Where and why something failed. Only the code and the message are required. */
export interface ErrorDetails {
  readonly code: ErrorCode;
  /** A line that names the object at fault, without the container's name and without the hint. */
  readonly message: string;
  readonly container?: string | undefined;
  /** The config file (or other file) at fault, absolute. */
  readonly file?: string | undefined;
  /** Line in `file`, from 1. */
  readonly line?: number | undefined;
  /** Column in `line`, from 1. */
  readonly column?: number | undefined;
  /** The step of a plan that failed, for instance `mount /proc`. */
  readonly step?: string | undefined;
  /** Symbolic errno, for instance `ENOENT`. */
  readonly errno?: string | undefined;
  /** What the user can do. */
  readonly hint?: string | undefined;
  /** Further errors found in the same run: a config is read, and a start checked, to the end. */
  readonly also?: readonly ErrorDetails[] | undefined;
  readonly cause?: unknown;
}

/**
 * A failure as a value: it crosses the manager's socket and the stages' pipes as JSON without loss,
 * and the command line turns it into text once.
 */
export class TslxcError extends Error {
  readonly code: ErrorCode;
  readonly container: string | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly step: string | undefined;
  readonly errno: string | undefined;
  readonly hint: string | undefined;
  readonly also: readonly TslxcError[];

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TslxcError';
    this.code = details.code;
    this.container = details.container;
    this.file = details.file;
    this.line = details.line;
    this.column = details.column;
    this.step = details.step;
    this.errno = details.errno;
    this.hint = details.hint;
    this.also = (details.also ?? []).map((other) =>
      other instanceof TslxcError ? other : new TslxcError(other),
    );
  }

  /** Returns the error with additional details. Details that the error already has are kept. */
  with(extra: Partial<Omit<ErrorDetails, 'code' | 'message'>>): TslxcError {
    const also =
      this.also.length > 0
        ? this.also.map((other) => other.with({ container: extra.container }))
        : extra.also;
    return new TslxcError({
      ...extra,
      ...definedOnly(this.toJSON()),
      also,
      cause: this.cause ?? extra.cause,
    });
  }

  toJSON(): ErrorDetails {
    return {
      code: this.code,
      message: this.message,
      container: this.container,
      file: this.file,
      line: this.line,
      column: this.column,
      step: this.step,
      errno: this.errno,
      hint: this.hint,
      ...(this.also.length > 0 ? { also: this.also.map((other) => other.toJSON()) } : {}),
    };
  }
}

function definedOnly(details: ErrorDetails): ErrorDetails {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined)) as never;
}

/**
 * Returns anything thrown as a TslxcError.
 * @param fallback the code of an error that is no TslxcError
 */
export function toTslxcError(
  thrown: unknown,
  fallback: ErrorCode = 'INTERNAL',
  details: Partial<ErrorDetails> = {},
): TslxcError {
  if (thrown instanceof TslxcError) return thrown.with(details);
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const errno = (error as NodeJS.ErrnoException).code;
  return new TslxcError({
    ...details,
    code: errno === 'ENOSPC' || errno === 'EDQUOT' ? 'DISK_FULL' : fallback,
    message: details.message ? `${details.message}: ${error.message}` : error.message,
    ...(errno?.startsWith('E') ? { errno } : {}),
    cause: error,
  });
}

/**
 * Returns a single error for all of them, with the first one in front; undefined without errors.
 */
export function together(errors: readonly TslxcError[]): TslxcError | undefined {
  const [first, ...others] = errors;
  return first && others.length > 0 ? first.with({ also: others }) : first;
}

/** Restores an error that was received over a pipe or a socket. */
export function errorFromJSON(details: ErrorDetails): TslxcError {
  return new TslxcError(details);
}
