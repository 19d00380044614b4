import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { RLIMIT } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { StartStagePlan } from './plan.ts';

type Limit = StartStagePlan['rlimits'][number];

/**
 * Makes room for hard limits above those of the host, while the stage has the host's privileges: a
 * mapped root could not. `setLimit` lowers limits, last of all.
 */
export function raiseHardLimits(kernel: Kernel, limits: readonly Limit[]): void {
  for (const limit of limits) {
    const now = kernel.getRlimit(limit.resource);
    const hard = limit.hard ?? Infinity;
    if (hard > now.hard) set(kernel, limit, now.soft, hard);
  }
}

export function setLimit(kernel: Kernel, limit: Limit): void {
  set(kernel, limit, limit.soft ?? Infinity, limit.hard ?? Infinity);
}

function set(kernel: Kernel, limit: Limit, soft: number, hard: number): void {
  try {
    kernel.setRlimit(limit.resource, soft, hard);
  } catch (error) {
    const failure = toTslxcError(error, 'START_FAILED');
    const name = Object.entries(RLIMIT).find(([, number]) => number === limit.resource)?.[0];
    throw new TslxcError({
      ...failure.toJSON(),
      ...limit.origin,
      step: 'set resource limits',
      message: `cannot set lxc.prlimit.${name} to ${limit.soft ?? 'unlimited'}:${limit.hard ?? 'unlimited'}: ${failure.errno}`,
      ...(failure.errno === 'EPERM'
        ? {
            hint: 'a hard limit above the one of the host needs CAP_SYS_RESOURCE (and nofile has fs.nr_open)',
          }
        : {}),
    });
  }
}
