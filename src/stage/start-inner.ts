/**
 * The second half of a start: pid 1 of the container, from the first mount to execve. Until the
 * pivot the host's tree is still visible (hooks need it); paths of the guest's are only ever
 * resolved inside its root.
 */
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { CLONE, MS, PR } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { configureContainerSide } from '../network/container-side.ts';
import { confine, keepCores, takeIds, writeSysctls } from './become-init.ts';
import type { StageChannel, StageLogLevel } from './channel.ts';
import { enterCgroups } from './enter-cgroups.ts';
import { execute, type Program, readyToExecute } from './execute.ts';
import { runStageHook } from './hook.ts';
import { enterDirectory } from './in-root.ts';
import { joinNamespace } from './joined.ts';
import type { StartDescriptors, StartStagePlan } from './plan.ts';
import { loadWithoutListener } from './seccomp-filter.ts';
import { superviseProgram } from './supervise.ts';
import { setUpTerminals, takeStdio, terminalNames } from './terminals.ts';
import { assembleTree, type Carried, enterRoot } from './tree.ts';

/** What comes from outside. */
interface Inherited extends Carried {
  readonly fds: StartDescriptors;
  readonly loopbackIsUp: boolean;
  /** Opens what `Carried` has not, or has otherwise than it is now: pre-mount hooks have run. */
  readonly open?: ((carried: Carried) => Carried) | undefined;
  /** Whether init is in all of its cgroups; otherwise it is only in the cgroup of its birth. */
  readonly inCgroups: boolean;
}

export function startInner(
  kernel: Kernel,
  channel: StageChannel,
  plan: StartStagePlan,
  inherited: Inherited,
): never {
  const failed = (error: unknown): never => {
    channel.fail(toTslxcError(error, 'START_FAILED').toJSON());
    return kernel.exit(1);
  };
  let program: Program;
  try {
    program = prepareInit(kernel, channel, plan, inherited);
  } catch (error) {
    return failed(error);
  }
  if (!plan.init.supervised) return execute(kernel, channel, program);
  try {
    return superviseProgram(kernel, channel, plan, program);
  } catch (error) {
    return failed(error);
  }
}

/** A program, and where it is to be looked for. */
export interface ReadyProgram extends Program {
  readonly paths: readonly string[];
}

/**
 * The same without execve(2), for callers that execute the program themselves.
 * @throws the reason why the container cannot start
 */
export function readyInit(
  kernel: Kernel,
  channel: StageChannel,
  plan: StartStagePlan,
  inherited: Inherited,
): ReadyProgram {
  const program = prepareInit(kernel, channel, plan, inherited);
  return { ...program, paths: readyToExecute(kernel, channel, program) };
}

function prepareInit(
  kernel: Kernel,
  channel: StageChannel,
  plan: StartStagePlan,
  inherited: Inherited,
): Program {
  const own = prepare(kernel, channel, plan, inherited);
  const { env } = plan.init;
  // What the config says wins.
  const others = own.filter((one) => !env.some((other) => other.split('=')[0] === one.split('=')[0]));
  return { ...plan, ...plan.init, env: [...others, ...env] };
}

/** @returns what only this process knows of init's environment */
function prepare(
  kernel: Kernel,
  channel: StageChannel,
  plan: StartStagePlan,
  { fds, loopbackIsUp, inCgroups, open = (carried) => carried, ...carried }: Inherited,
): string[] {
  const log = (text: string, level?: StageLogLevel) =>
    channel.send({ type: 'log', text, ...(level ? { level } : {}) });
  const hooks = (type: string, confined?: () => void) => {
    for (const hook of plan.hooks)
      if (hook.type === type)
        runStageHook(kernel, hook, {
          name: plan.name,
          version: plan.hookVersion,
          surroundings: plan.hookSurroundings ?? {
            env: plan.hookEnv,
            guestEnv: plan.hookEnv,
            cwd: '/',
            umask: 0o022,
          },
          log,
          confine: confined,
        });
  };
  // Not dumpable: processes in the container must not read this process's memory, descriptors or
  // executable (CVE-2016-9962, 2019-5736).
  kernel.prctl(PR.SET_DUMPABLE, 0);
  // The root of a cgroup namespace is where its maker is.
  if (!inCgroups) enterCgroups(channel.expect('cgroups').files);
  if (fds.cgroup !== undefined) joinNamespace(kernel, 'cgroup', fds.cgroup);
  else kernel.unshare(plan.namespaces & CLONE.NEWCGROUP);
  kernel.setsid();
  kernel.umask(0o022);
  if (plan.hostname !== undefined) kernel.sethostname(plan.hostname);

  kernel.mount('', '/', '', MS.SLAVE | MS.REC, '');
  // LXC's order: the nics' up scripts come before the first hook of the container. Without one,
  // mounting goes on while the manager makes the nics.
  const waitsFirst = plan.hooks.some(({ type }) => type === 'pre-mount');
  let network = waitsFirst ? channel.expect('network') : undefined;
  hooks('pre-mount');
  const { root, dev } = assembleTree(kernel, plan, open(carried), { hooks, log });
  const terminals = setUpTerminals(kernel, dev, plan);
  const names = terminalNames(kernel, terminals);

  network ??= channel.expect('network');
  if (plan.namespaces & CLONE.NEWNET) configureContainerSide(kernel, network.nics, loopbackIsUp);
  writeSysctls(plan.sysctls);

  channel.send({
    type: 'ptys',
    console: terminals.console?.master ?? -1,
    ttys: terminals.ttys.map((tty) => tty.master),
    devpts: terminals.devpts,
  });

  enterRoot(kernel, root, plan.mounts);
  if (plan.personality !== undefined) kernel.personality(plan.personality);
  takeStdio(kernel, terminals, fds, plan.init.supervised?.onConsole);
  if (plan.coreScheduling) keepCores(kernel, 'own');
  confine(kernel, plan);
  hooks('start', () => plan.seccomp && loadWithoutListener(kernel, plan.seccomp));
  if (plan.init.cwd !== '/') goTo(kernel, plan.init.cwd);
  // A program below tslxc's own init takes its ids by itself.
  if (!plan.init.supervised) takeIds(kernel, plan, plan.init);
  // Other ids may have made it so again (fs.suid_dumpable).
  kernel.prctl(PR.SET_DUMPABLE, 0);
  channel.send({ type: 'ready' });
  channel.expect('go');
  return names;
}

function goTo(kernel: Kernel, path: string): void {
  try {
    enterDirectory(kernel, path);
  } catch (error) {
    const failure = toTslxcError(error, 'START_FAILED', { step: 'change directory' });
    throw new TslxcError({
      ...failure.toJSON(),
      message: `init cannot start in lxc.init.cwd = ${path}: ${failure.errno}`,
      hint: 'it has to be a directory of the container, not reached through links of /proc',
    });
  }
}
