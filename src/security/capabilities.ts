import { CAPABILITIES, type CapabilityName } from '../config/values/capability.ts';
import { PR } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** Number of a capability, by its name without `CAP_`. */
export function capabilityNumber(name: CapabilityName): number {
  return CAPABILITIES.indexOf(name);
}

/** Highest capability of the running kernel. Higher numbers can neither be dropped nor kept. */
export function lastCapability(kernel: Kernel): number {
  let last = CAPABILITIES.length - 1;
  while (last < 63 && exists(kernel, last + 1)) last++;
  while (last > 0 && !exists(kernel, last)) last--;
  return last;
}

function exists(kernel: Kernel, capability: number): boolean {
  try {
    kernel.prctl(PR.CAPBSET_READ, capability);
    return true;
  } catch {
    return false;
  }
}

/** Capabilities up to `last` that are missing from the caller's bounding set. */
export function missingCapabilities(kernel: Kernel, last: number): number[] {
  return Array.from({ length: last + 1 }, (_, i) => i).filter((c) => kernel.prctl(PR.CAPBSET_READ, c) === 0);
}

/**
 * Removes everything but `kept` (numbers) from the bounding set, permanently. Called while the
 * process still has all its capabilities, before it changes its ids. The result is read back (rule
 * R9).
 */
export function boundCapabilities(kernel: Kernel, kept: ReadonlySet<number>): void {
  const last = lastCapability(kernel);
  for (let capability = 0; capability <= last; capability++)
    if (!kept.has(capability)) {
      kernel.prctl(PR.CAPBSET_DROP, capability);
      if (kernel.prctl(PR.CAPBSET_READ, capability) !== 0)
        throw new Error(`the kernel did not take capability ${capability} out of the bounding set`);
    }
}

/**
 * Reduces the calling process's capabilities to `kept`, and empties the inheritable and ambient
 * sets: an inherited set must never come from the caller (CVE-2022-29162). Called after the ids are
 * set, since setting them may need a capability that is dropped here. The result is read back (rule
 * R9).
 * @param until capabilities that the process needs up to execve(2), which removes them: root gets
 *   the bounding set for a program without file capabilities, other users get none
 */
export function confineCapabilities(
  kernel: Kernel,
  kept: ReadonlySet<number>,
  until: readonly number[] = [],
): void {
  kernel.prctl(PR.CAP_AMBIENT, PR.CAP_AMBIENT_CLEAR_ALL);
  const held = kernel.getCapabilities();
  const wanted = held.permitted & maskOf([...kept, ...until]);
  kernel.setCapabilities({ effective: wanted, permitted: wanted, inheritable: 0n });
  const now = kernel.getCapabilities();
  if (now.permitted !== wanted || now.inheritable !== 0n)
    throw new Error('the kernel did not take the capability sets as given');
}

function maskOf(capabilities: readonly number[]): bigint {
  return capabilities.reduce((mask, capability) => mask | (1n << BigInt(capability)), 0n);
}

/**
 * The capabilities of a config: `keep` lists what stays, `drop` what goes. Without either, all
 * capabilities of the kernel.
 */
export function keptCapabilities(options: {
  keep?: readonly number[] | undefined;
  drop: readonly number[];
  last: number;
}): number[] {
  const all = Array.from({ length: options.last + 1 }, (_, i) => i);
  return options.keep
    ? all.filter((c) => options.keep!.includes(c))
    : all.filter((c) => !options.drop.includes(c));
}
