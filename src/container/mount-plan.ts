import { cgroupMounts } from '../cgroup/cgroup-mounts.ts';
import type { CgroupLayout } from '../cgroup/layout.ts';
import type { ContainerConfig } from '../config/container-config.ts';
import { readFstab } from '../config/fstab-file.ts';
import type { Setting } from '../config/setting.ts';
import type { MountAuto } from '../config/values/mount-auto.ts';
import type { MountEntry } from '../config/values/mount-entry.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import { MS } from '../kernel/constants.ts';
import type { MountStep } from '../stage/plan.ts';
import { parseMountOptions } from './mount-options.ts';

const SAFE = MS.NOSUID | MS.NODEV | MS.NOEXEC;

const step = (what: string, rest: Partial<MountStep> & Pick<MountStep, 'kind' | 'target'>): MountStep => ({
  what,
  source: 'none',
  fstype: '',
  flags: 0,
  data: '',
  propagation: 0,
  optional: false,
  ...rest,
});

const proc = step('mount /proc', {
  kind: 'filesystem',
  source: 'proc',
  target: 'proc',
  fstype: 'proc',
  flags: SAFE,
});
const sysfs = step('mount /sys', {
  kind: 'filesystem',
  source: 'sysfs',
  target: 'sys',
  fstype: 'sysfs',
  flags: SAFE,
});
const readonly = (target: string, except: readonly string[] = []) =>
  step(`make /${target} read-only`, { kind: 'readonly', target, except });

/** What the tokens of `lxc.mount.auto` for proc and sys mean (lxc.md 6.6), mode by mode, in order. */
const AUTO: Readonly<Record<string, (netAdmin: boolean) => readonly MountStep[]>> = {
  'proc:rw': () => [proc],
  'proc:mixed': (netAdmin) => [
    proc,
    readonly('proc/sys', netAdmin ? ['proc/sys/net'] : []),
    { ...readonly('proc/sysrq-trigger'), optional: true },
  ],
  'sys:rw': () => [sysfs],
  'sys:ro': () => [sysfs, readonly('sys')],
  'sys:mixed': () => [sysfs, readonly('sys', ['sys/devices/virtual/net'])],
};

/** Facts about the host and the container that decide which mounts there are. */
export interface MountContext {
  readonly layout: CgroupLayout;
  readonly cgroupNamespace: boolean;
  /** Whether the container keeps these capabilities. */
  readonly sysAdmin: boolean;
  readonly netAdmin: boolean;
  readonly unprivileged: boolean;
}

/** Every mount below the root filesystem in LXC's order: automatic ones, the fstab file, single entries. */
export function planMounts(config: ContainerConfig, context: MountContext): MountStep[] {
  const fstab = config.one('lxc.mount.fstab');
  return [
    ...config.all('lxc.mount.auto').flatMap((setting) => autoMounts(setting, context)),
    ...(fstab ? readFstab(fstab) : []).map((entry) => entryMount(entry, context)),
    ...config.all('lxc.mount.entry').map((entry) => entryMount(entry, context)),
  ];
}

function autoMounts(setting: Setting<MountAuto>, context: MountContext): MountStep[] {
  const { value } = setting;
  const { file, line } = setting.origin;
  const steps = () => {
    if (value.fs === 'proc' || value.fs === 'sys')
      return AUTO[`${value.fs}:${value.mode}`]!(context.netAdmin);
    if (value.fs === 'shmounts')
      throw new TslxcError({
        code: 'NOT_SUPPORTED',
        message: 'lxc.mount.auto: shmounts is not acted on in this version',
        file,
        line,
        hint: 'remove the token; a plain `lxc.mount.entry` with rshared does what most need it for',
      });
    return cgroupMounts(context.layout, {
      mode: value.mode,
      full: value.fs === 'cgroup' && value.full,
      force: value.force,
      cgroup2: value.fs === 'cgroup2',
      cgroupNamespace: context.cgroupNamespace,
      sysAdmin: context.sysAdmin,
    });
  };
  return steps().map((mount) => ({ ...mount, origin: { file, line } }));
}

function entryMount({ value, origin }: Setting<MountEntry>, context: MountContext): MountStep {
  const options = parseMountOptions(value.options);
  const bind = (options.flags & MS.BIND) !== 0 || value.fstype === 'bind' || value.fstype === 'rbind';
  const target = value.target.replace(/^\/+/, '');
  if (options.idmap !== undefined && options.idmap !== 'container')
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message: `idmap=${options.idmap}: only idmap=container is acted on in this version`,
      file: origin.file,
      line: origin.line,
    });
  return step(`mount ${value.source} on /${target}`, {
    kind: bind ? 'bind' : 'filesystem',
    source: bind && options.relative ? `/${value.source}` : value.source,
    target,
    fstype: value.fstype,
    flags: options.flags | (value.fstype === 'rbind' ? MS.REC : 0),
    data: options.data,
    propagation: options.propagation,
    optional: options.optional,
    ...(options.create ? { create: options.create } : {}),
    ...(bind && options.idmap === 'container' && context.unprivileged ? { idmapped: true } : {}),
    origin: { file: origin.file, line: origin.line },
  });
}
