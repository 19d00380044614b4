/**
 * What client and manager say to each other over the manager's socket: one JSON object a line.
 *
 *     client                                manager
 *     {id:1, op:'hello', version, caller}  ->
 *                                      <-   {id:1, ok:true, result:{version, pid}}
 *     {id:2, op:'start', ...}         ->
 *                                      <-   {id:2, event:{...}}  any number, until the answer
 *                                      <-   {id:2, ok:true, result:{...}}
 *                                           or {id:2, ok:false, error:{...}}
 *
 * Descriptors do not travel in the lines: a result names `pid` and `fd`, and the receiver takes a
 * copy with pidfd_getfd(2). The socket lies in a 0700 directory and the manager checks the peer's
 * credentials.
 */

import type { CgroupNote } from '../../cgroup/container-cgroup.ts';
import type { AttachRequest } from '../../container/plan/attach-request.ts';
import type { StartPlan } from '../../container/plan/start-plan.ts';
import type { PortsRequest } from '../../container/run/change-ports.ts';
import type { DeviceNodeRequest } from '../../container/run/device-node.ts';
import type { AttachNicRequest, DetachNicRequest } from '../../container/run/hot-plug.ts';
import type { StopRequest } from '../../container/run/stop.ts';
import type { StdioNumbers } from '../../container/start/client-stdio.ts';
import type { EndReason, ForcedEnd, StateReason } from '../../container/state/end-reason.ts';
import type { ContainerRef } from '../../container/state/paths.ts';
import type { RecordedNic, StartOverrides } from '../../container/state/runtime-record.ts';
import type { State } from '../../container/state/state.ts';
import type { ErrorDetails } from '../../errors/tslxc-error.ts';
import type { ExitStatus } from '../../kernel/kernel.ts';
import type { WindowSize } from '../../kernel/structs.ts';
import type { PublishedNic } from '../../network/ports/port-registry.ts';
import type { CallerSurroundings } from '../../util/request-context.ts';

/**
 * Raised when a message changes its meaning; a manager of another version is asked to leave when it
 * is idle.
 */
export const PROTOCOL_VERSION = 1;

export interface StartRequest extends ContainerRef, StartOverrides {
  /**
   * Path of the config file instead of the container's own; where the client has read it, `given`
   * is its text.
   */
  readonly rcfile?: string;
  /** Stream the console to this client from the first byte (`-F`). */
  readonly foreground: boolean;
  /**
   * Descriptors of the client that a program has where it has no console: with `execute`, or for an
   * init without one.
   */
  readonly stdio?: StdioNumbers;
  /** Without it the manager prepares the start by itself. */
  readonly prepared?: PreparedStart;
  /**
   * The caller's surroundings, in which hooks and network scripts run. `lxc.environment = NAME`
   * copies from `env`.
   */
  readonly caller: CallerSurroundings;
}

/** What a start goes by, made and checked where only this start waits for the container's files. */
export interface PreparedStart {
  readonly plan: StartPlan;
  /**
   * Warnings that are given once: about names from before LXC 3.0, about a tree that users reach.
   */
  readonly toldOnce: readonly ErrorDetails[];
  /** Warnings for the container's log alone. */
  readonly logged: readonly string[];
  readonly warnings: readonly ErrorDetails[];
}

export interface ConsoleRequest extends ContainerRef {
  /** 0 the console, N a tty, -1 the first free tty. */
  readonly tty: number;
}

export interface CgroupRequest extends ContainerRef {
  /** Name of a cgroup file in either version's spelling, or the whole config key. */
  readonly key: string;
  readonly value: string;
}

export interface Requests {
  /**
   * `caller`: the process on whose behalf the client asks, if another: its own word, and both
   * belong to one user.
   */
  hello: { params: { version: number; caller?: number }; result: { version: number; pid: number } };
  start: { params: StartRequest; result: StartResult };
  /** `forced`: init did not answer and was killed. */
  stop: { params: StopRequest; result: { forced?: ForcedEnd } };
  console: { params: ConsoleRequest; result: { tty: number; fd: number } };
  /** What the console printed last, base64; `clear` forgets it. */
  'console-log': { params: ContainerRef & { read: boolean; clear: boolean }; result: { data: string } };
  attach: { params: AttachRequest; result: { pid: number; fd?: number } };
  /** A limit of a running container; what the kernel made of it where that is something else. */
  cgroup: { params: CgroupRequest; result: { notes: readonly CgroupNote[] } };
  /** A device node of a running container, made or removed. */
  device: { params: DeviceNodeRequest; result: Record<string, never> };
  /** Publishes or withdraws ports of a running container; all that it publishes then. */
  ports: { params: PortsRequest; result: { published: readonly PublishedNic[] } };
  /** A nic of a running container, added or removed. */
  'attach-nic': { params: AttachNicRequest; result: { nic: RecordedNic } };
  'detach-nic': { params: DetachNicRequest; result: { nic: RecordedNic } };
  freeze: { params: ContainerRef; result: Record<string, never> };
  unfreeze: { params: ContainerRef; result: Record<string, never> };
  /**
   * What happens to the containers of these directories from now on, as events; no directory: of
   * all.
   */
  /** `since`: with what the manager saw after that time (ISO 8601). */
  watch: {
    params: { lxcpaths: readonly string[]; since?: string };
    result: { containers: readonly StateOfContainer[] };
  };
  /** Window size of the console's terminal. */
  resize: { params: ContainerRef & { size: WindowSize }; result: Record<string, never> };
  /** The client has made its copy of a descriptor: the manager may close its own. */
  taken: { params: { fd: number }; result: Record<string, never> };
  /**
   * Signal for a program that this client attached, or for the init that it started in the
   * foreground.
   */
  signal: { params: { pid: number; signal: number }; result: Record<string, never> };
  /** End, if nothing is running. */
  quit: { params: Record<string, never>; result: { left: boolean } };
}

export type Operation = keyof Requests;

export interface StartResult {
  readonly pid: number;
  /** From the manager's receipt of the request to init's execve. */
  readonly milliseconds: number;
  /** Things the user should know, as one-line errors that did not stop the start. */
  readonly warnings: readonly ErrorDetails[];
  /** Foreground: the console stream's descriptor in the manager, where there is a console. */
  readonly fd?: number;
  /** Foreground: the console is to be shown on standard error. */
  readonly onErrors?: true;
}

export interface Request {
  readonly id: number;
  readonly op: string;
}

export type Reply =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly error: ErrorDetails }
  | { readonly id: number; readonly event: ManagerEvent };

/** A container that is not STOPPED. */
export interface StateOfContainer extends ContainerRef {
  readonly state: State;
}

/** A container's new state. */
export interface StateEvent extends StateOfContainer {
  readonly type: 'state';
  /** ISO 8601. */
  readonly time: string;
  readonly reason?: StateReason;
}

/** A container's init has ended. */
export interface ExitEvent extends ContainerRef {
  readonly type: 'exit';
  readonly time: string;
  /** Null if the status is unknown. */
  readonly status: ExitStatus | null;
  readonly reason: EndReason;
}

export type ContainerEvent = StateEvent | ExitEvent;

/** What happens while a request is being served or watched. */
export type ManagerEvent =
  | ContainerEvent
  | { readonly type: 'attached-exit'; readonly status: ExitStatus | null }
  | { readonly type: 'stopped'; readonly status: ExitStatus | null };
