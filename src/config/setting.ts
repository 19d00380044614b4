import type { TslxcError } from '../errors/tslxc-error.ts';

/**
 * Where a setting was written. `file` is `command line` for a setting given with `-s KEY=VALUE`.
 */
export interface Origin {
  readonly file: string;
  /** Line in `file`, from 1; the how-manieth `-s` for the command line. */
  readonly line: number;
  /** Column of the value, from 1, in UTF-16 units (a tab is one). */
  readonly column: number;
}

/**
 * A value of the configuration with the text it was written as and the place that it came from.
 */
export interface Setting<T> {
  readonly key: string;
  readonly value: T;
  /**
   * The value as written: trimmed, without the quotes around it; one token of it for keys that take
   * lists.
   */
  readonly text: string;
  readonly origin: Origin;
}

/** Something that a user should be told although the file loads. */
export interface ConfigWarning {
  readonly message: string;
  readonly hint: string | undefined;
  /** The warning is about a name from before LXC 3.0. */
  readonly oldName?: true;
  readonly file: string;
  readonly line: number;
}

/** A `key = value` line as read, before its meaning is known. */
export interface RawSetting {
  readonly key: string;
  readonly text: string;
  readonly origin: Origin;
  /** Column of the key, from 1. */
  readonly keyColumn: number;
}

/** Told about everything that is wrong while a configuration is being read; reading goes on. */
export type FaultListener = (fault: TslxcError) => void;
