import { existsSync, mkdirSync } from 'node:fs';
import { loadSystemConfig } from '../config/system-config.ts';
import { cgroupDefaults } from '../container/cgroup-from-config.ts';
import type { HostFacts } from '../container/start-plan.ts';
import type { StartServices } from '../container/start-services.ts';
import { RLIMIT } from '../kernel/constants.ts';
import { lastCapability } from '../security/capabilities.ts';

/** Where a container's root filesystem is mounted in its own mount namespace before the pivot: only hooks see it. */
const ROOTFS_MOUNT = '/run/tslxc-rootfs';
/** The kernel's and systemd's default. Node raises its own soft limit to the hard one (see docs/kernel-notes.md). */
const NOFILE_SOFT = 1024;

let lastCap: number | undefined;

/** Makes what the facts promise; a dry run does without. */
export function prepareHost(): void {
  // World-searchable, so that a mapped root can reach it; nothing is ever visible in it outside a container's start.
  mkdirSync(ROOTFS_MOUNT, { recursive: true, mode: 0o755 });
}

/** Facts about this host that a start plan depends on. Touches nothing. @throws TslxcError for the system file */
export function hostFacts({ kernel, layout }: Pick<StartServices, 'kernel' | 'layout'>): HostFacts {
  const { hard } = kernel.getRlimit(RLIMIT.nofile);
  lastCap ??= lastCapability(kernel);
  return {
    layout,
    lastCapability: lastCap,
    cgroupNamespaces: existsSync('/proc/self/ns/cgroup'),
    nofile: { soft: Math.min(NOFILE_SOFT, hard), hard },
    rootfsMount: ROOTFS_MOUNT,
    cgroup: cgroupDefaults(loadSystemConfig(), layout),
  };
}
