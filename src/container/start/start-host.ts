import type { CgroupLayout } from '../../cgroup/layout.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { NicId, PortUpdate } from '../../network/ports/port-registry.ts';
import type { FromStage, StageLogLevel, ToStage } from '../../stage/channel.ts';
import type { StageKind } from '../../stage/order.ts';
import { refKey } from '../state/paths.ts';

/** Hears what a stage has to say for the container's log; INFO unless it says otherwise. */
export type StageLog = (text: string, level?: StageLogLevel) => void;

/** A stage at work, seen from the manager. */
export interface StageProcess {
  /** -1 until it has begun. */
  readonly pid: number;
  /** The stage starts one container after another. */
  readonly isSpawner: boolean;
  /**
   * The stage has been forked and has its end of the channel. @throws TslxcError HELPER_DIED,
   * START_FAILED
   */
  readonly begun: Promise<void>;
  /** May be called before the stage has begun. */
  send(...messages: readonly ToStage[]): void;
  /** The next message but logs; null at the end of the stream. */
  next(): Promise<FromStage | null>;
  close(): void;
}

/** A descriptor of another process that is to outlive the manager. */
export interface ToKeep {
  readonly label: string;
  /** Its number there. */
  readonly fd: number;
  /**
   * Set for the master of a console: the keeper reads it while there is no manager (its writers
   * would block), into `log` if there is one.
   */
  readonly drain?: { readonly log?: string | undefined } | undefined;
}

/** What the manager does for a container: the only way in which this room makes processes. */
export interface StartHost {
  readonly kernel: Kernel;
  readonly layout: CgroupLayout;
  /** A stage, to be closed. `shared`: a spawner will do, if there is one. */
  stage(kind: StageKind, shared: boolean, onLog: StageLog): StageProcess;
  /**
   * Has the keeper hold copies of descriptors of process `pid`, and remember how that ends if it is
   * to `watch`; returns copies of this process's own, in that order.
   */
  keep(pid: number, descriptors: readonly ToKeep[], watch?: boolean): Promise<number[]>;
  /** Have the keeper remember how this process ends. */
  watch(pid: number): Promise<void>;
  /** Makes the default bridge, if it is this one. */
  ensureBridge(name: string): Promise<void>;
  /**
   * Makes the container's name resolve on the default bridge, and its DHCP lease its own,
   * regardless of what the guest says.
   */
  reserveName(container: string, mac: string, address: string | undefined): void;
  releaseName(container: string): void;
  /**
   * Changes what ports of the host lead to a nic of a container, wherever its address goes.
   * @param change gets the present state; undefined leaves it as it is
   */
  publish(id: NicId, change: PortUpdate): Promise<void>;
}

/** Label prefix of a container's descriptors in the keeper. */
export function keptPrefix(ref: { readonly lxcpath: string; readonly name: string }): string {
  return `${refKey(ref)}|`;
}
