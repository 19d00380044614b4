/**
 * What a run may leave on the machine: two snapshots, and what the second has that the first had not. Everything is
 * read from the kernel and the file system, nothing from our own records: those may be what is wrong.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type Kind =
  | 'mount'
  | 'cgroup'
  | 'interface'
  | 'process'
  | 'loop device'
  | 'nftables table'
  | 'run directory'
  | 'container'
  | 'temporary file';

/** Names by kind. A name that is there twice (a mount point with two mounts on it) is listed twice. */
export type Snapshot = Readonly<Record<Kind, readonly string[]>>;

export interface Leak {
  readonly kind: Kind;
  readonly name: string;
}

const OUR_PROGRAMS = /^(tslxcd|tslxc-keeper|tslxc-forkserver|tslxc-spawner|tslxc-pool|tslxc-request)$/;
const OUR_INTERFACES = /^(veth|tslxc)/;
/** What the system itself mounts when it is looked at, or when somebody logs in. */
const NOT_OURS = /^\/(run\/user\/|proc\/sys\/fs\/binfmt_misc|run\/credentials)/;

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function mounts(): string[] {
  return read('/proc/self/mountinfo')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const fields = line.split(' ');
      const type = fields[fields.indexOf('-') + 1];
      return `${fields[4]} (${type})`;
    })
    .filter((name) => !NOT_OURS.test(name));
}

function cgroups(folder = '/sys/fs/cgroup'): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const path = join(folder, name);
      if (name.startsWith('tslxc.')) return [path];
      try {
        return cgroups(path);
      } catch {
        return []; // It has gone meanwhile.
      }
    });
}

/** Ours by the title that they give themselves, or a program that we run, by its arguments. */
function processes(): string[] {
  return list('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      const [program = '', ...args] = read(`/proc/${pid}/cmdline`).split('\0');
      if (OUR_PROGRAMS.test(program.trimEnd())) return [`${program.trimEnd()} (pid ${pid})`];
      if (/(^|\/)dnsmasq$/.test(program) && args.some((arg) => arg.startsWith('--interface=tslxc')))
        return [`dnsmasq of ${args.find((arg) => arg.startsWith('--interface='))} (pid ${pid})`];
      return [];
    });
}

/** Of our own network namespace; /sys/class/net may be another's. */
const interfaces = () =>
  [...read('/proc/net/dev').matchAll(/^\s*([^\s:]+):/gm)]
    .map(([, name]) => name!)
    .filter((name) => OUR_INTERFACES.test(name));

const loopDevices = () =>
  list('/sys/block')
    .filter((name) => name.startsWith('loop') && existsSync(`/sys/block/${name}/loop/backing_file`))
    .map((name) => `/dev/${name} (${read(`/sys/block/${name}/loop/backing_file`).trim()})`);

function tables(): string[] {
  const { stdout } = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter((line) => /^table \S+ tslxc/.test(line));
}

/** Files below /run/tslxc*: locks, logs and empty folders stay there for the next manager; anything else is a trace. */
function runFiles(folder = '/run', top = true): string[] {
  return list(folder).flatMap((name) => {
    if (top && !name.startsWith('tslxc')) return [];
    const path = join(folder, name);
    if (/^(lock|lxcpath)$|\.(lock|log)$/.test(name)) return [];
    try {
      readdirSync(path);
      return runFiles(path, false);
    } catch {
      return [path];
    }
  });
}

function containers(): string[] {
  return ['/var/lib/tslxc'].flatMap((folder) => list(folder).map((name) => join(folder, name)));
}

function temporaryFiles(): string[] {
  return ['/tmp', '/var/tmp'].flatMap((folder) =>
    list(folder)
      .filter((name) => name.startsWith('tslxc'))
      .map((name) => join(folder, name)),
  );
}

export function snapshot(): Snapshot {
  return {
    mount: mounts(),
    cgroup: cgroups(),
    interface: interfaces(),
    process: processes(),
    'loop device': loopDevices(),
    'nftables table': tables(),
    'run directory': runFiles(),
    container: containers(),
    'temporary file': temporaryFiles(),
  };
}

/** What is in `later` and was not in `earlier`. */
export function compare(earlier: Snapshot, later: Snapshot): Leak[] {
  return (Object.keys(later) as Kind[]).flatMap((kind) => {
    const rest = [...earlier[kind]];
    return later[kind]
      .filter((name) => {
        const at = rest.indexOf(name);
        if (at < 0) return true;
        rest.splice(at, 1);
        return false;
      })
      .map((name) => ({ kind, name }));
  });
}

/** Compares until nothing is left or the time is up: a manager stays for some seconds after its last container. */
export async function leaksSince(earlier: Snapshot, patience = 30_000): Promise<Leak[]> {
  const end = Date.now() + patience;
  for (;;) {
    const leaks = compare(earlier, snapshot());
    if (leaks.length === 0 || Date.now() > end) return leaks;
    await delay(200);
  }
}
