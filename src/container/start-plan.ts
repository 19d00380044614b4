/**
 * The plan of a start: a pure function of the config and of facts about the host. Checks run on it, `--dry-run` prints
 * it, the manager and the stage carry it out.
 */
import { type DeviceRule, deviceRules } from '../cgroup/device-rules.ts';
import type { CgroupLayout } from '../cgroup/layout.ts';
import { type CgroupWrite, translate } from '../cgroup/translate.ts';
import type { ContainerConfig } from '../config/container-config.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import { CLONE, PERSONALITY, RLIMIT } from '../kernel/constants.ts';
import type { NicOrigin, NicPlan } from '../network/nic-plan.ts';
import { capabilityNumber, keptCapabilities } from '../security/capabilities.ts';
import type { IdMapEntry } from '../security/id-map.ts';
import type { HookCommand, StartStagePlan } from '../stage/plan.ts';
import { type LogPlan, planLog } from './container-log.ts';
import { planDev } from './dev-plan.ts';
import { initEnvironment } from './environment.ts';
import { planHooks } from './hook-plan.ts';
import { planMounts } from './mount-plan.ts';
import { planNic } from './nic-from-config.ts';
import type { ContainerRef } from './paths.ts';
import { planRootfs } from './rootfs-plan.ts';
import type { StartWishes } from './runtime-record.ts';
import { type ConsolePlan, planTerminals } from './terminal-plan.ts';

/** What has to be known about the host before a plan can be made. */
export interface HostFacts {
  readonly layout: CgroupLayout;
  readonly lastCapability: number;
  readonly cgroupNamespaces: boolean;
  /** Soft and hard limit of open files that a container starts with: the host's own, not Node's raised one. */
  readonly nofile: { readonly soft: number; readonly hard: number };
  readonly rootfsMount: string;
}

export interface StartPlan {
  readonly name: string;
  readonly lxcpath: string;
  readonly configFile: string;
  /** Everything for the stage but what is only known while acting: cgroup files, nics' names. */
  readonly stage: Omit<StartStagePlan, 'cgroupFiles' | 'cgroupBirth' | 'nics'>;
  readonly nics: readonly NicPlan[];
  readonly limits: readonly CgroupWrite[];
  readonly devices: readonly DeviceRule[];
  readonly cgroup: { readonly dir?: string; readonly relative?: boolean };
  /** Hooks that run on the host, outside the stage. */
  readonly hostHooks: readonly HookCommand[];
  /** LXC_* variables of every hook that are known beforehand. */
  readonly hookVariables: Readonly<Record<string, string>>;
  readonly log: LogPlan;
  readonly signals: { readonly halt: number; readonly reboot: number; readonly stop: number };
  readonly console: ConsolePlan;
  readonly ephemeral: boolean;
  readonly rootfsOrigin?: NicOrigin;
}

const SIGKILL = 9;

/**
 * @throws TslxcError for whatever the config says that can not be done here, with file and line
 */
export function planStart(
  ref: ContainerRef,
  config: ContainerConfig,
  host: HostFacts,
  wishes: Partial<StartWishes> = {},
): StartPlan {
  const idmap: IdMapEntry[] = config.all('lxc.idmap').map((setting) => setting.value);
  const nics = config.nics().map(planNic);
  const sharesNetwork = nics.some((nic) => nic.type === 'none');
  const capabilities = keptSet(config, host);
  const has = (name: Parameters<typeof capabilityNumber>[0]) => capabilities.includes(capabilityNumber(name));
  const rootfs = planRootfs(ref, config, host.rootfsMount);
  const hooks = planHooks(ref, config, rootfs.mountPoint);
  const terminals = planTerminals(config, wishes.consoleLog);
  const dev = planDev(config);
  const hostname = config.one('lxc.uts.name')?.value;
  const arch = config.one('lxc.arch')?.value;
  const rlimits = config.under('lxc.prlimit.').map(({ key, value }) => ({
    resource: RLIMIT[key.slice('lxc.prlimit.'.length) as keyof typeof RLIMIT],
    soft: value.soft === 'unlimited' ? null : value.soft,
    hard: value.hard === 'unlimited' ? null : value.hard,
  }));
  return {
    name: ref.name,
    lxcpath: ref.lxcpath,
    configFile: config.file,
    nics,
    limits: translate(config.cgroupSettings(), host.layout),
    devices: deviceRules(config.cgroupSettings(), host.layout),
    cgroup: {
      ...(config.one('lxc.cgroup.dir') ? { dir: config.one('lxc.cgroup.dir')!.value } : {}),
    },
    hostHooks: hooks.hostHooks,
    hookVariables: hooks.hookVariables,
    log: planLog(ref, config),
    signals: {
      halt: config.one('lxc.signal.halt')?.value ?? 0,
      reboot: config.one('lxc.signal.reboot')?.value ?? 0,
      stop: config.one('lxc.signal.stop')?.value || SIGKILL,
    },
    console: terminals.console,
    ephemeral: Boolean(config.one('lxc.ephemeral')?.value),
    ...(rootfs.origin ? { rootfsOrigin: rootfs.origin } : {}),
    stage: {
      name: ref.name,
      ...(hostname === undefined ? { hostname: ref.name } : { hostname }),
      namespaces:
        CLONE.NEWNS |
        CLONE.NEWUTS |
        CLONE.NEWIPC |
        CLONE.NEWPID |
        (host.cgroupNamespaces ? CLONE.NEWCGROUP : 0) |
        (sharesNetwork ? 0 : CLONE.NEWNET),
      idmap,
      rootfs,
      mounts: planMounts(config, {
        layout: host.layout,
        cgroupNamespace: host.cgroupNamespaces,
        sysAdmin: has('sys_admin'),
        netAdmin: has('net_admin'),
        unprivileged: idmap.length > 0,
      }),
      ...(dev ? { dev } : {}),
      ...terminals.stage,
      ...hooks.stage,
      sharesNetwork,
      sysctls: config
        .under('lxc.sysctl.')
        .map(({ key, value }) => ({ name: key.slice('lxc.sysctl.'.length), value })),
      rlimits,
      ...(arch?.bits === 32 ? { personality: PERSONALITY.LINUX32 } : {}),
      capabilities,
      noNewPrivileges: Boolean(config.one('lxc.no_new_privs')?.value),
      sessionKeyring: true,
      nofile: rlimits.some(({ resource }) => resource === RLIMIT.nofile) ? null : host.nofile,
      init: {
        args: wishes.init?.length ? wishes.init : initCommand(config),
        env: initEnvironment(config),
        cwd: config.one('lxc.init.cwd')?.value ?? '/',
        uid: config.one('lxc.init.uid')?.value ?? 0,
        gid: config.one('lxc.init.gid')?.value ?? 0,
        groups: config.all('lxc.init.groups').map((setting) => setting.value),
      },
    },
  };
}

/** LXC splits the command at blanks; quotes keep blanks together. */
function initCommand(config: ContainerConfig): string[] {
  const text = config.one('lxc.init.cmd')?.value ?? '/sbin/init';
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
}

function keptSet(config: ContainerConfig, host: HostFacts): number[] {
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
  return keptCapabilities({
    keep:
      keep.length === 0
        ? undefined
        : keep.flatMap(({ value }) => (value === 'none' ? [] : [capabilityNumber(value)])),
    drop: drop.map(({ value }) => capabilityNumber(value)),
    last: host.lastCapability,
  });
}
