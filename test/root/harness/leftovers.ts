/** What may be left of our processes, cgroups, mounts and interfaces: read from the kernel, never from our own records. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

const list = (directory: string): string[] => {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
};

export interface ProcessView {
  readonly pid: number;
  readonly parent: number;
  readonly title: string;
}

function view(pid: number): ProcessView | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (!parent || state === 'Z' || state === 'X') return undefined;
  return { pid, parent: Number(parent), title: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() };
}

export function allProcesses(): ProcessView[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => view(Number(name)))
    .filter((process) => process !== undefined);
}

/** The manager's own processes: those that carry this run directory in their environment, but for `except`. */
export function processesOf(rundir: string): ProcessView[] {
  const wanted = `TSLXC_RUNDIR=${rundir}\0`;
  return allProcesses().filter(
    ({ pid }) => pid !== process.pid && `${read(`/proc/${pid}/environ`)}\0`.includes(wanted),
  );
}

/** Processes in a cgroup whose path has `mark` in it. */
export function processesIn(mark: string): ProcessView[] {
  return allProcesses().filter(({ pid }) => read(`/proc/${pid}/cgroup`).includes(mark));
}

const HIERARCHY = '/sys/fs/cgroup';

/** Cgroup directories with `mark` in their name, deepest first. */
export function cgroupsOf(mark: string): string[] {
  const roots = read('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4]!)
    .filter((point) => point.startsWith(HIERARCHY));
  const found = new Set<string>();
  const walk = (directory: string, inside: boolean, depth: number): void => {
    for (const entry of list(directory)) {
      const path = join(directory, entry);
      const ours = inside || entry.includes(mark);
      // Files have a dot or are known names; a look costs more than a guess, but guesses are wrong some day.
      if (!isDirectory(path)) continue;
      if (depth < 12) walk(path, ours, depth + 1);
      if (ours) found.add(path);
    }
  };
  for (const root of roots) walk(root, false, 0);
  return [...found].sort((a, b) => b.length - a.length);
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Mount points of this mount namespace with `mark` in their path, source or root, the last first. */
export function mountsOf(mark: string): string[] {
  return read('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(mark))
    .map((line) => line.split(' ')[4]!.replace(/\\040/g, ' '))
    .reverse();
}

/** Number of mounts in the host's mount namespace as a manager sees them: a hidden one in its namespace counts. */
export function interfaces(): string[] {
  return list('/sys/class/net');
}

/** Interfaces on a bridge. */
export const portsOf = (bridge: string): string[] => list(`/sys/class/net/${bridge}/brif`);

/** Open descriptors of a process as `number -> target`. */
export function descriptorsOf(pid: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of list(`/proc/${pid}/fd`))
    try {
      found.set(Number(name), readlinkSync(`/proc/${pid}/fd/${name}`));
    } catch {
      // Closed meanwhile.
    }
  return found;
}

/** A field of /proc/PID/status. */
export function statusField(pid: number | 'self', field: string): string {
  return new RegExp(`^${field}:[ \\t]*(.*)$`, 'm').exec(read(`/proc/${pid}/status`))?.[1] ?? '';
}

export function isAlive(pid: number): boolean {
  return view(pid) !== undefined;
}
