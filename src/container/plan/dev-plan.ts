import type { ContainerSpec } from '../../config/container-spec.ts';
import type { DevicePlan } from '../../stage/plan.ts';

/** LXC's, bytes. */
const AUTODEV_SIZE = 500_000;

/** Character devices of every container: world-writable, harmless. */
const NODES = [
  { name: 'full', major: 1, minor: 7 },
  { name: 'null', major: 1, minor: 3 },
  { name: 'random', major: 1, minor: 8 },
  { name: 'tty', major: 5, minor: 0 },
  { name: 'urandom', major: 1, minor: 9 },
  { name: 'zero', major: 1, minor: 5 },
];

/** The /dev that the stage makes; undefined where the container has its own (`lxc.autodev = 0`). */
export function planDev(config: ContainerSpec): DevicePlan | undefined {
  if (config.get('lxc.autodev')?.value === false) return undefined;
  return { size: config.get('lxc.autodev.tmpfs.size')?.value ?? AUTODEV_SIZE, nodes: NODES };
}
