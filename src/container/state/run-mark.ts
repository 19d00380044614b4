/**
 * What the kernel itself remembers of a running container: its record, plan and journal, as notes
 * on its cgroup. The run directory may be full, damaged or gone; the notes last as long as the
 * container has processes.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CgroupPlan } from '../../cgroup/container-cgroup.ts';
import { pidsOf } from '../../cgroup/container-cgroup.ts';
import { detectLayout } from '../../cgroup/layout.ts';
import { markedCgroups, markedDirectory, markedRoot, readMark, writeMark } from '../../cgroup/mark.ts';
import { cgroupName, PAYLOADS } from '../../cgroup/plan.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { linuxKernel } from '../../kernel/linux.ts';
import { type ContainerRef, containerDirectory, runDirectory } from './paths.ts';

/** How a cgroup is named unless the config says otherwise. */
const NAMES = Object.values(PAYLOADS);
/** Names of the notes. */
const CLAIM = 'claim';
export type Note = 'record' | 'plan' | 'journal';

/** Whose cgroup it is. */
interface Claim extends ContainerRef {
  /** The run directory of the manager that started the container. */
  readonly runDirectory: string;
  /** Device and inode of the container's directory: another path may lead there, too. */
  readonly directory?: string;
  /** Of the manager: a manager inside a container has a run directory of the same name. */
  readonly pidNamespace: number;
}

export interface MarkedCgroup {
  readonly ref: ContainerRef;
  /** The marked cgroup. */
  readonly path: string;
}

/**
 * Takes a cgroup that has just been made for this container. A kernel without extended attributes
 * goes without.
 */
export function claimCgroup(ref: ContainerRef, plan: CgroupPlan): void {
  const directory = identityOf(containerDirectory(ref));
  const claim: Claim = {
    name: ref.name,
    lxcpath: ref.lxcpath,
    runDirectory: runDirectory(),
    ...(directory ? { directory } : {}),
    pidNamespace: ownPidNamespace(),
  };
  tryMark(plan, CLAIM, claim);
}

/**
 * @returns whether it is noted: a kernel without extended attributes on cgroups has no place for it
 */
export function noteOnCgroup(plan: CgroupPlan, note: Note, value: object): boolean {
  return tryMark(plan, note, value);
}

function tryMark(plan: CgroupPlan, name: string, value: object): boolean {
  const directory = markedDirectory(plan);
  if (directory === undefined) return false;
  try {
    writeMark(linuxKernel(), directory, name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function readNote(path: string, note: Note): unknown {
  return parse(readMark(linuxKernel(), path, note));
}

/**
 * Every container of this run directory that has a cgroup, wherever `lxc.cgroup.dir` has put it.
 */
export function markedContainers(): MarkedCgroup[] {
  const root = markedRoot(detectLayout());
  if (root === undefined) return [];
  return markedCgroups(linuxKernel(), root, CLAIM).flatMap(({ path, text }) => {
    const claim = parse(text) as Claim | undefined;
    return claim && isOwn(claim) ? [{ ref: { name: claim.name, lxcpath: claim.lxcpath }, path }] : [];
  });
}

/** Those of this run directory at the usual place, but for the paths that are known. */
export function markedAtTop(known: ReadonlySet<string | undefined>): MarkedCgroup[] {
  const root = markedRootOfHost();
  if (root === undefined) return [];
  const paths = namesIn(root)
    .filter((name) => NAMES.some((start) => name.startsWith(start)))
    .map((name) => join(root, name));
  return paths.flatMap((path) => {
    const claim = known.has(path) ? undefined : claimOf(path);
    return claim && isOwn(claim) ? [{ ref: { name: claim.name, lxcpath: claim.lxcpath }, path }] : [];
  });
}

/**
 * The cgroup of one container, where its name alone leads to it; costs a look into one directory.
 */
export function markedByName(ref: ContainerRef): MarkedCgroup | undefined {
  const root = markedRootOfHost();
  if (root === undefined) return undefined;
  for (const path of NAMES.flatMap((start) => siblings(join(root, cgroupName(start, ref.name))))) {
    const claim = claimOf(path);
    if (claim && isOwn(claim) && claim.name === ref.name && claim.lxcpath === ref.lxcpath)
      return { ref, path };
  }
  return undefined;
}

/**
 * Two inits on one root filesystem destroy it. Containers of one name in different directories are
 * different containers.
 * @throws TslxcError ALREADY_RUNNING when a cgroup beside the planned one belongs to this container
 *   and has processes
 */
export function refuseSecondInit(ref: ContainerRef, plan: CgroupPlan): void {
  const limit = markedDirectory(plan);
  if (limit === undefined) return;
  const directory = identityOf(containerDirectory(ref));
  for (const path of siblings(limit)) {
    const claim = path === limit ? undefined : claimOf(path);
    if (!claim || claim.name !== ref.name) continue;
    const same = claim.lxcpath === ref.lxcpath || (directory !== undefined && claim.directory === directory);
    if (!same || pidsOf({ ...plan, hierarchies: [{ ...plan.hierarchies[0]!, limit: path }] }).length === 0)
      continue;
    throw new TslxcError({
      code: 'ALREADY_RUNNING',
      container: ref.name,
      message: `it is running already: cgroup ${path} has its processes, and ${whose(ref, claim)}`,
      hint: `TSLXC_RUNDIR=${claim.runDirectory} tslxc-stop -P ${claim.lxcpath} -n ${claim.name} stops it`,
    });
  }
}

function whose(ref: ContainerRef, claim: Claim): string {
  const path = claim.lxcpath === ref.lxcpath ? '' : `, where it is ${containerDirectory(claim)}`;
  return `the manager of run directory ${claim.runDirectory} started it${path}`;
}

/**
 * A cgroup path and its like with the suffixes of a conflict (`-1` and so on), as far as they
 * exist.
 */
function siblings(limit: string): string[] {
  const stem = basename(limit).replace(/-\d+$/, '');
  const isSibling = (name: string) =>
    name === basename(limit) || (name.startsWith(stem) && /^(-\d+)?$/.test(name.slice(stem.length)));
  return namesIn(dirname(limit))
    .filter(isSibling)
    .map((name) => join(dirname(limit), name));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function claimOf(path: string): Claim | undefined {
  return parse(readMark(linuxKernel(), path, CLAIM)) as Claim | undefined;
}

const isOwn = (claim: Claim) =>
  claim.runDirectory === runDirectory() && claim.pidNamespace === ownPidNamespace();

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function identityOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.dev}:${stat.ino}`;
}

let pidNamespace: number | undefined;

function ownPidNamespace(): number {
  pidNamespace ??= statSync('/proc/self/ns/pid').ino;
  return pidNamespace;
}

let hostRoot: string | undefined;

/** Mounts of cgroup hierarchies do not move while this process lives. */
function markedRootOfHost(): string | undefined {
  hostRoot ??= markedRoot(detectLayout());
  return hostRoot;
}
