/**
 * The plan of a start: a pure function of the config and of facts about the host. Checks run on it,
 * `--dry-run` prints it, the manager and the stage carry it out.
 */
import type { DeviceRule } from '../../cgroup/device-rules.ts';
import type { CgroupWrite } from '../../cgroup/translate.ts';
import type { ContainerSpec } from '../../config/container-spec.ts';
import type { RestartPolicy } from '../../config/values/restart.ts';
import type { ErrorDetails, TslxcError } from '../../errors/tslxc-error.ts';
import { CLONE, SIG } from '../../kernel/constants.ts';
import { type NicOrigin, type NicPlan, nameNics } from '../../network/nic-plan.ts';
import { planNic } from '../../network/nics/nics.ts';
import { capabilityNumber } from '../../security/capabilities.ts';
import type { HookCommand, StartStagePlan } from '../../stage/plan.ts';
import { type LogPlan, planLog } from '../state/container-log.ts';
import type { ContainerRef } from '../state/paths.ts';
import type { StartOverrides } from '../state/runtime-record.ts';
import { type CgroupPlacement, planCgroups } from './cgroup-from-config.ts';
import { planDev } from './dev-plan.ts';
import { planHooks } from './hook-plan.ts';
import type { HostFacts } from './host-facts.ts';
import type { SharedMount } from './mount-plan.ts';
import { planMounts, sharedMounts } from './mount-plan.ts';
import { planNamespaces } from './namespace-plan.ts';
import { passedOver } from './passed-over.ts';
import { type ProcFile, planProcFiles } from './proc-files-plan.ts';
import { planProcess } from './process-plan.ts';
import { planRootfs } from './rootfs-plan.ts';
import { planSeccomp, type SeccompPlan } from './seccomp-plan.ts';
import { type ConsolePlan, planTerminals } from './terminal-plan.ts';
import { planVolume, type VolumePlan } from './volume-plan.ts';

export interface StartPlan {
  readonly name: string;
  readonly lxcpath: string;
  readonly configFile: string;
  /**
   * Everything for the stage, except for facts that come up during the start: the stage is told
   * them then.
   */
  readonly stage: StartStagePlan;
  readonly nics: readonly NicPlan[];
  readonly limits: readonly CgroupWrite[];
  readonly devices: readonly DeviceRule[];
  readonly cgroup: CgroupPlacement;
  /** Hooks that run on the host, outside the stage. */
  readonly hostHooks: readonly HookCommand[];
  /** LXC_* variables of every hook that are known beforehand. */
  readonly hookVariables: Readonly<Record<string, string>>;
  /** Folders of the host that are made shared mounts before anything is mounted. */
  readonly sharedMounts: readonly SharedMount[];
  readonly log: LogPlan;
  readonly signals: { readonly halt: number; readonly reboot: number; readonly stop: number };
  readonly console: ConsolePlan;
  readonly ephemeral: boolean;
  readonly restart: RestartPolicy;
  readonly seccomp?: SeccompPlan;
  readonly procFiles: readonly ProcFile[];
  /** What the user should know and what does not stop the start. */
  readonly warnings: readonly ErrorDetails[];
  /** Faults that a pre-start hook may mend: the plan is made again after the hooks. */
  readonly awaited?: readonly ErrorDetails[];
  readonly rootfsOrigin?: NicOrigin;
  /** The path of `lxc.rootfs.mount`, if it is set. */
  readonly rootfsMountOrigin?: NicOrigin;
  readonly initOrigin?: NicOrigin;
  /** What the root filesystem needs before it is mounted. */
  readonly volume?: VolumePlan;
}

/**
 * @param hooked the pre-start hooks have run: what they may make is demanded now
 * @throws TslxcError for a setting that cannot be carried out here, with file and line
 */
export function planStart(
  ref: ContainerRef,
  config: ContainerSpec,
  host: HostFacts,
  overrides: Partial<StartOverrides> = {},
  hooked = false,
): StartPlan {
  const warnings: ErrorDetails[] = [];
  const awaited: ErrorDetails[] = [];
  const warn = (warning: ErrorDetails) => void warnings.push(warning);
  const planned = planNamespaces(config, host, ref.lxcpath, warn);
  const { kept, ...namespaces } = planned;
  const owns = (flag: number) => (namespaces.namespaces & flag) !== 0;
  const nics = owns(CLONE.NEWNET) ? nameNics(config.nics().map(planNic)) : [];
  const seccomp = planSeccomp(config, host.seccomp, warn);
  const process = planProcess(config, host, planned, overrides, warn);
  const has = (name: Parameters<typeof capabilityNumber>[0]) =>
    process.capabilities.includes(capabilityNumber(name));
  const mount = config.get('lxc.rootfs.mount');
  const rootfs = planRootfs(ref, config, host.rootfsMount);
  const hooks = planHooks(ref, config, rootfs.mountPoint);
  const terminals = planTerminals(config, overrides.consoleLog);
  const dev = planDev(config);
  const volume = planVolume(config, namespaces.idmap.length === 0 && has('sys_resource'));
  const hostname = config.get('lxc.uts.name')?.value;
  const initCmd = config.get('lxc.init.cmd');
  const awaits = !hooked && config.getAll('lxc.hook.pre-start').length > 0;
  const mounts = planMounts(config, {
    layout: host.layout,
    cgroupNamespace: !kept.includes('cgroup'),
    sysAdmin: has('sys_admin'),
    netAdmin: has('net_admin'),
    unprivileged: namespaces.idmap.length > 0,
    passedOver: passedOver(config, warn),
    ...(awaits ? { awaited: (error: TslxcError) => void awaited.push(error.toJSON()) } : {}),
    roots: [rootfs.source, rootfs.mountPoint],
  });
  return {
    name: ref.name,
    lxcpath: ref.lxcpath,
    configFile: config.file,
    nics,
    ...planCgroups(config, host.layout, host.cgroup ?? {}, passedOver(config, warn)),
    hostHooks: hooks.hostHooks,
    hookVariables: hooks.hookVariables,
    sharedMounts: sharedMounts(config),
    log: planLog(ref, config),
    signals: {
      // The config's is for the container's own init.
      halt: overrides.execute ? SIG.PWR : (config.get('lxc.signal.halt')?.value ?? 0),
      reboot: config.get('lxc.signal.reboot')?.value ?? 0,
      stop: config.get('lxc.signal.stop')?.value || SIG.KILL,
    },
    console: terminals.console,
    ephemeral: Boolean(config.get('lxc.ephemeral')?.value),
    restart: config.get('lxc.start.restart')?.value ?? { when: 'no' },
    ...(rootfs.origin ? { rootfsOrigin: rootfs.origin } : {}),
    ...(mount ? { rootfsMountOrigin: mount.origin } : {}),
    ...(initCmd && !overrides.execute ? { initOrigin: initCmd.origin } : {}),
    ...(volume ? { volume } : {}),
    ...(seccomp ? { seccomp } : {}),
    procFiles: planProcFiles(config),
    warnings,
    ...(awaited.length > 0 ? { awaited } : {}),
    stage: {
      ...namespaces,
      ...process,
      ...(seccomp ? { seccomp: seccomp.load } : {}),
      name: ref.name,
      ...(owns(CLONE.NEWUTS) ? { hostname: hostname ?? hostnameOf(ref.name) } : {}),
      rootfs,
      mounts,
      ...(dev ? { dev } : {}),
      ...terminals.stage,
      ...hooks.stage,
    },
  };
}

/** Bytes that sethostname(2) takes (__NEW_UTS_LEN). */
const LONGEST_HOSTNAME = 64;

/** The container's name, as much of it as a host name can be. */
function hostnameOf(name: string): string {
  let kept = name;
  while (Buffer.byteLength(kept) > LONGEST_HOSTNAME) kept = [...kept].slice(0, -1).join('');
  return kept;
}
