/**
 * A program inside a running container. Everything about the guest is hostile here: it is running.
 */
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { KernelError } from '../kernel/binding.ts';
import { AT, CLONE, MNT_DETACH, MS, O, PR, SOCK } from '../kernel/constants.ts';
import { errnoNumber } from '../kernel/errno.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { capabilityNumber, confineCapabilities } from '../security/capabilities.ts';
import { confine, joinKeyring, keepCores, takeIds } from './become-init.ts';
import { StageChannel } from './channel.ts';
import { enterCgroups } from './enter-cgroups.ts';
import { execute } from './execute.ts';
import { enterDirectory } from './in-root.ts';
import { leaveHost } from './leave-host.ts';
import { loginShell } from './login-shell.ts';
import type { AttachDescriptors } from './order.ts';
import type { AttachStagePlan } from './plan.ts';
import { ProgramLine } from './program-line.ts';
import { raiseHardLimits } from './resource-limits.ts';
import { loadWithoutListener } from './seccomp-filter.ts';
import { becomeOwner } from './user-namespace.ts';

/**
 * The stage itself never enters the guest's pid namespace, in which root of a privileged container
 * could look into it. It enters all the others, becomes what the program is to be, and makes a
 * child with a memory of its own there. The child only begins a session and executes the program;
 * all that the guest can take from it meanwhile belongs to the program already.
 */
export function attachStage(
  kernel: Kernel,
  channel: StageChannel,
  plan: AttachStagePlan,
  fds: AttachDescriptors,
): never {
  enterCgroups(plan.cgroupFiles);
  raiseHardLimits(kernel, plan.rlimits);
  if (plan.sessionKeyring) joinKeyring(kernel);
  if (plan.coresOf !== null) keepCores(kernel, plan.coresOf);
  if (plan.context !== undefined) setContext(kernel, plan.context);
  takeStdio(kernel, fds);
  leaveHost(kernel, [channel.fd, fds.init]);
  // All of the asked-for ones may be the host's own: the container has no time namespace unless it
  // sets clocks.
  const others = plan.namespaces & ~CLONE.NEWPID;
  if (others !== 0) kernel.setns(fds.init, others);
  if (plan.namespaces & CLONE.NEWUSER) becomeOwner(kernel, plan.owner);
  try {
    // For children only.
    if (plan.namespaces & CLONE.NEWPID) kernel.setns(fds.init, CLONE.NEWPID);
    kernel.close(fds.init);
    if (plan.remountProcSys) remountProcSys(kernel, plan);
    kernel.umask(0o022);
    enterCallersDirectory(kernel, plan.cwd);
    if (plan.personality !== undefined) kernel.personality(plan.personality);
    becomeProgram(kernel, plan);
    // Other ids may have made it so again (fs.suid_dumpable).
    kernel.prctl(PR.SET_DUMPABLE, 0);
  } catch (error) {
    return failed(kernel, channel, error);
  }
  return splitOffProgram(kernel, channel, plan);
}

function splitOffProgram(kernel: Kernel, channel: StageChannel, plan: AttachStagePlan): never {
  const [ours, theirs] = kernel.socketpair(SOCK.STREAM | SOCK.CLOEXEC);
  const pid = kernel.fork();
  if (pid === 0) {
    for (const fd of [ours, channel.fd]) kernel.close(fd);
    return runProgram(kernel, new StageChannel(kernel, theirs), plan);
  }
  // The program alone holds its standard streams: a reader waits for the end of the last copy.
  for (const fd of [theirs, 0, 1, 2]) kernel.close(fd);
  channel.send({ type: 'init', pid });
  channel.expect('go');
  new ProgramLine(kernel, channel, ours, pid).begin();
  // The guest may have a copy of the channel, from the child's first moment: the end of the stream
  // would not come.
  channel.send({ type: 'executed' });
  return kernel.exit(0);
}

/** The child, which the guest sees. */
function runProgram(kernel: Kernel, line: StageChannel, plan: AttachStagePlan): never {
  let { args } = plan;
  try {
    line.expect('go');
    kernel.setsid();
    if (plan.terminal !== null) kernel.setControllingTerminal(plan.terminal);
    if (args.length === 0)
      args = [loginShell(kernel, plan.uid, () => plan.seccomp && loadWithoutListener(kernel, plan.seccomp))];
  } catch (error) {
    return failed(kernel, line, error);
  }
  return execute(kernel, line, { ...plan, args });
}

function failed(kernel: Kernel, channel: StageChannel, error: unknown): never {
  channel.fail(toTslxcError(error, 'EXEC_FAILED', { step: 'attach' }).toJSON());
  return kernel.exit(1);
}

function takeStdio(kernel: Kernel, { stdin, stdout, stderr }: AttachDescriptors): void {
  [stdin, stdout, stderr].forEach((fd, i) => {
    kernel.dup2(fd, i);
  });
}

function becomeProgram(kernel: Kernel, plan: AttachStagePlan): void {
  const { capabilities } = plan;
  if (capabilities) {
    const confinement = { ...plan, capabilities };
    confine(kernel, confinement);
    takeIds(kernel, confinement, plan);
    return;
  }
  // `-e CAP`: the program keeps the stage's capabilities; execve(2) takes them from every user but
  // root.
  if (plan.noNewPrivileges) kernel.prctl(PR.SET_NO_NEW_PRIVS, 1);
  kernel.setgroups(plan.groups);
  kernel.setresgid(plan.gid);
  if (plan.seccomp) kernel.prctl(PR.SET_KEEPCAPS, 1);
  kernel.setresuid(plan.uid);
  const held = kernel.getCapabilities();
  kernel.setCapabilities({ ...held, effective: held.permitted });
}

/** SELinux: the label that execve(2) gives to the program. Through the host's procfs (rule R2). */
function setContext(kernel: Kernel, context: string): void {
  try {
    const file = kernel.openat2(AT.FDCWD, '/proc/self/attr/exec', O.WRONLY, 0, 0);
    kernel.write(file, Buffer.from(context));
    kernel.close(file);
  } catch (error) {
    throw new TslxcError({
      ...toTslxcError(error, 'EXEC_FAILED').toJSON(),
      message: `the kernel refused the SELinux context ${context}: ${(error as { code?: string }).code}`,
    });
  }
}

/**
 * The caller's directory where the container has one of that name, as LXC does; never a path
 * outside.
 */
function enterCallersDirectory(kernel: Kernel, path: string): void {
  try {
    enterDirectory(kernel, path);
  } catch {
    process.chdir('/');
  }
}

const FRESH_FLAGS = MS.NOSUID | MS.NODEV | MS.NOEXEC;
/** What becoming the program takes of a process that has no other capabilities than the program. */
const TO_BECOME = (['setuid', 'setgid', 'setpcap', 'sys_admin'] as const).map(capabilityNumber);

/**
 * `-R`: the program gets a mount namespace of its own with a fresh /proc and /sys. A procfs shows
 * the pid namespace of the process that mounts it, which the guest sees for that moment: so it
 * holds little more than the program may hold.
 */
function remountProcSys(kernel: Kernel, { namespaces, capabilities }: AttachStagePlan): void {
  kernel.unshare(CLONE.NEWNS);
  kernel.mount('', '/', '', MS.SLAVE | MS.REC, '');
  detach(kernel, '/sys');
  kernel.mount('sysfs', '/sys', 'sysfs', FRESH_FLAGS, '');
  // The kernel refuses (EBUSY) to mount the same file system over itself: /proc of the same pid
  // namespace.
  detach(kernel, '/proc');
  if (!(namespaces & CLONE.NEWPID)) {
    kernel.mount('proc', '/proc', 'proc', FRESH_FLAGS, '');
    return;
  }
  if (capabilities) confineCapabilities(kernel, new Set(capabilities), TO_BECOME);
  const pid = kernel.fork();
  if (pid === 0) {
    try {
      kernel.mount('proc', '/proc', 'proc', FRESH_FLAGS, '');
    } catch (error) {
      kernel.exit(errnoNumber((error as { code: string }).code));
    }
    kernel.exit(0);
  }
  const errno = kernel.wait(pid, true)?.status.code;
  if (errno !== 0) throw new KernelError('mount', errno ?? 0, '/proc');
}

function detach(kernel: Kernel, target: string): void {
  try {
    kernel.umount(target, MNT_DETACH);
  } catch (error) {
    // EINVAL: nothing is mounted there.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  }
}
