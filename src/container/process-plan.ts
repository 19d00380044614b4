/**
 * The part of a start's plan that says what the container's processes are and may do: capabilities, limits, and init
 * itself.
 */
import type { ContainerConfig } from '../config/container-config.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import { PERSONALITY, RLIMIT } from '../kernel/constants.ts';
import { capabilityNumber, keptCapabilities } from '../security/capabilities.ts';
import type { StartStagePlan } from '../stage/plan.ts';
import { initEnvironment } from './environment.ts';
import type { NamespacePlan } from './namespace-plan.ts';
import type { StartWishes } from './runtime-record.ts';
import type { HostFacts } from './start-plan.ts';

export type ProcessPlan = Pick<
  StartStagePlan,
  | 'sysctls'
  | 'rlimits'
  | 'personality'
  | 'capabilities'
  | 'noNewPrivileges'
  | 'sessionKeyring'
  | 'nofile'
  | 'init'
>;

/** In the host's pid namespace reboot(2) is that of the host. */
const SYS_BOOT = capabilityNumber('sys_boot');

/**
 * @param wishes the command line's: a program instead of `lxc.init.cmd`, or one to run below an init of ours
 * @throws TslxcError for what the config says that can not be done, with file and line
 */
export function planProcess(
  config: ContainerConfig,
  host: HostFacts,
  namespaces: Pick<NamespacePlan, 'kept' | 'idmap'>,
  wishes: Pick<StartWishes, 'init' | 'execute'>,
): ProcessPlan {
  const arch = config.one('lxc.arch')?.value;
  const rlimits = config.under('lxc.prlimit.').map(({ key, value }) => ({
    resource: RLIMIT[key.slice('lxc.prlimit.'.length) as keyof typeof RLIMIT],
    soft: value.soft === 'unlimited' ? null : value.soft,
    hard: value.hard === 'unlimited' ? null : value.hard,
  }));
  return {
    sysctls: config
      .under('lxc.sysctl.')
      .map(({ key, value }) => ({ name: key.slice('lxc.sysctl.'.length), value })),
    rlimits,
    ...(arch?.bits === 32 ? { personality: PERSONALITY.LINUX32 } : {}),
    capabilities: keptSet(config, host, namespaces),
    noNewPrivileges: Boolean(config.one('lxc.no_new_privs')?.value),
    sessionKeyring: true,
    nofile: rlimits.some(({ resource }) => resource === RLIMIT.nofile) ? null : host.nofile,
    init: {
      args: wishes.init?.length ? wishes.init : command(config, wishes),
      env: initEnvironment(config),
      cwd: config.one('lxc.init.cwd')?.value ?? '/',
      uid: config.one('lxc.init.uid')?.value ?? 0,
      gid: config.one('lxc.init.gid')?.value ?? 0,
      groups: config.all('lxc.init.groups').map((setting) => setting.value),
      ...(wishes.execute ? { supervised: { onConsole: wishes.execute.onConsole } } : {}),
    },
  };
}

function command(config: ContainerConfig, { execute }: Pick<StartWishes, 'execute'>): string[] {
  if (!execute) return words(config.one('lxc.init.cmd')?.value ?? '/sbin/init');
  const program = words(config.one('lxc.execute.cmd')?.value ?? '');
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
  config: ContainerConfig,
  host: HostFacts,
  { kept, idmap }: Pick<NamespacePlan, 'kept' | 'idmap'>,
): number[] {
  const keep = config.all('lxc.cap.keep');
  const drop = config.all('lxc.cap.drop');
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
