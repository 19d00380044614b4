/** What a stage does to itself to be what the container's processes are: parameters of its namespaces, ids, capabilities. */
import { writeFileSync } from 'node:fs';
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { PR } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { boundCapabilities, capabilityNumber, confineCapabilities } from '../security/capabilities.ts';
import type { StartStagePlan } from './plan.ts';

export function writeSysctls(sysctls: StartStagePlan['sysctls']): void {
  for (const { name, value } of sysctls) writeSysctl(name, value);
}

/** Through the host's procfs, which nobody inside can have replaced (rule R2); the values are the namespaces'. */
function writeSysctl(name: string, value: string): void {
  try {
    writeFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, value);
  } catch (error) {
    const failure = toTslxcError(error, 'START_FAILED', { step: `sysctl ${name}` });
    throw new TslxcError({
      ...failure.toJSON(),
      message: `can not set lxc.sysctl.${name} to "${value}": ${failure.errno}`,
    });
  }
}

type Confinement = Pick<StartStagePlan, 'capabilities' | 'noNewPrivileges' | 'seccomp'>;

/** What hooks inside are under as well as init: no process of the container's can have more from here on. */
export function confine(kernel: Kernel, { noNewPrivileges, capabilities }: Confinement): void {
  if (noNewPrivileges) kernel.prctl(PR.SET_NO_NEW_PRIVS, 1);
  boundCapabilities(kernel, new Set(capabilities));
}

/** Ids, and of the capabilities what is left to them. After `confine`. */
export function takeIds(
  kernel: Kernel,
  { noNewPrivileges, capabilities, seccomp }: Confinement,
  ids: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] },
): void {
  // A filter takes CAP_SYS_ADMIN or no_new_privs, and it can only come after this.
  const until = seccomp && !noNewPrivileges ? [capabilityNumber('sys_admin')] : [];
  kernel.setgroups(ids.groups);
  kernel.setresgid(ids.gid);
  if (until.length > 0) kernel.prctl(PR.SET_KEEPCAPS, 1);
  kernel.setresuid(ids.uid);
  const kept = ids.uid === 0 ? capabilities : [];
  confineCapabilities(kernel, new Set(kept), until);
}
