/**
 * What the manager and the keeper say to each other: one JSON object a line, each request answered
 * once. They may be of different builds: `hello` and `quit`, and what they answer, stay as they
 * are.
 */
import type { ToKeep } from '../../container/start/start-host.ts';
import type { ExitStatus } from '../../kernel/kernel.ts';

/** Argument by which a manager starts tslxcd for nothing but another keeper. */
export const KEEPER_ONLY = '--keeper';

export interface Ended {
  readonly pid: number;
  /** Null if the process was not the keeper's child: its exit status is unknown. */
  readonly status: ExitStatus | null;
}

/**
 * Keep copies of descriptors of process `pid` under labels, and remember its end if it is to
 * `watch`.
 */
export interface KeepRequest {
  readonly op: 'keep';
  readonly pid: number;
  readonly descriptors: readonly ToKeep[];
  readonly watch: boolean;
}

export type KeeperRequest = { readonly id: number } & (
  | { readonly op: 'hello'; readonly pid: number }
  | KeepRequest
  /** Close the descriptors whose labels begin with the prefix. */
  | { readonly op: 'drop'; readonly prefix: string }
  /** Fork a fork server; `control` is its end of a socket pair, by its number in the manager. */
  | { readonly op: 'fork-server'; readonly control: number }
  /** Remember the end of this process until the manager has heard of it. */
  | { readonly op: 'watch'; readonly pid: number }
  | { readonly op: 'forget'; readonly pid: number }
  | { readonly op: 'quit' }
);

export type KeeperReply =
  | { readonly id: number; readonly ok: true; readonly result: KeeperResult }
  | { readonly id: number; readonly ok: false; readonly error: string }
  | { readonly event: 'ended'; readonly ended: Ended };

export interface KeeperResult {
  readonly pid?: number;
  /** `hello`: of which build the keeper is. */
  readonly build?: string;
  /** `hello`: descriptors of the keeper's by label. */
  readonly kept?: Readonly<Record<string, number>>;
  /** `hello`: watched processes that have ended and were not forgotten. */
  readonly ended?: readonly Ended[];
}
