/** A program inside a running container. Everything about the guest is hostile here: it is running. */
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { AT, CLONE, MNT_DETACH, MS, O, PR } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { confine, joinKeyring, keepCores, takeIds } from './become-init.ts';
import type { StageChannel } from './channel.ts';
import { enterCgroups } from './enter-cgroups.ts';
import { execute } from './execute.ts';
import { enterDirectory } from './in-root.ts';
import { loginShell } from './login-shell.ts';
import type { AttachStagePlan } from './plan.ts';
import { raiseHardLimits } from './resource-limits.ts';
import { loadWithoutListener } from './seccomp-filter.ts';
import { becomeOwner } from './user-namespace.ts';

/** Descriptors of the stage's own: the program's 0, 1 and 2, and a pidfd of the container's init. */
export interface AttachDescriptors {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
  readonly init: number;
}

export function attachStage(
  kernel: Kernel,
  channel: StageChannel,
  plan: AttachStagePlan,
  fds: AttachDescriptors,
): never {
  // Before anything of the guest's can see this process (CVE-2016-9962).
  kernel.prctl(PR.SET_DUMPABLE, 0);
  enterCgroups(plan.cgroupFiles);
  // The host's, which nobody inside can have replaced (rule R2).
  const proc =
    plan.context === undefined ? -1 : kernel.openat2(AT.FDCWD, '/proc', O.PATH | O.DIRECTORY, 0, 0);
  raiseHardLimits(kernel, plan.rlimits);
  if (plan.sessionKeyring) joinKeyring(kernel);
  if (plan.coresOf !== null) keepCores(kernel, plan.coresOf);
  // All of the asked-for ones may be the host's own: the container has no time namespace unless it sets clocks.
  if (plan.namespaces !== 0) kernel.setns(fds.init, plan.namespaces);
  if (plan.namespaces & CLONE.NEWUSER) becomeOwner(kernel, plan.owner);
  kernel.close(fds.init);
  // A pid namespace is for children only.
  channel.send({ type: 'init', pid: kernel.becomeOwnChild() });
  return attachInner(kernel, channel, plan, fds, proc);
}

function attachInner(
  kernel: Kernel,
  channel: StageChannel,
  plan: AttachStagePlan,
  fds: AttachDescriptors,
  proc: number,
): never {
  let args = plan.args;
  try {
    channel.expect('go');
    kernel.prctl(PR.SET_DUMPABLE, 0);
    kernel.setsid();
    kernel.umask(0o022);
    if (plan.remountProcSys) remount(kernel);
    enterCallersDirectory(kernel, plan.cwd);
    [fds.stdin, fds.stdout, fds.stderr].forEach((fd, i) => {
      kernel.dup2(fd, i);
    });
    if (plan.terminal !== null) kernel.setControllingTerminal(plan.terminal);
    if (plan.context !== undefined) setContext(kernel, proc, plan.context);
    if (plan.personality !== undefined) kernel.personality(plan.personality);
    becomeProgram(kernel, plan);
    if (args.length === 0)
      args = [loginShell(kernel, plan.uid, () => plan.seccomp && loadWithoutListener(kernel, plan.seccomp))];
  } catch (error) {
    channel.fail(toTslxcError(error, 'EXEC_FAILED', { step: 'attach' }).toJSON());
    kernel.exit(1);
  }
  return execute(kernel, channel, { ...plan, args });
}

function becomeProgram(kernel: Kernel, plan: AttachStagePlan): void {
  const { capabilities } = plan;
  if (capabilities) {
    const confinement = { ...plan, capabilities };
    confine(kernel, confinement);
    takeIds(kernel, confinement, plan);
    return;
  }
  // `-e CAP`: whoever attaches keeps what it has, and execve(2) takes it from anybody but the root user.
  if (plan.noNewPrivileges) kernel.prctl(PR.SET_NO_NEW_PRIVS, 1);
  kernel.setgroups(plan.groups);
  kernel.setresgid(plan.gid);
  if (plan.seccomp) kernel.prctl(PR.SET_KEEPCAPS, 1);
  kernel.setresuid(plan.uid);
  const held = kernel.getCapabilities();
  kernel.setCapabilities({ ...held, effective: held.permitted });
}

/** SELinux: the label that execve(2) gives to the program. */
function setContext(kernel: Kernel, proc: number, context: string): void {
  try {
    const file = kernel.openat2(proc, 'self/attr/exec', O.WRONLY, 0, 0);
    kernel.write(file, Buffer.from(context));
    kernel.close(file);
  } catch (error) {
    throw new TslxcError({
      ...toTslxcError(error, 'EXEC_FAILED').toJSON(),
      message: `the kernel refused the SELinux context ${context}: ${(error as { code?: string }).code}`,
    });
  }
}

/** The caller's directory where the container has one of that name, as LXC does; never a path outside. */
function enterCallersDirectory(kernel: Kernel, path: string): void {
  try {
    enterDirectory(kernel, path);
  } catch {
    process.chdir('/');
  }
}

function remount(kernel: Kernel): void {
  kernel.unshare(CLONE.NEWNS);
  kernel.mount('', '/', '', MS.SLAVE | MS.REC, '');
  const flags = MS.NOSUID | MS.NODEV | MS.NOEXEC;
  for (const [type, target] of [
    ['proc', '/proc'],
    ['sysfs', '/sys'],
  ] as const) {
    // The kernel refuses (EBUSY) to mount the same file system over itself: /proc of the same pid namespace.
    detach(kernel, target);
    kernel.mount(type, target, type, flags, '');
  }
}

function detach(kernel: Kernel, target: string): void {
  try {
    kernel.umount(target, MNT_DETACH);
  } catch (error) {
    // EINVAL: nothing is mounted there.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  }
}
