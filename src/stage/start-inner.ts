/**
 * The second half of a start: pid 1 of the container, from the first mount to execve. Until the pivot the host's tree
 * is still visible (hooks need it); paths of the guest's are only ever resolved inside its root.
 */
import { writeFileSync } from 'node:fs';
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { CLONE, MNT_DETACH, MS, O, PR } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { configureContainerSide } from '../network/container-side.ts';
import { boundCapabilities, confineCapabilities } from '../security/capabilities.ts';
import type { StageChannel } from './channel.ts';
import { mountDev, populateDev } from './dev.ts';
import { execute } from './execute.ts';
import { runStageHook } from './hook.ts';
import { makeDirectoryInRoot, openInRoot } from './in-root.ts';
import { doMounts, setMountFlags } from './mounts.ts';
import type { StartStagePlan } from './plan.ts';
import { mountDevpts, openPty, placeTerminal, type Terminals } from './terminals.ts';

/** Descriptors opened outside, with the host's privileges. */
export interface Carried {
  /** Detached mount of the root filesystem. */
  readonly rootfs: number;
  /** Detached mounts of bind sources, by step. */
  readonly sources: ReadonlyMap<number, number>;
  /** Detached mounts of device nodes, where the container may not make its own. */
  readonly devices: readonly number[] | undefined;
}

export function startInner(
  kernel: Kernel,
  channel: StageChannel,
  plan: StartStagePlan,
  carried: Carried,
): never {
  try {
    prepare(kernel, channel, plan, carried);
  } catch (error) {
    channel.fail(toTslxcError(error, 'START_FAILED').toJSON());
    kernel.exit(1);
  }
  return execute(kernel, channel, { ...plan.init, nofile: plan.nofile });
}

function prepare(kernel: Kernel, channel: StageChannel, plan: StartStagePlan, carried: Carried): void {
  const log = (text: string) => channel.send({ type: 'log', text });
  const hooks = (type: string) => {
    for (const hook of plan.hooks)
      if (hook.type === type) runStageHook(kernel, plan.name, hook, plan.hookVersion, plan.hookEnv, log);
  };
  // Not dumpable: nobody inside may read this process's memory, descriptors or executable (CVE-2016-9962, 2019-5736).
  kernel.prctl(PR.SET_DUMPABLE, 0);
  kernel.unshare(plan.namespaces & CLONE.NEWCGROUP);
  kernel.setsid();
  kernel.umask(0o022);
  if (plan.hostname !== undefined) kernel.sethostname(plan.hostname);

  kernel.mount('', '/', '', MS.SLAVE | MS.REC, '');
  // LXC's order: the nics' up scripts come before the first hook of the container. Without one, mounting goes on while
  // the manager makes the nics.
  const waitsFirst = plan.hooks.some(({ type }) => type === 'pre-mount');
  if (waitsFirst) channel.expect('network');
  hooks('pre-mount');
  const root = attachRootfs(kernel, plan, carried.rootfs);
  // Mount points that every distribution has; some images leave them out.
  const essential = ['proc', 'sys', 'dev'].filter(
    (name) => plan.mounts.some((m) => m.target === name) || name === 'dev',
  );
  for (const name of essential) ignoreReadOnly(() => kernel.close(makeDirectoryInRoot(kernel, root, name)));
  const dev = plan.dev ? mountDev(kernel, root, plan.dev) : openInRoot(kernel, root, 'dev', O.DIRECTORY);
  doMounts(kernel, root, plan.mounts, carried.sources, log);
  hooks('mount');
  if (plan.dev) {
    hooks('autodev');
    populateDev(kernel, dev, plan.dev, carried.devices);
  }
  const terminals = setUpTerminals(kernel, dev, plan);

  if (!waitsFirst) channel.expect('network');
  if (!plan.sharesNetwork) configureContainerSide(kernel, plan.nics);
  for (const { name, value } of plan.sysctls) writeSysctl(name, value);

  channel.send({
    type: 'ptys',
    console: terminals.console?.master ?? -1,
    ttys: terminals.ttys.map((tty) => tty.master),
    devpts: terminals.devpts,
  });

  enterRoot(kernel, root);
  if (plan.personality !== undefined) kernel.personality(plan.personality);
  for (const { resource, soft, hard } of plan.rlimits)
    kernel.setRlimit(resource, soft ?? Infinity, hard ?? Infinity);
  takeStdio(kernel, terminals);
  becomeInit(kernel, plan);
  hooks('start');
  channel.send({ type: 'ready' });
  channel.expect('go');
}

function attachRootfs(kernel: Kernel, plan: StartStagePlan, tree: number): number {
  kernel.moveMount(tree, '', -100, plan.rootfs.mountPoint, 4);
  const root = kernel.openat2(-100, plan.rootfs.mountPoint, O.PATH | O.DIRECTORY, 0, 0);
  setMountFlags(kernel, root, plan.rootfs.flags, false);
  kernel.close(tree);
  return root;
}

function ignoreReadOnly(make: () => void): void {
  try {
    make();
  } catch (error) {
    if ((error as { code?: string }).code !== 'EROFS') throw error;
  }
}

function setUpTerminals(kernel: Kernel, dev: number, plan: StartStagePlan): Terminals {
  const devpts = plan.ptyMax > 0 ? mountDevpts(kernel, dev, plan.ptyMax) : -1;
  const console = plan.console ? openPty(kernel, devpts) : undefined;
  if (console) placeTerminal(kernel, dev, plan.ttyDir, 'console', console.slave);
  const ttys = Array.from({ length: plan.ttys }, (_, i) => {
    const tty = openPty(kernel, devpts);
    placeTerminal(kernel, dev, plan.ttyDir, `tty${i + 1}`, tty.slave);
    return tty;
  });
  return { console, ttys, devpts };
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

function enterRoot(kernel: Kernel, root: number): void {
  kernel.fchdir(root);
  kernel.pivotRoot('.', '.');
  // The old root lies on top of the new one now: this removes it.
  kernel.umount('.', MNT_DETACH);
  process.chdir('/');
  kernel.close(root);
}

/** Console (or nothing) as standard input, output and error; masters stay behind with the manager. */
function takeStdio(kernel: Kernel, terminals: Terminals): void {
  const slave = terminals.console?.slave;
  for (const fd of [0, 1, 2]) if (slave !== undefined) kernel.dup2(slave, fd);
}

function becomeInit(kernel: Kernel, plan: StartStagePlan): void {
  if (plan.init.cwd !== '/') process.chdir(plan.init.cwd);
  kernel.setgroups(plan.init.groups);
  if (plan.noNewPrivileges) kernel.prctl(PR.SET_NO_NEW_PRIVS, 1);
  const kept = new Set(plan.capabilities);
  boundCapabilities(kernel, kept);
  if (plan.init.gid !== 0) kernel.setresgid(plan.init.gid);
  if (plan.init.uid !== 0) kernel.setresuid(plan.init.uid);
  confineCapabilities(kernel, kept);
}
