/**
 * Checks of the root filesystem before a start: that it is there, and that its init is in it.
 *
 * A check that LXC's users know is missing on purpose: the directories above a root filesystem need
 * not be searchable for the mapped root. The stage opens the root filesystem with the host's
 * privileges before it joins the user namespace, so a container directory can stay 0700.
 */
import { closeSync, openSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { O } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { openInRoot } from '../../stage/in-root.ts';
import type { RootfsVolume } from '../../stage/plan.ts';
import { DEFAULT_PATH } from '../../util/search-path.ts';
import type { StartPlan } from '../plan/start-plan.ts';
import {
  closeDirectory,
  exposed,
  exposedToSome,
  isReachable,
  treesOf,
  whoReaches,
} from '../rootfs/exposed-tree.ts';
import { containerDirectory } from '../state/paths.ts';

/** As many symlinks as the kernel follows, with the names between them. */
const MAX_HOPS = 400;

/**
 * What has to be there for a volume of each kind: paths, and what each has to be. A device may have
 * to be activated.
 */
const PARTS: {
  readonly [K in RootfsVolume['kind']]: (
    volume: Extract<RootfsVolume, { kind: K }>,
  ) => readonly (readonly [path: string, isIt: 'isDirectory' | 'isFile', what: string])[];
} = {
  tree: ({ path }) => [[path, 'isDirectory', 'directory']],
  block: () => [],
  loop: ({ file }) => [[file, 'isFile', 'plain file']],
  overlay: ({ lowers, upper, work }) =>
    [...lowers, join(work.directory, upper)].map((path) => [path, 'isDirectory', 'directory'] as const),
};

export function checkRootfs(_kernel: Kernel, { stage, rootfsOrigin }: StartPlan): void {
  const { volume } = stage.rootfs;
  for (const [path, isIt, what] of PARTS[volume.kind](volume as never)) {
    let fault = 'is missing';
    try {
      if (statSync(path)[isIt]()) continue;
      fault = `is not a ${what}`;
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code;
      if (errno !== 'ENOENT') fault = `cannot be reached (${errno})`;
    }
    throw new TslxcError({
      code: 'ROOTFS_MISSING',
      message: `the root filesystem ${path} ${fault}`,
      ...rootfsOrigin,
      hint: 'correct lxc.rootfs.path, or make the container again with tslxc-create',
    });
  }
}

/**
 * Trees in the container's directory are left out: the start closes that
 * (`closeContainerDirectory`).
 */
export function checkReach(_kernel: Kernel, { name, lxcpath, stage, rootfsOrigin }: StartPlan): void {
  if (stage.idmap.length === 0) return;
  const own = containerDirectory({ name, lxcpath });
  const trees = treesOf(stage.rootfs.volume).filter((tree) => !isInside(tree, own));
  const reachable = trees.find((tree) => isReachable(tree));
  if (reachable !== undefined) throw exposed(reachable, rootfsOrigin);
}

/**
 * What `checkReach` does not refuse: the tree of a container without a map that every user reaches,
 * and users and groups that the administrator has let in.
 */
export function reachWarnings(
  kernel: Kernel,
  { name, lxcpath, stage, rootfsOrigin }: StartPlan,
): TslxcError[] {
  const own = containerDirectory({ name, lxcpath });
  const isMapped = stage.idmap.length > 0;
  return treesOf(stage.rootfs.volume)
    .filter((tree) => !isMapped || !isInside(tree, own))
    .flatMap((tree) => {
      if (isReachable(tree)) return isMapped ? [] : [exposed(tree, rootfsOrigin)];
      const who = whoReaches(kernel, tree);
      return who.length > 0 ? [exposedToSome(who, tree, rootfsOrigin)] : [];
    })
    .slice(0, 1);
}

/**
 * The same at a start. Of a container without a map only the log tells: LXC's users make such
 * directories by hand, and scripts take words on standard error for a failure.
 */
export function reachWarningsOfStart(
  kernel: Kernel,
  plan: StartPlan,
): { readonly told: TslxcError[]; readonly logged: string[] } {
  const warnings = reachWarnings(kernel, plan);
  return plan.stage.idmap.length > 0
    ? { told: warnings, logged: [] }
    : { told: [], logged: warnings.map(({ message }) => message) };
}

/**
 * LXC makes container directories that other users may search, and so do administrators.
 * @returns whether the container's directory was open to other users, and held a tree with mapped
 *   owners
 */
export function closeContainerDirectory(kernel: Kernel, { name, lxcpath, stage }: StartPlan): boolean {
  const own = containerDirectory({ name, lxcpath });
  if (stage.idmap.length === 0 || !treesOf(stage.rootfs.volume).some((tree) => isInside(tree, own)))
    return false;
  return closeDirectory(kernel, own);
}

const isInside = (path: string, directory: string) => `${path}/`.startsWith(`${directory}/`);

export function checkMountPoint(_kernel: Kernel, { stage, rootfsMountOrigin }: StartPlan): void {
  if (!rootfsMountOrigin) return;
  const { mountPoint } = stage.rootfs;
  if (statSync(mountPoint, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new TslxcError({
    code: 'CONFIG_VALUE',
    message: `lxc.rootfs.mount: ${mountPoint} is no directory of this host`,
    ...rootfsMountOrigin,
    hint: 'make it, or remove the line: without it one of our own is used',
  });
}

export function checkInit(kernel: Kernel, plan: StartPlan): void {
  const program = plan.stage.init.args[0]!;
  const { volume } = plan.stage.rootfs;
  // The contents of a device or of layers (where a link may lead from one to another) the start
  // itself finds out.
  if (volume.kind !== 'tree') return;
  // A tree that is missing is the fault of the check before.
  if (!statSync(volume.path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (isIn(kernel, volume.path, program)) return;
  // A rootfs that is mounted over, or an init brought by a bind mount, cannot be looked at from
  // here.
  const targets = new Set(plan.stage.mounts.map(({ target }) => target.replace(/\/+$/, '')));
  if (targets.has('') || candidates(program).some((path) => leadsThrough(volume.path, path, targets))) return;
  if (plan.stage.init.supervised)
    throw new TslxcError({
      code: 'INIT_MISSING',
      message: `the program ${program} is not in the root filesystem ${plan.stage.rootfs.source}, or is not executable`,
    });
  throw new TslxcError({
    code: 'INIT_MISSING',
    message: `the init program ${program} is not in the root filesystem ${plan.stage.rootfs.source}, or is not executable`,
    file: plan.configFile,
    ...plan.initOrigin,
    hint: 'install an init system in the container, or name its program with lxc.init.cmd',
  });
}

function isIn(kernel: Kernel, tree: string, program: string): boolean {
  const root = openSync(tree, O.PATH | O.DIRECTORY | O.CLOEXEC);
  try {
    return candidates(program).some((path) => executable(kernel, root, path));
  } finally {
    closeSync(root);
  }
}

/**
 * Whether the way to a program, symlinks followed inside the tree, comes by one of these places.
 */
function leadsThrough(tree: string, program: string, places: ReadonlySet<string>): boolean {
  let rest = program.split('/');
  let at: string[] = [];
  for (let hops = 0; rest.length > 0 && hops < MAX_HOPS; hops++) {
    const name = rest.shift()!;
    if (name === '' || name === '.') continue;
    if (name === '..') at.pop();
    else at.push(name);
    if (places.has(at.join('/'))) return true;
    const link = linkAt(join(tree, ...at));
    if (link === undefined) continue;
    if (link.startsWith('/')) at = [];
    else at.pop();
    rest = [...link.split('/'), ...rest];
  }
  return false;
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function candidates(program: string): string[] {
  return program.includes('/')
    ? [program]
    : DEFAULT_PATH.split(':').map((directory) => join(directory, program));
}

function executable(kernel: Kernel, root: number, path: string): boolean {
  try {
    const fd = openInRoot(kernel, root, path);
    const { mode } = statSync(`/proc/self/fd/${fd}`);
    kernel.close(fd);
    return (mode & 0o111) !== 0 && (mode & 0o170000) === 0o100000;
  } catch {
    return false;
  }
}
