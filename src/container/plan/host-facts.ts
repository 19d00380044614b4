import type { CgroupLayout } from '../../cgroup/layout.ts';
import type { CgroupDefaults } from './cgroup-from-config.ts';
import type { SeccompHost } from './seccomp-plan.ts';
import type { NamespaceHost } from './shared-namespace.ts';

/** What has to be known about the host before a plan can be made. */
export interface HostFacts {
  readonly layout: CgroupLayout;
  readonly lastCapability: number;
  /** Those that this host itself is without: it cannot give them to a container either. */
  readonly missingCapabilities: readonly number[];
  readonly cgroupNamespaces: boolean;
  readonly namespaces: NamespaceHost;
  /** Whether cores have more than one hardware thread. */
  readonly hardwareThreads: () => boolean;
  /**
   * Soft and hard limit of open files that a container starts with: the host's own, not Node's
   * raised one.
   */
  readonly nofile: { readonly soft: number; readonly hard: number };
  readonly rootfsMount: string;
  /** Defaults from the system file. */
  readonly cgroup?: CgroupDefaults;
  readonly seccomp: SeccompHost;
}
