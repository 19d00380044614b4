import { existsSync, readFileSync } from 'node:fs';
import { loadSystemConfig } from '../../config/system-config.ts';
import { cgroupDefaults } from '../../container/plan/cgroup-from-config.ts';
import type { HostFacts } from '../../container/plan/host-facts.ts';
import { namespaceHost } from '../../container/plan/shared-namespace.ts';
import type { StartHost } from '../../container/start/start-host.ts';
import { RLIMIT } from '../../kernel/constants.ts';
import { lastCapability, missingCapabilities } from '../../security/capabilities.ts';
import { compiledPolicy, underFilter } from '../../security/seccomp/host.ts';
import { MOUNT_POINT, makeMountPoint } from '../../storage/mounted-volume.ts';

/**
 * The kernel's and systemd's default. Node raises its own soft limit to the hard one (see
 * docs/kernel-notes.md).
 */
const NOFILE_SOFT = 1024;

let lastCap: number | undefined;
/** A bounding set never grows, the manager never reduces its own, and filters are never removed. */
let missing: number[] | undefined;
let filtered: boolean | undefined;

/** Makes the mount point that the facts name. A dry run does not. */
export function prepareHost(): void {
  makeMountPoint();
}

/**
 * Facts about this host that a start plan depends on. Touches nothing.
 * @param descriptors the caller's hard limit of open files, where this process has another
 * @throws TslxcError for the system file
 */
export function hostFacts(
  { kernel, layout }: Pick<StartHost, 'kernel' | 'layout'>,
  descriptors?: number,
): HostFacts {
  const hard = descriptors ?? kernel.getRlimit(RLIMIT.nofile).hard;
  lastCap ??= lastCapability(kernel);
  missing ??= missingCapabilities(kernel, lastCap);
  filtered ??= underFilter();
  return {
    layout,
    lastCapability: lastCap,
    missingCapabilities: missing,
    cgroupNamespaces: existsSync('/proc/self/ns/cgroup'),
    namespaces: namespaceHost(kernel),
    hardwareThreads,
    nofile: { soft: Math.min(NOFILE_SOFT, hard), hard },
    rootfsMount: MOUNT_POINT,
    cgroup: cgroupDefaults(loadSystemConfig(), layout),
    seccomp: {
      filtered,
      compile: (file) => {
        const { bpf, notifies, unknown } = compiledPolicy(kernel, file);
        return { filter: bpf.toString('base64'), notifies, unknown };
      },
    },
  };
}

function hardwareThreads(): boolean {
  try {
    return readFileSync('/sys/devices/system/cpu/smt/active', 'latin1').trim() === '1';
  } catch {
    return false;
  }
}
