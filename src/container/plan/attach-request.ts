/** What a client asks of an attach, and what the manager knows of the container. */
import type { WindowSize } from '../../kernel/structs.ts';
import type { ContainerRef } from '../state/paths.ts';
import type { RuntimeRecord } from '../state/runtime-record.ts';
import type { StartPlan } from './start-plan.ts';

export interface AttachRequest extends ContainerRef {
  /** Program and arguments; empty means the login shell of the user. */
  readonly command: readonly string[];
  /** `NAME=VALUE`: the program's environment, before that of the config. */
  readonly env: readonly string[];
  /** `NAME=VALUE` instead of what the container's config sets (`-f`). */
  readonly configEnv?: readonly string[];
  /** Applied last (`-v`). */
  readonly setEnv: readonly string[];
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  /** CLONE_NEW* to join; undefined joins all of the container's. */
  readonly namespaces?: number;
  /** Privileges that are not dropped. */
  readonly keep: { readonly capabilities: boolean; readonly cgroup: boolean; readonly lsm: boolean };
  readonly remountProcSys: boolean;
  /** A value for personality(2), instead of the container's. */
  readonly personality?: number;
  /** SELinux context of the program. */
  readonly context?: string;
  /** Descriptors of the client's process that become 0, 1 and 2; unused with `pty`. */
  readonly stdio: readonly [number, number, number];
  /** Ask for a pty of the container's own as the program's terminal, of this size. */
  readonly pty?: WindowSize;
  /** With `pty`: which of 0, 1, 2 are terminals of the caller's and become the pty. */
  readonly terminals?: readonly number[];
}

/** A running container, as far as attaching needs to know it. */
export interface Attachable {
  /** pidfd of its init. */
  readonly init: number;
  readonly plan: StartPlan;
  readonly record: RuntimeRecord;
  /** Descriptor of its own devpts, or -1. */
  readonly devpts: number;
}
