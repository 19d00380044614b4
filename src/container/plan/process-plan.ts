/**
 * The part of a start's plan that says what the container's processes are and may do: capabilities,
 * limits, and init itself.
 */
import type { ContainerSpec } from '../../config/container-spec.ts';
import { type ErrorDetails, TslxcError } from '../../errors/tslxc-error.ts';
import { PERSONALITY, RLIMIT } from '../../kernel/constants.ts';
import { capabilityNumber, keptCapabilities } from '../../security/capabilities.ts';
import type { StartStagePlan } from '../../stage/plan.ts';
import type { StartOverrides } from '../state/runtime-record.ts';
import { initEnvironment } from './environment.ts';
import type { HostFacts } from './host-facts.ts';
import type { NamespacePlan } from './namespace-plan.ts';
import { planSysctls } from './sysctl-plan.ts';

export type ProcessPlan = Pick<
  StartStagePlan,
  | 'sysctls'
  | 'rlimits'
  | 'personality'
  | 'capabilities'
  | 'noNewPrivileges'
  | 'sessionKeyring'
  | 'coreScheduling'
  | 'nofile'
  | 'init'
>;

/** In the host's pid namespace reboot(2) is that of the host. */
const SYS_BOOT = capabilityNumber('sys_boot');

/**
 * @param overrides the command line's: a program instead of `lxc.init.cmd`, or one to run below an
 *   our own init
 * @throws TslxcError for what the config says that cannot be done, with file and line
 */
export function planProcess(
  config: ContainerSpec,
  host: HostFacts,
  namespaces: Pick<NamespacePlan, 'kept' | 'idmap'>,
  overrides: Pick<StartOverrides, 'init' | 'execute'>,
  warn: (warning: ErrorDetails) => void,
): ProcessPlan {
  const arch = config.get('lxc.arch')?.value;
  const rlimits = config.subtree('lxc.prlimit.').map(({ key, value, origin }) => ({
    resource: resourceNumber(key.slice('lxc.prlimit.'.length)),
    soft: value.soft === 'unlimited' ? null : value.soft,
    hard: value.hard === 'unlimited' ? null : value.hard,
    origin,
  }));
  return {
    sysctls: planSysctls(config, namespaces, warn),
    rlimits,
    ...(arch?.bits === 32 ? { personality: PERSONALITY.LINUX32 } : {}),
    capabilities: keptSet(config, host, namespaces),
    noNewPrivileges: Boolean(config.get('lxc.no_new_privs')?.value),
    sessionKeyring: config.get('lxc.keyring.session')?.value ?? true,
    coreScheduling: coreScheduling(config, host, warn),
    nofile: rlimits.some(({ resource }) => resource === RLIMIT.nofile) ? null : host.nofile,
    init: {
      args: overrides.init?.length ? overrides.init : command(config, overrides),
      env: initEnvironment(config),
      cwd: config.get('lxc.init.cwd')?.value ?? '/',
      uid: config.get('lxc.init.uid')?.value ?? 0,
      gid: config.get('lxc.init.gid')?.value ?? 0,
      groups: config.getAll('lxc.init.groups').map((setting) => setting.value),
      parentDeath: config.get('lxc.monitor.signal.pdeath')?.value ?? 0,
      ...(overrides.execute ? { supervised: { onConsole: overrides.execute.onConsole } } : {}),
    },
  };
}

/** A resource by its name, or by its number where the kernel has one that LXC has no name for. */
function resourceNumber(name: string): number {
  return RLIMIT[name as keyof typeof RLIMIT] ?? Number(name);
}

/**
 * On a machine where no core has two threads there is nothing to keep to oneself, and the kernel
 * refuses.
 */
function coreScheduling(
  config: ContainerSpec,
  host: HostFacts,
  warn: (warning: ErrorDetails) => void,
): boolean {
  const setting = config.get('lxc.sched.core');
  if (!setting?.value || host.hardwareThreads()) return setting?.value ?? false;
  const { file, line } = setting.origin;
  warn({
    code: 'NOT_SUPPORTED',
    message: 'lxc.sched.core has no effect: no core of this host has more than one hardware thread',
    file,
    line,
  });
  return false;
}

function command(config: ContainerSpec, { execute }: Pick<StartOverrides, 'execute'>): string[] {
  if (!execute) return words(config.get('lxc.init.cmd')?.value ?? '/sbin/init');
  const program = words(config.get('lxc.execute.cmd')?.value ?? '');
  if (program.length > 0) return program;
  throw new TslxcError({
    code: 'USAGE',
    message: 'there is no program to run',
    hint: 'name one after --, or with lxc.execute.cmd in the config',
  });
}

/** LXC splits a command at blanks; quotes keep blanks together. */
function words(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
}

function keptSet(
  config: ContainerSpec,
  host: HostFacts,
  { kept, idmap }: Pick<NamespacePlan, 'kept' | 'idmap'>,
): number[] {
  const keep = config.getAll('lxc.cap.keep');
  const drop = config.getAll('lxc.cap.drop');
  if (keep.length > 0 && drop.length > 0)
    throw new TslxcError({
      code: 'CONFIG_CONFLICT',
      message: 'lxc.cap.keep and lxc.cap.drop are both set',
      file: keep[0]!.origin.file,
      line: keep[0]!.origin.line,
      hint: 'clear one of them with an empty value',
    });
  // A user namespace has all of them, over itself.
  const withheld = [
    ...(idmap.length > 0 ? [] : host.missingCapabilities),
    ...(kept.includes('pid') ? [SYS_BOOT] : []),
  ];
  return keptCapabilities({
    keep:
      keep.length === 0
        ? undefined
        : keep.flatMap(({ value }) => (value === 'none' ? [] : [capabilityNumber(value)])),
    drop: drop.map(({ value }) => capabilityNumber(value)),
    last: host.lastCapability,
  }).filter((capability) => !withheld.includes(capability));
}
