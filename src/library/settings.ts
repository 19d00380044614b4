/** Typed settings as lines of the `lxc.*` language (tslxc.container.conf(5)). */
import { TslxcError } from '../errors/tslxc-error.ts';
import type { BindMount, Settings } from './types.ts';

/** A line of a config. */
export type Line = readonly [key: string, value: string];

/** cpu.max counts in microseconds of each period of this length. */
const CPU_PERIOD = 100_000;
const IDS = 65_536;
const UNITS = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const;

/** Bytes of `512M` or of a number. @throws TslxcError CONFIG_VALUE */
export function bytesOf(size: number | string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(String(size).trim()) ?? [];
  if (digits === undefined) throw wrong('memory', size, 'bytes, or text with K, M, G or T');
  return Math.round(Number(digits) * UNITS[unit!.toUpperCase() as keyof typeof UNITS]);
}

const NETWORKS: Readonly<Record<string, readonly Line[]>> = {
  bridge: [
    ['lxc.net.0.type', 'veth'],
    ['lxc.net.0.link', 'tslxcbr0'],
    ['lxc.net.0.flags', 'up'],
  ],
  none: [['lxc.net.0.type', 'empty']],
  host: [['lxc.net.0.type', 'none']],
};

const WRITERS: { [K in keyof Settings]-?: (value: NonNullable<Settings[K]>) => readonly Line[] } = {
  memory: (size) => [['lxc.cgroup2.memory.max', String(bytesOf(size))]],
  cpus(count) {
    if (!(count > 0)) throw wrong('cpus', count, 'a number above 0');
    return [['lxc.cgroup2.cpu.max', `${Math.max(1000, Math.round(count * CPU_PERIOD))} ${CPU_PERIOD}`]];
  },
  cpuSet: (list) => [['lxc.cgroup2.cpuset.cpus', list]],
  pids(count) {
    if (!(Number.isInteger(count) && count > 0)) throw wrong('pids', count, 'a whole number above 0');
    return [['lxc.cgroup2.pids.max', String(count)]];
  },
  hostname: (name) => [['lxc.uts.name', name]],
  network: (name) =>
    NETWORKS[name] ?? [
      ['lxc.net.0.type', 'veth'],
      ['lxc.net.0.link', name],
      ['lxc.net.0.flags', 'up'],
    ],
  environment: (variables) =>
    Object.entries(variables).map(([name, value]): Line => ['lxc.environment', `${name}=${value}`]),
  mounts: (mounts) => mounts.map((mount): Line => ['lxc.mount.entry', mountEntry(mount)]),
  autostart: (on) => [['lxc.start.auto', on ? '1' : '0']],
  idmap: ({ first, count = IDS }) => [
    ['lxc.idmap', `u 0 ${first} ${count}`],
    ['lxc.idmap', `g 0 ${first} ${count}`],
  ],
  lxc: (keys) =>
    Object.entries(keys).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, value] as const] : value.map((each): Line => [key, each]),
    ),
};

/**
 * The lines that settings stand for, in the order of the table above. @throws TslxcError
 * CONFIG_VALUE
 */
export function linesOf(settings: Settings = {}): Line[] {
  for (const name of Object.keys(settings))
    if (!(name in WRITERS)) throw wrong(name, undefined, `one of ${Object.keys(WRITERS).join(', ')}`);
  return (Object.keys(WRITERS) as (keyof Settings)[]).flatMap((name) => {
    const value = settings[name];
    return value === undefined ? [] : (WRITERS[name] as (value: unknown) => readonly Line[])(value);
  });
}

/** A bind mount as fstab(5) writes it; the target is made with the kind of the source. */
function mountEntry({ source, target, readOnly }: BindMount): string {
  for (const path of [source, target])
    if (!path.startsWith('/')) throw wrong('mounts', path, 'an absolute path');
  const words = [source, target.replace(/^\/+/, '')].map(escapeBlanks);
  return `${words.join(' ')} none bind${readOnly ? ',ro' : ''},create=dir 0 0`;
}

function escapeBlanks(path: string): string {
  return path.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function wrong(name: string, value: unknown, expected: string): TslxcError {
  return new TslxcError({
    code: 'CONFIG_VALUE',
    message:
      value === undefined ? `there is no setting "${name}"` : `setting ${name}: "${value}" is not allowed`,
    hint: `it is ${expected}`,
  });
}
