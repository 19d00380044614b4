/**
 * The errors that the library throws. Every one is a TslxcError with a stable `code`; the
 * subclasses stand for the codes that a program is likely to tell apart.
 */
import type { ErrorCode } from '../errors/error-table.ts';
import { type ErrorDetails, TslxcError } from '../errors/tslxc-error.ts';

export type { ErrorCode, ErrorDetails };
export { TslxcError };

/** `instanceof` goes by the code: an error that arrives from the manager is rebuilt from JSON. */
const among =
  (...codes: readonly ErrorCode[]) =>
  (value: unknown): boolean =>
    value instanceof TslxcError && codes.includes(value.code);

/** A container, snapshot, template or root filesystem does not exist. */
export class NotFoundError extends TslxcError {
  static override [Symbol.hasInstance] = among(
    'CONTAINER_MISSING',
    'SNAPSHOT_MISSING',
    'TEMPLATE_MISSING',
    'ROOTFS_MISSING',
  );
}

/** A container of that name exists. */
export class AlreadyExistsError extends TslxcError {
  static override [Symbol.hasInstance] = among('CONTAINER_EXISTS');
}

/** The container runs and must not, does not run and must, or another command works on it. */
export class StateError extends TslxcError {
  static override [Symbol.hasInstance] = among('ALREADY_RUNNING', 'NOT_RUNNING', 'RUNNING', 'CONTAINER_BUSY');
}

/** A config is wrong; `file` and `line` say where. */
export class ConfigError extends TslxcError {
  static override [Symbol.hasInstance] = among(
    'CONFIG_SYNTAX',
    'CONFIG_UNKNOWN_KEY',
    'CONFIG_VALUE',
    'CONFIG_CONFLICT',
    'CONFIG_READ',
    'CONFIG_WRITE',
  );
}

/** The caller lacks a privilege. */
export class PermissionError extends TslxcError {
  static override [Symbol.hasInstance] = among('NOT_PERMITTED');
}

/** A container did not stop, freeze or become ready in time. */
export class TimeoutError extends TslxcError {
  static override [Symbol.hasInstance] = among('STOP_TIMEOUT', 'FREEZE_TIMEOUT');
}

/**
 * A program could not be run in the container. `errno` is ENOENT where there is no such program.
 */
export class ExecError extends TslxcError {
  static override [Symbol.hasInstance] = among('EXEC_FAILED');
}
