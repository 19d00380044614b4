/**
 * Everything that can be known to be wrong before anything is touched. Each fault is one error that names the thing, the
 * config line and a remedy.
 *
 * A check that LXC's users know is missing on purpose: the directories above a root filesystem need not be searchable
 * for the mapped root. The stage opens the root filesystem with the host's privileges before it joins the user
 * namespace, so a container directory can stay 0700.
 */
import { closeSync, openSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError, together } from '../../errors/tslxc-error.ts';
import { O } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { nicFaultsOnHost } from '../../network/nic-checks.ts';
import { availableIds, mapFault } from '../../security/id-map.ts';
import { openInRoot } from '../../stage/in-root.ts';
import type { RootfsVolume } from '../../stage/plan.ts';
import { peerFault } from '../../terminal/console-peer.ts';
import { DEFAULT_PATH } from '../../util/search-path.ts';
import type { StartPlan } from '../plan/start-plan.ts';
import type { StartHost } from './start-host.ts';

/** As many symlinks as the kernel follows, with the names between them. */
const MAX_HOPS = 400;

type Check = (kernel: Kernel, plan: StartPlan) => void;

const CHECKS: readonly Check[] = [checkConsole, checkRootfs, checkMountPoint, checkIdMap, checkInit];

/**
 * @param coming bridges that need not be there, since a start makes them: for a dry run
 * @throws TslxcError the first fault of the plan on this host, with the others
 */
export async function checkStart(
  { kernel, ensureBridge }: Pick<StartHost, 'kernel' | 'ensureBridge'>,
  plan: StartPlan,
  coming: ReadonlySet<string> = new Set(),
): Promise<void> {
  // The default bridge is made when the first container names it; any other has to be there.
  for (const { type, link } of plan.nics) if (type === 'veth' && link) await ensureBridge(link);
  const fault = together(startFaults(kernel, plan, coming));
  if (fault) throw fault;
}

/** Everything that is wrong with the plan on this host. */
export function startFaults(
  kernel: Kernel,
  plan: StartPlan,
  coming: ReadonlySet<string> = new Set(),
): TslxcError[] {
  const faults: TslxcError[] = [];
  for (const check of CHECKS) {
    try {
      check(kernel, plan);
    } catch (error) {
      if (error instanceof TslxcError) faults.push(error);
      // A check that trips over what an earlier one has told of has nothing to add.
      else if (faults.length === 0) throw error;
    }
  }
  return [...faults, ...nicFaultsOnHost(kernel, plan.nics, coming)];
}

/** What has to be there for a volume of each kind: paths, and what each has to be. A device may have to be activated. */
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

function checkRootfs(_kernel: Kernel, { stage, rootfsOrigin }: StartPlan): void {
  const { volume } = stage.rootfs;
  for (const [path, isIt, what] of PARTS[volume.kind](volume as never)) {
    let fault = 'is missing';
    try {
      if (statSync(path)[isIt]()) continue;
      fault = `is not a ${what}`;
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code;
      if (errno !== 'ENOENT') fault = `can not be reached (${errno})`;
    }
    throw new TslxcError({
      code: 'ROOTFS_MISSING',
      message: `the root filesystem ${path} ${fault}`,
      ...rootfsOrigin,
      hint: 'correct lxc.rootfs.path, or make the container again with tslxc-create',
    });
  }
}

function checkMountPoint(_kernel: Kernel, { stage, rootfsMountOrigin }: StartPlan): void {
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

function checkConsole(_kernel: Kernel, { console }: StartPlan): void {
  const fault = console.path === undefined ? undefined : peerFault(console.path);
  if (fault === undefined) return;
  throw new TslxcError({
    code: 'CONFIG_VALUE',
    message: `${console.path} can not be the console: ${fault}`,
    ...console.pathOrigin,
    hint: 'name a file or a terminal, or "none" for no console',
  });
}

function checkIdMap(_kernel: Kernel, plan: StartPlan): void {
  if (plan.stage.idmap.length === 0) return;
  const fault = mapFault(plan.stage.idmap, { u: availableIds('u'), g: availableIds('g') }, plan.stage.init);
  if (!fault) return;
  throw new TslxcError({
    code: 'IDMAP_UNAVAILABLE',
    message: `lxc.idmap: ${fault.message}`,
    ...(fault.entry.origin ?? { file: plan.configFile }),
    hint: 'a map is written `lxc.idmap = u 0 100000 65536` and again with g; its host ids must exist and not overlap',
  });
}

function checkInit(kernel: Kernel, plan: StartPlan): void {
  const program = plan.stage.init.args[0]!;
  const { volume } = plan.stage.rootfs;
  // What is on a device or in layers (where a link may lead from one to another) the start itself finds out.
  if (volume.kind !== 'tree' || isIn(kernel, volume.path, program)) return;
  // A rootfs that is mounted over, or an init brought by a bind mount, can not be looked at from here.
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

/** Whether the way to a program, symlinks followed inside the tree, comes by one of these places. */
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
