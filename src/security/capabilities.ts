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

/**
 * Takes everything but `kept` (numbers) out of the bounding set, for ever: to be done while the process still has all its
 * capabilities, before it changes its ids.
 */
export function boundCapabilities(kernel: Kernel, kept: ReadonlySet<number>): void {
  const last = lastCapability(kernel);
  for (let capability = 0; capability <= last; capability++)
    if (!kept.has(capability)) kernel.prctl(PR.CAPBSET_DROP, capability);
}

/**
 * Leaves the calling process `kept` of what it holds; inheritable and ambient sets are emptied (CVE-2022-29162: an
 * inherited set must never come from the caller). After the ids are set: that may need a capability that goes here.
 * Read back, rule R9.
 */
export function confineCapabilities(kernel: Kernel, kept: ReadonlySet<number>): void {
  let mask = 0n;
  for (const capability of kept) mask |= 1n << BigInt(capability);
  kernel.prctl(PR.CAP_AMBIENT, PR.CAP_AMBIENT_CLEAR_ALL);
  const held = kernel.getCapabilities();
  const wanted = held.permitted & mask;
  kernel.setCapabilities({ effective: wanted, permitted: wanted, inheritable: 0n });
  const now = kernel.getCapabilities();
  if (now.permitted !== wanted || now.inheritable !== 0n)
    throw new Error('the kernel did not take the capability sets as given');
}

/** The sets of a config: `keep` lists what stays, `drop` what goes; neither means everything the kernel has. */
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
