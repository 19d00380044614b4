/**
 * What a stage gives up before it enters a namespace of a guest for the first time. Root of a
 * privileged container may look into every process that its pid namespace shows, and
 * PR_SET_DUMPABLE does not keep it out: descriptors, environment and memory of such a process are
 * the guest's (rule R3; CVE-2016-8649, 2016-9962, 2024-21626).
 */
import { PR } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';

/**
 * Closes every descriptor but those of `kept`, and erases the environment. /proc has to be the
 * host's still. The process can fork afterwards.
 */
export function leaveHost(kernel: Kernel, kept: readonly number[]): void {
  kernel.prctl(PR.SET_DUMPABLE, 0);
  kernel.eraseEnvironment();
  kernel.closeAllBut([0, 1, 2, ...kept]);
}
