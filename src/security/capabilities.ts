import { CAPABILITIES, type CapabilityName } from '../config/values/capability.ts';
import { PR } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** Number of a capability by its name without `CAP_`. */
export function capabilityNumber(name: CapabilityName): number {
  return CAPABILITIES.indexOf(name);
}

/** Highest capability of the running kernel: higher ones can neither be dropped nor kept. */
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

/** Capabilities up to `last` that are not in the caller's bounding set. */
export function missingCapabilities(kernel: Kernel, last: number): number[] {
  return Array.from({ length: last + 1 }, (_, i) => i).filter((c) => kernel.prctl(PR.CAPBSET_READ, c) === 0);
}

/**
 * Takes everything but `kept` (numbers) out of the bounding set, for ever: to be done while the
 * process still has all its capabilities, before it changes its ids. Read back, rule R9.
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
 * Leaves the calling process `kept` of what it holds; inheritable and ambient sets are emptied
 * (CVE-2022-29162: an inherited set must never come from the caller). After the ids are set: that
 * may need a capability that goes here. Read back, rule R9.
 *
 * `until`: capabilities that the process needs up to execve(2), which takes them away: of a program
 * without capabilities of its own the root user gets what the bounding set has, anybody else gets
 * none.
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
 * The sets of a config: `keep` lists what stays, `drop` what goes; neither means everything the
 * kernel has.
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
