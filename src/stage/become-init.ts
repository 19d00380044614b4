/** What a stage does to itself to be what the container's processes are: parameters of its namespaces, ids, capabilities. */
import { writeFileSync } from 'node:fs';
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { PR } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { boundCapabilities, confineCapabilities } from '../security/capabilities.ts';
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

export function becomeInit(kernel: Kernel, plan: StartStagePlan): void {
  if (plan.init.cwd !== '/') process.chdir(plan.init.cwd);
  kernel.setgroups(plan.init.groups);
  if (plan.noNewPrivileges) kernel.prctl(PR.SET_NO_NEW_PRIVS, 1);
  const kept = new Set(plan.capabilities);
  boundCapabilities(kernel, kept);
  if (plan.init.gid !== 0) kernel.setresgid(plan.init.gid);
  if (plan.init.uid !== 0) kernel.setresuid(plan.init.uid);
  confineCapabilities(kernel, kept);
}
