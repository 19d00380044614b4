import { BadValue } from './bad-value.ts';
import { meant } from './meant.ts';
import type { ValueType } from './value-type.ts';

/** A filesystem that `lxc.mount.auto` mounts by itself. */
export type MountAuto =
  | { readonly fs: 'proc'; readonly mode: 'mixed' | 'rw' }
  | { readonly fs: 'sys'; readonly mode: 'mixed' | 'ro' | 'rw' }
  | {
      readonly fs: 'cgroup';
      /** `auto`: rw if the container keeps CAP_SYS_ADMIN, else mixed. */
      readonly mode: 'auto' | 'mixed' | 'ro' | 'rw';
      /** The host's whole hierarchy is visible (cgroup v1 only). */
      readonly full: boolean;
      /** Mount even where init could do it itself in its cgroup namespace. */
      readonly force: boolean;
    }
  | { readonly fs: 'cgroup2'; readonly mode: 'ro' | 'rw'; readonly force: boolean }
  | { readonly fs: 'shmounts'; readonly host: string; readonly container: string };

interface TokenRule {
  readonly modes: readonly string[];
  readonly force: boolean;
  readonly make: (mode: string | undefined, force: boolean) => MountAuto;
}

const CGROUP_MODES = ['mixed', 'ro', 'rw'];
const RULES: Readonly<Record<string, TokenRule>> = {
  proc: {
    modes: ['mixed', 'rw'],
    force: false,
    make: (mode = 'mixed') => ({ fs: 'proc', mode }) as MountAuto,
  },
  sys: { modes: CGROUP_MODES, force: false, make: (mode = 'mixed') => ({ fs: 'sys', mode }) as MountAuto },
  cgroup: {
    modes: CGROUP_MODES,
    force: true,
    make: (mode = 'auto', force) => ({ fs: 'cgroup', mode, full: false, force }) as MountAuto,
  },
  'cgroup-full': {
    modes: CGROUP_MODES,
    force: true,
    make: (mode = 'auto', force) => ({ fs: 'cgroup', mode, full: true, force }) as MountAuto,
  },
  cgroup2: {
    modes: ['ro', 'rw'],
    force: true,
    make: (mode = 'rw', force) => ({ fs: 'cgroup2', mode, force }) as MountAuto,
  },
};

/** Where the shared mount shows inside when the token does not say. */
const SHARED_MOUNT_INSIDE = '/dev/.lxc-mounts';

function shmounts(text: string, [host = '', container = SHARED_MOUNT_INSIDE]: string[]): MountAuto {
  if (!host.startsWith('/')) throw new BadValue(`"${text}" lacks an absolute path of the host`);
  if (!container.startsWith('/'))
    throw new BadValue(`"${container}" is not absolute`, text.indexOf(container));
  return { fs: 'shmounts', host, container };
}

export const mountAuto: ValueType<MountAuto> = {
  name: 'TOKEN …',
  valid:
    'proc[:mixed|rw], sys[:mixed|ro|rw], cgroup[:mixed|ro|rw][:force], cgroup-full (likewise), ' +
    'cgroup2[:ro|rw][:force] and shmounts:HOSTPATH[:PATH], separated by blanks',
  parse(text) {
    const [name = '', ...suffixes] = text.split(':');
    if (name === 'shmounts' && suffixes.length <= 2) return shmounts(text, suffixes);
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    if (!rule)
      throw new BadValue(
        `"${text}" is not something to mount${meant(name, [...Object.keys(RULES), 'shmounts'])}`,
      );
    const force = rule.force && suffixes.at(-1) === 'force';
    if (force) suffixes.pop();
    const [mode, extra] = suffixes;
    if (extra !== undefined || (mode !== undefined && !rule.modes.includes(mode))) {
      throw new BadValue(
        `"${text}": ${name} does not take "${extra ?? mode}"`,
        text.lastIndexOf(extra ?? mode ?? ''),
      );
    }
    return rule.make(mode, force);
  },
};

/**
 * Where a token stands for the rule "a later token of the same filesystem replaces the earlier
 * one".
 */
export function mountPoint(value: MountAuto): string {
  return value.fs === 'cgroup2' ? 'cgroup' : value.fs;
}

/** LXC's order and spelling: the mode is always named, `:force` never. */
export function printMountAuto(values: readonly MountAuto[]): string {
  const order = ['proc', 'sys', 'cgroup', 'cgroup2', 'shmounts'];
  return [...values]
    .sort((a, b) => order.indexOf(a.fs) - order.indexOf(b.fs))
    .map((value) => {
      if (value.fs === 'shmounts') return `shmounts:${value.host}:${value.container}`;
      const name = value.fs === 'cgroup' && value.full ? 'cgroup-full' : value.fs;
      return value.mode === 'auto' ? name : `${name}:${value.mode}`;
    })
    .join(' ');
}
