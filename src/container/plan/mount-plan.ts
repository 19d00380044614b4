import { existsSync } from 'node:fs';
import { cgroupMounts } from '../../cgroup/cgroup-mounts.ts';
import type { CgroupLayout } from '../../cgroup/layout.ts';
import type { ContainerSpec } from '../../config/container-spec.ts';
import { readFstab } from '../../config/fstab-file.ts';
import type { Setting } from '../../config/setting.ts';
import type { MountAuto } from '../../config/values/mount-auto.ts';
import type { MountEntry } from '../../config/values/mount-entry.ts';
import { mapAll } from '../../errors/map-all.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { MS } from '../../kernel/constants.ts';
import type { MountStep } from '../../stage/plan.ts';

import { parseMountOptions } from './mount-options.ts';

export interface SharedMount {
  /** Folder of the host. */
  readonly path: string;
  readonly origin: { readonly file: string; readonly line: number };
}

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

/** Mounts of each token of `lxc.mount.auto` for proc and sys, in order (lxc.container.conf(5)). */
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
  /** Told about each part of a line that is passed over. */
  readonly passedOver: (what: TslxcError) => void;
  /** Told that the fstab file is missing, where a hook may make it before the mounts are made. */
  readonly awaited?: ((error: TslxcError) => void) | undefined;
  /** Host paths that stand for the container's root in the target of an entry. */
  readonly roots: readonly string[];
}

function fstabEntries(fstab: Setting<string>, { passedOver, awaited }: MountContext): Setting<MountEntry>[] {
  try {
    return readFstab(fstab, passedOver);
  } catch (error) {
    if (!awaited || !(error instanceof TslxcError) || existsSync(fstab.value)) throw error;
    awaited(error);
    return [];
  }
}

/**
 * Every mount below the root filesystem in LXC's order: automatic ones, the fstab file, single
 * entries.
 */
export function planMounts(config: ContainerSpec, context: MountContext): MountStep[] {
  const fstab = config.get('lxc.mount.fstab');
  return [
    ...config.getAll('lxc.mount.auto').flatMap((setting) => autoMounts(setting, context)),
    ...mapAll(
      [...(fstab ? fstabEntries(fstab, context) : []), ...config.getAll('lxc.mount.entry')],
      (entry) => entryMount(entry, context),
    ),
  ];
}

/** The host's ends of `shmounts`. */
export function sharedMounts(config: ContainerSpec): SharedMount[] {
  return config.getAll('lxc.mount.auto').flatMap(({ value, origin: { file, line } }) => {
    return value.fs === 'shmounts' ? [{ path: value.host, origin: { file, line } }] : [];
  });
}

function autoMounts(setting: Setting<MountAuto>, context: MountContext): MountStep[] {
  const { value } = setting;
  const { file, line } = setting.origin;
  const steps = () => {
    if (value.fs === 'proc' || value.fs === 'sys')
      return AUTO[`${value.fs}:${value.mode}`]!(context.netAdmin);
    if (value.fs === 'shmounts') return [sharedMount(value.host, value.container)];
    return cgroupMounts(context.layout, {
      mode: value.mode,
      full: value.fs === 'cgroup' && value.full,
      force: value.force,
      cgroup2: value.fs === 'cgroup2',
      cgroupNamespace: context.cgroupNamespace,
      sysAdmin: context.sysAdmin,
    });
  };
  try {
    return steps().map((mount) => ({ ...mount, origin: { file, line } }));
  } catch (error) {
    throw error instanceof TslxcError ? error.with({ file, line }) : error;
  }
}

/**
 * The host's shared mount as the container sees it: later mounts below it show up inside
 * (mount injection).
 */
function sharedMount(source: string, container: string): MountStep {
  return step(`mount ${source} on ${container}`, {
    kind: 'bind',
    source,
    target: container.replace(/^\/+/, ''),
    flags: MS.BIND | MS.REC,
    create: 'dir',
  });
}

/** A line of fstab as a step. */
function entryMount({ value, origin }: Setting<MountEntry>, context: MountContext): MountStep {
  const options = parseMountOptions(value.options);
  const bind = (options.flags & MS.BIND) !== 0 || value.fstype === 'bind' || value.fstype === 'rbind';
  const target = insideTarget(value.target, context.roots);
  const place = { file: origin.file, line: origin.line };
  if (options.idmap !== undefined && (!bind || options.relative))
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message: `idmap=${options.idmap} on ${value.source}: only what is bound from the host can be shown with other owners`,
      ...place,
      hint: 'mount the file system on the host and bind it from there',
    });
  return step(`mount ${value.source} on /${target}`, {
    kind: bind ? (options.relative ? 'inner' : 'bind') : 'filesystem',
    source: value.source,
    target,
    fstype: value.fstype,
    flags: (options.flags & ~MS.REMOUNT) | (value.fstype === 'rbind' ? MS.REC : 0),
    data: options.data,
    propagation: options.propagation,
    optional: options.optional,
    ...(options.create ? { create: options.create } : {}),
    ...(options.idmap !== undefined && mapsOwners(options.idmap, context) ? { idmap: options.idmap } : {}),
    origin: place,
  });
}

/** Without ids of its own the container's map changes nothing. */
const mapsOwners = (idmap: string, { unprivileged }: MountContext) => idmap !== 'container' || unprivileged;

/**
 * A target relative to the container's root. LXC takes one that begins with the root filesystem's
 * own path on the host, as the articles of ten years ago write it; any other is below the root,
 * with or without a slash.
 */
function insideTarget(target: string, roots: readonly string[]): string {
  const root = roots.find((path) => target === path || target.startsWith(`${path}/`));
  return (root === undefined ? target : target.slice(root.length)).replace(/^\/+/, '');
}
