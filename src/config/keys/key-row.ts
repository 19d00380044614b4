import type { Token, ValueType } from '../values/value-type.ts';

/** What the manual and the program have to know about every key. */
interface KeyFacts {
  /** The manual's sentence on the key. */
  readonly doc: string;
  readonly example: string;
  /** First LXC that had the key under this name. */
  readonly since: string;
  /** What `lxc-info -c` prints for a key that is not set, and what holds then. Empty: nothing. */
  readonly default: string;
  /**
   * What holds for a key that is not set, in words for the manual; undefined where `default` says
   * it, or nothing does.
   */
  readonly without: string | undefined;
  /**
   * What `KEY =` does: `unset` forgets what was said so far, `refused` is an error, anything else
   * is as if that text had been written.
   */
  readonly empty: 'unset' | 'refused' | { readonly as: string };
  /** A change takes effect on a container that runs already. */
  readonly live: boolean;
  /** This version does something with the key. If not, a start says so, with file and line. */
  readonly acted: boolean;
  /** LXC has no such key. */
  readonly extension: boolean;
  /** Key that cannot be set together with this one. */
  readonly excludes: string | undefined;
}

/** A key that has one value; the last line wins. */
export interface SingleRow<T> extends KeyFacts {
  readonly repeated: false;
  readonly type: ValueType<T>;
}

/** A key that adds up: each line adds to what the earlier ones said. */
export interface RepeatedRow<T> extends KeyFacts {
  readonly repeated: true;
  readonly type: ValueType<T>;
  /** Cuts a line's value into its items; undefined where a line is one item. */
  readonly split: ((text: string) => Token[]) | undefined;
  /** The last of several items with the same slot stays. */
  readonly slot: ((value: T) => string) | undefined;
  /** All values as `lxc-info -c` prints them; undefined: one on each line. */
  readonly printAll: ((values: readonly T[]) => string) | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: accessors give the types of the rows back
export type KeyRow = SingleRow<any> | RepeatedRow<any>;

export type ValueOf<R> = R extends { readonly type: ValueType<infer T> } ? T : never;

type Given = Pick<KeyFacts, 'doc' | 'example' | 'since'> & Partial<KeyFacts>;
type GivenRepeated<T> = Given & Partial<Pick<RepeatedRow<T>, 'split' | 'slot' | 'printAll'>>;

const USUAL = {
  default: '',
  without: undefined,
  empty: 'unset',
  live: false,
  acted: false,
  extension: false,
  excludes: undefined,
} as const;

export function single<T>(type: ValueType<T>, facts: Given): SingleRow<T> {
  return { ...USUAL, ...facts, type, repeated: false };
}

export function repeated<T>(type: ValueType<T>, facts: GivenRepeated<T>): RepeatedRow<T> {
  return { ...USUAL, split: undefined, slot: undefined, printAll: undefined, ...facts, type, repeated: true };
}
