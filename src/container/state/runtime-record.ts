import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupPlan, HookCgroup } from '../../cgroup/container-cgroup.ts';
import type { GivenConfig } from '../../config/given-config.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { entriesOf } from '../../util/files.ts';
import type { OperatorRequest } from './end-reason.ts';
import { startedSinceBoot } from './last-run.ts';
import { type ContainerRef, containerRunDirectory, runDirectory } from './paths.ts';
import {
  type MarkedCgroup,
  markedAtTop,
  markedByName,
  markedContainers,
  noteOnCgroup,
  readNote,
} from './run-mark.ts';
import type { State } from './state.ts';

/** What the command line of a start adds to the config. */
export interface StartOverrides {
  /** `KEY=VALUE` from `-s`, applied after the file. */
  readonly defines: readonly string[];
  /** Init program and arguments instead of `lxc.init.cmd`. */
  readonly init?: readonly string[];
  /**
   * Run that program (or `lxc.execute.cmd`) below our own init. `onConsole`: which of 0, 1, 2
   * are the console.
   */
  readonly execute?: { readonly onConsole: readonly number[] };
  /**
   * The config file that `-f` named, as it was read: it may have been a pipe, and a reboot needs it
   * again.
   */
  readonly given?: GivenConfig;
  /** Copy of the console's output, instead of `lxc.console.logfile`. */
  readonly consoleLog?: string;
  /** Written with init's pid, removed at stop. */
  readonly pidFile?: string;
  /** /proc/PID/cgroup of the caller of the start: `lxc.cgroup.relative` begins there. */
  readonly callerCgroups?: string;
  /** Hard limit of open files of the caller, which is the guest's. */
  readonly descriptors?: number;
}

/** A process that cannot be confused with a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot: field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

export interface RecordedNic {
  readonly index: number;
  readonly type: string;
  readonly link?: string;
  /** Name of its interface on the host. */
  readonly host?: string;
  readonly name?: string;
  /** The host's end stands alone, although there is a link. */
  readonly routed?: true;
  /** An address that was drawn from the config's pattern: it stays over a reboot. */
  readonly drawn?: { readonly pattern: string; readonly hwaddr: string };
}

/** Facts about a container that is starting, running or stopping: enough to adopt it. */
export interface RuntimeRecord {
  readonly version: 1;
  readonly name: string;
  readonly lxcpath: string;
  readonly state: State;
  /** Config file in use: `lxcpath/name/config` unless `--rcfile` named another. */
  readonly configFile: string;
  /** What the command line of the start said: needed again at a reboot, also by a later manager. */
  readonly overrides: StartOverrides;
  readonly init?: ProcessIdentity;
  /**
   * Who looks after it: a start or a stop that is under way is so only while this manager lives.
   */
  readonly manager?: ProcessIdentity;
  /**
   * An end that was asked for and has not come yet: kept here, so that a later manager knows whose
   * it was.
   */
  readonly asked?: OperatorRequest;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly cgroup?: CgroupPlan;
  /** Cgroups of its hooks, where they have their own. */
  readonly hookCgroups?: readonly HookCgroup[];
  /** Host ends of the container's nics, by index. */
  readonly nics: readonly RecordedNic[];
  /** Number of /dev/ttyN. */
  readonly ttys: number;
  /** Whether the container has a user namespace of its own. */
  readonly unprivileged: boolean;
}

/** Names that earlier builds wrote. A manager adopts their containers after an upgrade. */
interface EarlierNames {
  readonly wishes?: StartOverrides;
}

const FILE = 'state.json';

/**
 * What proc(5) tells of a process in `stat`, from the state on; undefined when there is none with
 * this pid.
 */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command may hold spaces and parentheses: fields are counted from the last ')'.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** The identity of a live process; undefined when there is none with this pid. */
export function identify(pid: number): ProcessIdentity | undefined {
  const fields = statOf(pid);
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid, startTime: fields[19]! };
}

let own: ProcessIdentity | undefined;

/** This process; in a fork only after it has taken over the event loop. */
export function ourselves(): ProcessIdentity {
  if (own?.pid !== process.pid) own = identify(process.pid)!;
  return own;
}

/** The pid of a process's parent; undefined when there is no such process. */
export function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

export function isAlive(process: ProcessIdentity | undefined): boolean {
  return process !== undefined && identify(process.pid)?.startTime === process.startTime;
}

/** A pidfd of a process that may end, or have ended, at any moment; -1 then. */
export function openProcess(kernel: Kernel, process: ProcessIdentity): number {
  let pidfd: number;
  try {
    pidfd = kernel.pidfdOpen(process.pid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return -1;
    throw error;
  }
  if (isAlive(process)) return pidfd;
  kernel.close(pidfd);
  return -1;
}

/** What the kernel tells ticks in: USER_HZ, 100 on every architecture that we run on. */
const TICK_US = 10_000;

/** When the process started, microseconds after the host's boot; 0 where that is not known. */
export function sinceBoot(process: ProcessIdentity | undefined): number {
  return Number(process?.startTime ?? 0) * TICK_US;
}

/**
 * The record as it was last written, whether or not its init still lives. One that is missing or
 * damaged is found on the container's cgroup (run-mark.ts).
 */
export function readRecord(ref: ContainerRef): RuntimeRecord | undefined {
  const written = parse(join(containerRunDirectory(ref), FILE));
  if (written) return written;
  const marked = markedByName(ref) ?? (startedSinceBoot(ref) ? markedAnywhere(ref) : undefined);
  return markedRecord(marked);
}

/**
 * The whole hierarchy is searched: `lxc.cgroup.dir` and `lxc.cgroup.pattern` put a cgroup anywhere.
 */
function markedAnywhere(ref: ContainerRef): MarkedCgroup | undefined {
  return markedContainers().find((marked) => key(marked.ref) === key(ref));
}

/**
 * The record on a container's cgroup, if its init lives: it is older than a file that was removed
 * in good order.
 */
export function markedRecord(marked: MarkedCgroup | undefined): RuntimeRecord | undefined {
  if (!marked) return undefined;
  const record = asRecord(readNote(marked.path, 'record'));
  return isAlive(record?.init) ? record : undefined;
}

function parse(file: string): RuntimeRecord | undefined {
  try {
    return asRecord(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Undefined for what another version has written, or a damaged file. */
export function asRecord(found: unknown): RuntimeRecord | undefined {
  if (typeof found !== 'object' || found === null) return undefined;
  const { wishes, ...record } = found as RuntimeRecord & EarlierNames;
  const { version, name, lxcpath, state, configFile, startedAt, nics, init } = record;
  const texts = [name, lxcpath, state, configFile, startedAt];
  const complete = texts.every((text) => typeof text === 'string') && Array.isArray(nics);
  if (version !== 1 || !complete) return undefined;
  if (init !== undefined && !(Number.isInteger(init.pid) && typeof init.startTime === 'string'))
    return undefined;
  return { ...record, overrides: record.overrides ?? wishes ?? { defines: [] }, ttys: record.ttys ?? 0 };
}

/**
 * On the container's cgroup, which takes no disk, and by rename into the run directory, so that a
 * reader (or a successor after a kill) never sees half a record.
 * @throws Error when the run directory is full and the cgroup did not take it
 */
export function writeRecord(record: RuntimeRecord): void {
  const noted =
    record.cgroup !== undefined && record.init !== undefined && noteOnCgroup(record.cgroup, 'record', record);
  try {
    writeFile(record);
  } catch (error) {
    if (!noted) throw error;
    // The older record there would be believed.
    removeRecord(record);
  }
}

function writeFile(record: RuntimeRecord): void {
  const directory = containerRunDirectory(record);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const temporary = join(directory, `${FILE}.new`);
  try {
    writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
    renameSync(temporary, join(directory, FILE));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

export function removeRecord(ref: ContainerRef): void {
  rmSync(join(containerRunDirectory(ref), FILE), { force: true });
}

/** Every record below the run directory, also of containers that have died with their manager. */
export function allRecords(): RuntimeRecord[] {
  const root = join(runDirectory(), 'containers');
  const records: RuntimeRecord[] = [];
  for (const path of entriesOf(root))
    for (const name of entriesOf(join(root, path))) {
      const record = parse(join(root, path, name, FILE));
      if (record) records.push(record);
    }
  return records;
}

/** The same, and running containers whose record is missing or damaged. */
export function allRunning(): RuntimeRecord[] {
  const records = allRecords();
  const known = new Set(records.map(key));
  const marked = markedAtTop(new Set(records.map(({ cgroup }) => cgroup?.hierarchies[0]?.limit)));
  const others = marked.filter(({ ref }) => !known.has(key(ref)));
  return [...records, ...others.flatMap((cgroup) => markedRecord(cgroup) ?? [])];
}

const key = (ref: ContainerRef) => `${ref.lxcpath}|${ref.name}`;

const UNDER_WAY: ReadonlySet<State> = new Set<State>(['STARTING', 'STOPPING', 'ABORTING']);

/**
 * The record of a container in any state but STOPPED. One whose init has ended is STOPPING until
 * its manager, which may not have heard of it yet, has read its console to the end, run its hooks
 * and given back what it had.
 */
export function liveRecord(ref: ContainerRef): RuntimeRecord | undefined {
  const record = readRecord(ref);
  if (!record) return undefined;
  if (!UNDER_WAY.has(record.state) && isAlive(record.init)) return record;
  if (!isAlive(record.manager)) return undefined;
  return UNDER_WAY.has(record.state) ? record : { ...record, state: 'STOPPING' };
}
