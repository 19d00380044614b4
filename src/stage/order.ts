/**
 * What a stage is told to do: one order for each kind of stage, its plan and the descriptors that
 * the plan stands on. In a message descriptors are the manager's numbers, in the stage its own
 * copies.
 */
import type {
  AttachStagePlan,
  DeviceStagePlan,
  ProxyStagePlan,
  StartDescriptors,
  StartStagePlan,
} from './plan.ts';

/** The program's 0, 1 and 2, and a pidfd of the container's init. */
export interface AttachDescriptors {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
  readonly init: number;
}

/** A pidfd of the container's init; with an `owner`, the host's node as a detached mount. */
export interface DeviceDescriptors {
  readonly init: number;
  readonly source?: number;
}

/** The listener of a seccomp filter that notifies. */
export interface ProxyDescriptors {
  readonly listener: number;
}

export interface StartOrder {
  readonly kind: 'start';
  readonly plan: StartStagePlan;
  readonly fds: StartDescriptors;
  /** v2 cgroup that init is born in, so that it can be while the other cgroups are made. */
  readonly initCgroup?: string;
}

export type StageOrder =
  | StartOrder
  | { readonly kind: 'attach'; readonly plan: AttachStagePlan; readonly fds: AttachDescriptors }
  | { readonly kind: 'device'; readonly plan: DeviceStagePlan; readonly fds: DeviceDescriptors }
  | { readonly kind: 'proxy'; readonly plan: ProxyStagePlan; readonly fds: ProxyDescriptors };

/**
 * What the fork server is asked for: a stage that gets such an order, or the holder of a user
 * namespace.
 */
export type StageKind = StageOrder['kind'] | 'userns';
