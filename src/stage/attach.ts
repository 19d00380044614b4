/** A program inside a running container. Everything about the guest is hostile here: it is running. */
import { readFileSync } from 'node:fs';
import { toTslxcError } from '../errors/tslxc-error.ts';
import { CLONE, MS, PR } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { boundCapabilities, confineCapabilities } from '../security/capabilities.ts';
import type { StageChannel } from './channel.ts';
import { execute } from './execute.ts';
import type { AttachStagePlan } from './plan.ts';
import { enterCgroups } from './start-outer.ts';

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
  kernel.setns(fds.init, plan.namespaces);
  if (plan.namespaces & CLONE.NEWUSER) {
    kernel.setgroups([]);
    kernel.setresgid(0);
    kernel.setresuid(0);
  }
  kernel.close(fds.init);
  const pid = kernel.fork();
  if (pid === 0) attachInner(kernel, channel, plan, fds);
  channel.send({ type: 'init', pid });
  return kernel.exit(0);
}

function attachInner(
  kernel: Kernel,
  channel: StageChannel,
  plan: AttachStagePlan,
  fds: AttachDescriptors,
): never {
  let args = plan.args;
  try {
    channel.expect('go');
    kernel.prctl(PR.SET_DUMPABLE, 0);
    kernel.setsid();
    kernel.umask(0o022);
    if (plan.remountProcSys) remount(kernel);
    enterDirectory(plan.cwd);
    [fds.stdin, fds.stdout, fds.stderr].forEach((fd, i) => {
      kernel.dup2(fd, i);
    });
    if (plan.terminal) kernel.setControllingTerminal(0);
    if (args.length === 0) args = [loginShell(plan.uid)];
    if (plan.personality !== undefined) kernel.personality(plan.personality);
    kernel.setgroups([]);
    if (plan.noNewPrivileges) kernel.prctl(PR.SET_NO_NEW_PRIVS, 1);
    const kept = plan.capabilities && new Set(plan.capabilities);
    if (kept) boundCapabilities(kernel, kept);
    kernel.setresgid(plan.gid);
    kernel.setresuid(plan.uid);
    if (kept) confineCapabilities(kernel, kept);
  } catch (error) {
    channel.fail(toTslxcError(error, 'EXEC_FAILED', { step: 'attach' }).toJSON());
    kernel.exit(1);
  }
  return execute(kernel, channel, { args, env: plan.env, nofile: plan.nofile });
}

/** The caller's directory where the container has one of that name, as LXC does; never a path outside. */
function enterDirectory(path: string): void {
  try {
    process.chdir(path);
  } catch {
    process.chdir('/');
  }
}

function remount(kernel: Kernel): void {
  kernel.unshare(CLONE.NEWNS);
  kernel.mount('', '/', '', MS.SLAVE | MS.REC, '');
  const flags = MS.NOSUID | MS.NODEV | MS.NOEXEC;
  kernel.mount('proc', '/proc', 'proc', flags, '');
  kernel.mount('sysfs', '/sys', 'sysfs', flags, '');
}

/** Shell of a uid from the container's passwd, parsed as text only: no code of the guest's runs before execve. */
function loginShell(uid: number): string {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((entry) => entry.split(':'))
      .find((fields) => fields[2] === String(uid));
    return line?.[6]?.trim() || '/bin/sh';
  } catch {
    return '/bin/sh';
  }
}
