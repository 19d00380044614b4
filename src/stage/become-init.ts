/**
 * What a stage does to itself to be what the container's processes are: parameters of its
 * namespaces, ids, capabilities.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { PR, SCHED_CORE } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { boundCapabilities, capabilityNumber, confineCapabilities } from '../security/capabilities.ts';
import type { StartStagePlan } from './plan.ts';

export function writeSysctls(sysctls: StartStagePlan['sysctls']): void {
  for (const sysctl of sysctls) writeSysctl(sysctl);
}

/**
 * Writes through the host's procfs, which the guest cannot replace (rule R2); the values are the
 * namespaces'.
 */
function writeSysctl({ name, value, origin }: StartStagePlan['sysctls'][number]): void {
  try {
    writeFileSync(sysctlFile(name), value);
  } catch (error) {
    const failure = toTslxcError(error, 'START_FAILED', { step: `sysctl ${name}` });
    throw new TslxcError({
      ...failure.toJSON(),
      ...origin,
      message: `cannot set lxc.sysctl.${name} to "${value}": ${failure.errno}`,
      ...(SYSCTL_HINTS[failure.errno ?? ''] ? { hint: SYSCTL_HINTS[failure.errno ?? ''] } : {}),
    });
  }
}

/**
 * The file of a parameter. As LXC reads a name, each dot stands for a slash. A name of which there
 * is no such file is read as sysctl(8) does: behind a slash as the first separator, dots are those
 * of the file's name; behind a dot, dots and slashes change places. So an interface eth0.5 can be
 * named.
 */
function sysctlFile(name: string): string {
  const file = `/proc/sys/${name.replaceAll('.', '/')}`;
  if (!/\/.*\.|\..*\//.test(name) || existsSync(file)) return file;
  const swapped = name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
  return `/proc/sys/${/[./]/.exec(name)?.[0] === '/' ? name : swapped}`;
}

const SYSCTL_HINTS: Readonly<Record<string, string>> = {
  ENOENT:
    'the kernel has no such parameter, or its module is not loaded; a name that has a dot is written with slashes (net/ipv6/conf/eth0.5/accept_ra)',
  EACCES: "the container's root may only set parameters of its own namespaces",
  EPERM: "the container's root may only set parameters of its own namespaces",
  EINVAL: 'the parameter does not take this value',
};

/**
 * Keys in the caller's session keyring are not the container's business. Hosts without keyrings say
 * ENOSYS.
 */
export function joinKeyring(kernel: Kernel): void {
  try {
    kernel.joinNewSessionKeyring();
  } catch (error) {
    if (!['ENOSYS', 'EPERM', 'EDQUOT'].includes((error as { code?: string }).code ?? '')) throw error;
  }
}

/**
 * Own cores: from here on only processes with the same cookie, which children inherit, run next to
 * this one.
 */
export function keepCores(kernel: Kernel, from: number | 'own'): void {
  try {
    if (from === 'own') kernel.prctl(PR.SCHED_CORE, SCHED_CORE.CREATE, 0, SCHED_CORE.SCOPE_THREAD_GROUP, 0);
    else kernel.prctl(PR.SCHED_CORE, SCHED_CORE.SHARE_FROM, from, SCHED_CORE.SCOPE_THREAD, 0);
  } catch (error) {
    const failure = toTslxcError(error, 'START_FAILED', { step: 'core scheduling' });
    throw new TslxcError({
      ...failure.toJSON(),
      message: `lxc.sched.core: the kernel refused: ${failure.errno}`,
      hint: 'it takes a kernel with CONFIG_SCHED_CORE; clear the key with an empty value',
    });
  }
}

type Confinement = Pick<StartStagePlan, 'capabilities' | 'noNewPrivileges' | 'seccomp'>;

/**
 * What hooks inside are under as well as init: no process of the container's can have more from
 * here on.
 */
export function confine(kernel: Kernel, { noNewPrivileges, capabilities }: Confinement): void {
  if (noNewPrivileges) kernel.prctl(PR.SET_NO_NEW_PRIVS, 1);
  boundCapabilities(kernel, new Set(capabilities));
}

/** Takes ids, and drops the capabilities that they do not have. After `confine`. */
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
