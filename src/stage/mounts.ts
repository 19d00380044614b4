import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { AT, MOUNT_ATTR, MOVE_MOUNT, MS, O, OPEN_TREE_CLONE } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { StageLogLevel } from './channel.ts';
import { makeDirectoryInRoot, makeFileInRoot, openInRoot, withoutLinks } from './in-root.ts';
import type { MountStep } from './plan.ts';

/**
 * mount(2) flags that are properties of a mount (not of the file system), as mount_setattr(2) takes
 * them.
 */
const ATTRIBUTES: readonly (readonly [number, number])[] = [
  [MS.RDONLY, MOUNT_ATTR.RDONLY],
  [MS.NOSUID, MOUNT_ATTR.NOSUID],
  [MS.NODEV, MOUNT_ATTR.NODEV],
  [MS.NOEXEC, MOUNT_ATTR.NOEXEC],
  [MS.NODIRATIME, MOUNT_ATTR.NODIRATIME],
  [MS.NOATIME, MOUNT_ATTR.NOATIME],
  [MS.STRICTATIME, MOUNT_ATTR.STRICTATIME],
  // The access-time mode of number 0.
  [MS.RELATIME, 0],
  [MS.NOSYMFOLLOW, MOUNT_ATTR.NOSYMFOLLOW],
];
const ACCESS_TIME = MS.NOATIME | MS.STRICTATIME | MS.RELATIME;

/** Sets per-mount flags on a detached or attached mount. */
export function setMountFlags(kernel: Kernel, mount: number, flags: number, recursive: boolean): void {
  const set = ATTRIBUTES.reduce((sum, [from, to]) => (flags & from ? sum | to : sum), 0);
  // The access-time modes are one field: it has to be cleared before another mode is set.
  const clear = flags & ACCESS_TIME ? MOUNT_ATTR.ATIME_MASK : 0;
  if (set === 0 && clear === 0) return;
  kernel.mountSetattr(mount, '', AT.EMPTY_PATH | (recursive ? AT.RECURSIVE : 0), { set, clear });
}

/** Attaches a detached mount on what a descriptor names. */
export function attachMount(kernel: Kernel, mount: number, target: number): void {
  kernel.moveMount(mount, '', target, '', MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_EMPTY_PATH);
}

/** A detached copy of the mount at a descriptor. */
export function cloneTree(kernel: Kernel, at: number, recursive = false): number {
  return kernel.openTree(at, '', OPEN_TREE_CLONE | AT.EMPTY_PATH | (recursive ? AT.RECURSIVE : 0));
}

/**
 * Opens a path of the host as a detached mount. A copy of a shared mount would be its peer, and
 * what the container mounts below would appear on the host: it becomes a slave, which hears of the
 * host's mounts and tells of none.
 */
export function openHostTree(kernel: Kernel, path: string, recursive: boolean): number {
  const tree = kernel.openTree(AT.FDCWD, path, OPEN_TREE_CLONE | (recursive ? AT.RECURSIVE : 0));
  kernel.mountSetattr(tree, '', AT.EMPTY_PATH | (recursive ? AT.RECURSIVE : 0), { propagation: MS.SLAVE });
  return tree;
}

/**
 * The sources of bind mounts, opened with the host's privileges before any namespace is entered:
 * the mapped root may not be able to reach them later, and nothing inside the container can
 * redirect them.
 *
 * @returns detached mounts by step index; an optional step whose source is missing has none
 */
export function openBindSources(
  kernel: Kernel,
  steps: readonly MountStep[],
  userns: number | undefined,
): Map<number, number> {
  const trees = new Map<number, number>();
  steps.forEach((step, index) => {
    if (step.kind !== 'bind') return;
    const recursive = (step.flags & MS.REC) !== 0;
    withStep(step, () => {
      const tree = openHostTree(kernel, step.source, recursive);
      trees.set(index, tree);
      if (step.idmap !== undefined) mapOwners(kernel, tree, step.idmap, userns, recursive);
    });
  });
  return trees;
}

/**
 * Shows a detached mount with the owners as a user namespace maps them: the container's own, or
 * that of a path such as /proc/PID/ns/user.
 */
export function mapOwners(
  kernel: Kernel,
  tree: number,
  idmap: string,
  own: number | undefined,
  recursive: boolean,
): void {
  const userns = idmap === 'container' ? own : openUserNamespace(kernel, idmap);
  if (userns === undefined) return;
  try {
    const flags = AT.EMPTY_PATH | (recursive ? AT.RECURSIVE : 0);
    kernel.mountSetattr(tree, '', flags, { set: MOUNT_ATTR.IDMAP, userns });
  } finally {
    if (userns !== own) kernel.close(userns);
  }
}

function openUserNamespace(kernel: Kernel, path: string): number {
  try {
    return kernel.openat2(AT.FDCWD, path, O.RDONLY, 0, 0);
  } catch (error) {
    const { errno } = toTslxcError(error, 'MOUNT_FAILED');
    throw new TslxcError({
      code: 'MOUNT_FAILED',
      message: `idmap=${path}: cannot open the user namespace: ${errno}`,
      ...(errno ? { errno } : {}),
      cause: error,
    });
  }
}

/** Does the mounts of a plan below `root`, in order. `log` hears of optional ones that failed. */
export function doMounts(
  kernel: Kernel,
  root: number,
  steps: readonly MountStep[],
  sources: ReadonlyMap<number, number>,
  log: (text: string, level?: StageLogLevel) => void,
): void {
  steps.forEach((step, index) => {
    withStep(step, () => doMount(kernel, root, step, sources.get(index), log), log, steps.slice(0, index));
  });
}

function doMount(
  kernel: Kernel,
  root: number,
  step: MountStep,
  source: number | undefined,
  log: (text: string, level?: StageLogLevel) => void,
): void {
  if (step.kind === 'readonly') {
    makeReadOnly(kernel, root, step);
    return;
  }
  if (step.kind === 'bind' && source === undefined) {
    // Like LXC, an optional entry without a source still makes its target.
    if (step.create) kernel.close(openTarget(kernel, root, step));
    return;
  }
  const target = openTarget(kernel, root, step);
  try {
    if (step.kind !== 'filesystem') {
      const tree = source ?? openInnerTree(kernel, root, step);
      setMountFlags(kernel, tree, step.flags, (step.flags & MS.REC) !== 0);
      attachMount(kernel, tree, target);
      kernel.close(tree);
    } else {
      mountFilesystem(kernel, target, step, log);
    }
  } finally {
    kernel.close(target);
  }
  if (step.propagation !== 0) {
    const mounted = openInRoot(kernel, root, step.target);
    kernel.mount('', `/proc/self/fd/${mounted}`, '', step.propagation, '');
    kernel.close(mounted);
  }
}

/**
 * Mounts a file system with its options. LXC tells it none of those without a value; here they are
 * left out where the file system does not know them.
 */
function mountFilesystem(
  kernel: Kernel,
  target: number,
  { source, fstype, flags, data, what }: MountStep,
  log: (text: string, level: StageLogLevel) => void,
): void {
  const mount = (options: string) => kernel.mount(source, `/proc/self/fd/${target}`, fstype, flags, options);
  try {
    mount(data);
  } catch (error) {
    const options = data.split(',');
    const words = options.filter((option) => option !== '' && !option.includes('='));
    if ((error as { code?: string }).code !== 'EINVAL' || words.length === 0) throw error;
    mount(options.filter((option) => option.includes('=')).join(','));
    log(`${what}: ${fstype} does not know ${words.join(', ')}: passed over`, 'WARN');
  }
}

/** What lies at a path of the container's own, as it is at this moment, as a detached mount. */
function openInnerTree(kernel: Kernel, root: number, step: MountStep): number {
  const at = openInRoot(kernel, root, step.source);
  try {
    return cloneTree(kernel, at, (step.flags & MS.REC) !== 0);
  } finally {
    kernel.close(at);
  }
}

function openTarget(kernel: Kernel, root: number, step: MountStep): number {
  const open = step.create === undefined ? openInRoot : MAKERS[step.create];
  try {
    return open(kernel, root, step.target);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    if (step.create === undefined) throw missingTarget(kernel, root, step, error);
    const end = withoutLinks(kernel, root, step.target);
    return open(kernel, root, end);
  }
}

const MAKERS = { dir: makeDirectoryInRoot, file: makeFileInRoot } as const;

/** Tells a target that is not there from a symlink whose target is not there. */
function missingTarget(kernel: Kernel, root: number, step: MountStep, cause: unknown): TslxcError {
  const target = `/${step.target.replace(/^\/+/, '')}`;
  const end = `/${withoutLinks(kernel, root, step.target)}`;
  const isLink = end !== target;
  return new TslxcError({
    code: 'MOUNT_FAILED',
    message: isLink
      ? `${step.what}: ${target} is a symlink to ${end}, which is not in the container`
      : `${step.what}: ${target} is not in the container`,
    errno: 'ENOENT',
    hint: `make ${end} in the root filesystem, or add create=dir or create=file`,
    cause,
  });
}

/**
 * Covers a directory or file with a read-only copy of its own mount, and the exceptions with
 * writable ones.
 */
function makeReadOnly(kernel: Kernel, root: number, step: MountStep): void {
  const writable = (step.except ?? []).map((path) => {
    const at = openInRoot(kernel, root, path);
    const tree = cloneTree(kernel, at);
    kernel.close(at);
    return { path, tree };
  });
  const target = openInRoot(kernel, root, step.target);
  const tree = cloneTree(kernel, target, true);
  setMountFlags(kernel, tree, MS.RDONLY | step.flags, true);
  attachMount(kernel, tree, target);
  kernel.close(tree);
  kernel.close(target);
  for (const { path, tree: kept } of writable) {
    const at = openInRoot(kernel, root, path);
    attachMount(kernel, kept, at);
    kernel.close(at);
    kernel.close(kept);
  }
}

function withStep(
  step: MountStep,
  act: () => void,
  log?: (text: string) => void,
  earlier: readonly MountStep[] = [],
): void {
  try {
    act();
  } catch (error) {
    if (step.optional) {
      log?.(`${step.what}: ${(error as Error).message} (optional, passed over)`);
      return;
    }
    const failure = toTslxcError(error, 'MOUNT_FAILED', { step: step.what, message: step.what });
    throw new TslxcError({
      ...failure.toJSON(),
      ...step.origin,
      hint: failure.hint ?? hintFor(step, failure.errno, earlier),
      cause: error,
    });
  }
}

function hintFor(
  step: MountStep,
  errno: string | undefined,
  earlier: readonly MountStep[],
): string | undefined {
  if (errno === 'ENOENT')
    return step.kind === 'filesystem'
      ? `make /${step.target} in the root filesystem, or add create=dir`
      : `check that ${step.source} exists ${step.kind === 'inner' ? 'in the container' : 'on the host'} and /${step.target} in the container (create=dir and create=file make it)`;
  if (errno === 'EINVAL' && step.idmap !== undefined)
    return `idmap=${step.idmap}: the file system of ${step.source} cannot be mounted with mapped owners, or that is no user namespace`;
  if (errno === 'EROFS' && step.create) return readOnlyHint(step, earlier);
  if (errno === 'ENODEV') return `the host's kernel has no file system "${step.fstype}"`;
  return undefined;
}

/** Names the read-only mount, in whose source the missing target has to be made. */
function readOnlyHint({ target }: MountStep, earlier: readonly MountStep[]): string {
  const inside = (step: MountStep) => `${target}/`.startsWith(`${step.target.replace(/\/+$/, '')}/`);
  const cover = earlier.findLast((step) => step.kind !== 'readonly' && inside(step));
  if (cover === undefined) return `the root filesystem is read-only: make /${target} in it beforehand`;
  const place = cover.origin ? ` (${cover.origin.file}:${cover.origin.line})` : '';
  return cover.kind === 'bind'
    ? `${cover.source} is mounted read-only on /${cover.target}${place}: make ${target.slice(cover.target.length).replace(/^\/*/, `${cover.source}/`)} on the host beforehand`
    : `/${cover.target}${place} is mounted read-only: mount it without ro, or mount elsewhere`;
}
