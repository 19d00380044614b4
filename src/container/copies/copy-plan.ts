/**
 * How a root filesystem is going to be copied: decided by looking, before anything is made or
 * moved. `copyRootfs` carries such a plan out, `tslxc-copy --dry-run` prints it.
 */
import { statSync } from 'node:fs';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { BackingStore } from '../../storage/backing-store.ts';
import { unlistable } from '../../storage/layer-names.ts';
import { splitOverlay } from '../../storage/overlay-path.ts';
import { copiesBlocksLazily } from '../../storage/reflink.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { storeOf } from '../../storage/stores.ts';
import { keepsOverlays } from '../layers/nested-overlays.ts';
import { whyNotSeal } from '../layers/seal.ts';
import { dependantsOf } from '../lifecycle/dependants.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';

/**
 * `copy`: everything is copied. `share`: the copy stands on what the original has, or it is an
 * error. `cheap`: shared where that costs nothing, else copied. `stand`: the copy stands on the
 * original's files where they are, of which nothing is changed or moved.
 */
export type Way = 'copy' | 'share' | 'cheap' | 'stand';

/** What decides how a copy is made. */
export interface PlannedCopy {
  readonly from: ContainerRef;
  /** The container directory whose layers the copy may share. */
  readonly lxcpath: string;
  readonly way: Way;
  /** What `-B` says; without it the original's. */
  readonly store?: string | undefined;
  /** The copy lies outside the container's directory. */
  readonly outside?: object | undefined;
}

export type CopyPlan =
  /** The original's files become a layer. Both stand on it. */
  | { readonly kind: 'seal' }
  /** The copy stands on the original's directories where they are, the topmost first. */
  | { readonly kind: 'stand'; readonly layers: readonly string[] }
  /** The layers below are shared, and what the original has written above them is copied. */
  | { readonly kind: 'copy-upper' }
  /** A clone by means of the backing store. Without them on the copy's filesystem: `otherwise`. */
  | { readonly kind: 'clone'; readonly otherwise: CopyPlan | undefined }
  /** All files are copied. `why`: where sharing them was looked at and does not do. */
  | { readonly kind: 'copy'; readonly why?: string };

/** Longer chains do not fit into the options of one mount(2). */
export const MOST_LAYERS = 60;

/** What `-B` may say for a clone on layers. LXC takes both. */
const OVERLAY: ReadonlySet<string> = new Set(['overlay', 'overlayfs']);

/** @throws TslxcError NOT_SUPPORTED where the copy is to share files and cannot */
export async function planCopy(copy: PlannedCopy, source: Volume): Promise<CopyPlan> {
  const layered = copy.way !== 'copy' && OVERLAY.has(copy.store ?? 'overlay');
  if (layered && copy.way === 'stand' && (source.type === 'dir' || source.type === 'overlay'))
    return { kind: 'stand', layers: filesInPlace(copy.from, source) };
  // A layer that is still in the container's own directory (-B overlay) stays there, as with LXC.
  if (layered && !copy.outside && hasOwnLower(copy.from, source)) return { kind: 'copy-upper' };
  const nested = layered && source.type === 'dir' ? nestedIn(copy, source) : undefined;
  if (layered && nested === undefined && sharesLayers(copy, source)) {
    if (!(await isStoodOn(copy))) return { kind: 'seal' };
    // Clones by LXC and ephemeral copies name the files where they are: these stay there.
    if (copy.way === 'share') return { kind: 'stand', layers: filesInPlace(copy.from, source) };
    return { kind: 'copy', why: 'clones made by LXC or ephemeral copies stand on them where they are' };
  }
  return await planUnlayered(copy, source, nested);
}

async function planUnlayered(
  copy: PlannedCopy,
  source: Volume,
  nested: string | undefined,
): Promise<CopyPlan> {
  const why =
    nested === undefined ? undefined : `/${nested} in it keeps overlays of its own, which cannot be layers`;
  const all: CopyPlan | undefined =
    copy.way === 'share' || copy.way === 'stand'
      ? undefined
      : { kind: 'copy', ...(why === undefined ? {} : { why }) };
  const store = storeOf(source);
  const same = (copy.store ?? source.type) === source.type && source.type !== 'overlay' && !copy.outside;
  // A btrfs snapshot owes nothing to its original: there it is the better copy in any case.
  if (same && store.snapshotClone && (await prefersClone(copy, source, store)))
    return { kind: 'clone', otherwise: all };
  if (all) return all;
  throw notShared(copy, source);
}

/** @throws TslxcError NOT_SUPPORTED where sharing is a must */
function nestedIn(copy: PlannedCopy, source: Volume): string | undefined {
  if (copy.outside || whyNotSeal(copy.from, source, copy.lxcpath) !== undefined) return undefined;
  const nested = keepsOverlays(source.path);
  if (nested !== undefined && copy.way === 'share') throw nestedOverlays(copy.from, nested);
  return nested;
}

/** What has to outlive its original (a snapshot, a restore) is a clone only where that can. */
async function prefersClone({ way }: PlannedCopy, source: Volume, store: BackingStore): Promise<boolean> {
  if (way === 'copy') return source.type === 'btrfs';
  return way === 'share' || way === 'stand' || (await store.standsAlone?.(source)) !== false;
}

function sharesLayers(copy: PlannedCopy, source: Volume): boolean {
  if (copy.outside || whyNotSeal(copy.from, source, copy.lxcpath) !== undefined) return false;
  const overlay = source.type === 'overlay' ? splitOverlay(source.path) : undefined;
  if (overlay && overlay.lowers.length >= MOST_LAYERS) throw tooLong(copy.from, overlay.lowers.length);
  // Where files can share their blocks a copy is cheap as well, and stands on its own.
  return copy.way === 'share' || source.type !== 'dir' || !copiesBlocksLazily(containerDirectory(copy.from));
}

function hasOwnLower(ref: ContainerRef, source: Volume): boolean {
  const lowers = source.type === 'overlay' ? (splitOverlay(source.path)?.lowers ?? []) : [];
  const own = `${containerOf(containerDirectory(ref))}/`;
  return lowers.some((lower) => lower.startsWith(own));
}

/**
 * The directory of the container that a directory, its own or that of a snapshot of it, belongs to.
 */
function containerOf(directory: string): string {
  return directory.replace(/\/snaps\/snap\d+$/, '');
}

async function isStoodOn({ from, lxcpath }: PlannedCopy): Promise<boolean> {
  return (await dependantsOf(from, lxcpath)).length > 0;
}

/**
 * The directories that make up a root filesystem, the topmost first. @throws TslxcError
 * NOT_SUPPORTED, STORAGE
 */
function filesInPlace(from: ContainerRef, source: Volume): readonly string[] {
  const overlay = source.type === 'overlay' ? splitOverlay(source.path) : undefined;
  const directories = overlay ? [overlay.upper, ...overlay.lowers] : [source.path];
  if (directories.length > MOST_LAYERS) throw tooLong(from, directories.length);
  for (const path of directories) refuseAsLayer(path);
  const nested = overlay ? undefined : keepsOverlays(source.path);
  if (nested !== undefined) throw nestedOverlays(from, nested);
  return directories;
}

function refuseAsLayer(path: string): void {
  const character = unlistable(path);
  const fault = character
    ? `has ${character} in its name: a list of layers cannot hold that`
    : statSync(path, { throwIfNoEntry: false })?.isDirectory()
      ? undefined
      : 'is not there, or is no directory';
  if (fault === undefined) return;
  throw new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `the root filesystem ${path} cannot be shared: it ${fault}`,
    hint: FULL_COPY,
  });
}

const FULL_COPY = 'make a full copy instead, without -s';

export function notShared({ from, lxcpath, store }: PlannedCopy, source: Volume): TslxcError {
  const wanted = store === undefined || OVERLAY.has(store) || store === source.type ? undefined : store;
  const why = wanted
    ? `it cannot become one of type ${wanted} without a copy of all files`
    : `it ${whyNotSeal(from, source, lxcpath) ?? 'cannot become a layer'}`;
  return new TslxcError({
    code: 'NOT_SUPPORTED',
    container: from.name,
    message: `the root filesystem ${source.path} cannot be shared: ${why}`,
    hint: FULL_COPY,
  });
}

function nestedOverlays(ref: ContainerRef, path: string): TslxcError {
  return new TslxcError({
    code: 'NOT_SUPPORTED',
    container: ref.name,
    message: `its files cannot be shared: /${path} in it keeps overlays of its own`,
    hint: FULL_COPY,
  });
}

function tooLong(ref: ContainerRef, length: number): TslxcError {
  return new TslxcError({
    code: 'NOT_SUPPORTED',
    container: ref.name,
    message: `it stands on ${length} layers, and more cannot be mounted`,
    hint: `put its files together first: tslxc-copy -n ${ref.name} --flatten`,
  });
}
