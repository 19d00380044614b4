/**
 * Makes the root filesystem of a copy: shared with the original where that is wanted and can be,
 * else a full copy.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { BackingStore, VolumeOptions, VolumePlace } from '../../storage/backing-store.ts';
import { bytesBelow, copyTree, type CopyReports as TreeReports } from '../../storage/copy-tree.ts';
import { DEFAULT_SIZE } from '../../storage/filesystems.ts';
import { unlistable } from '../../storage/layer-names.ts';
import { joinOverlay, splitOverlay } from '../../storage/overlay-path.ts';
import { copiesBlocksLazily } from '../../storage/reflink.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { linkToView } from '../../storage/rootfs-view.ts';
import { chooseStore, storeOf } from '../../storage/stores.ts';
import { lockLayers } from '../layers/lock-layers.ts';
import { keepsOverlays } from '../layers/nested-overlays.ts';
import { makePlaceholder, makeUpper, upperIn } from '../layers/overlay-directory.ts';
import { noteOtherLxcpath } from '../layers/references.ts';
import { sealLayer, whyNotSeal } from '../layers/seal.ts';
import { showRootfs } from '../layers/show-rootfs.ts';
import { dependantsOf } from '../lifecycle/dependants.ts';
import type { Moves } from '../rootfs/move-paths.ts';
import { openForReading } from '../rootfs/open-rootfs.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';

/**
 * `copy`: everything is copied. `share`: the copy stands on what the original has, or it is an
 * error. `cheap`: shared where that costs nothing, else copied. `stand`: the copy stands on the
 * original's files where they are, of which nothing is changed or moved.
 */
export type Way = 'copy' | 'share' | 'cheap' | 'stand';

export interface CopyReports extends TreeReports {
  onStep?: ((text: string) => void) | undefined;
}

/** A place for a plain root filesystem outside the container's directory. */
export interface DirectoryPlace {
  readonly path: string;
  /** Where it is put now, on the same filesystem. */
  readonly build: string;
}

/** A root filesystem that lies in no directory, as it is made and as it is called in the end. */
export interface VolumePair {
  readonly build: Volume;
  readonly final: Volume;
}

export interface RootfsCopy extends CopyReports {
  readonly from: ContainerRef;
  readonly to: ContainerRef;
  /** The container directory whose layers the copy may share. */
  readonly lxcpath: string;
  readonly way: Way;
  /** What `-B` says; without it the original's. */
  readonly store?: string | undefined;
  /** Bytes, for stores that have a size; the original's unless given. */
  readonly size?: number | undefined;
  readonly buildDirectory: string;
  /** Names a volume that does not lie in the container's directory. */
  readonly volumeName: string;
  readonly outside?: DirectoryPlace | undefined;
  /** Where the copy goes that is to take another one's place. */
  readonly volumes?: VolumePair | undefined;
  /** It becomes a snapshot: nobody looks for its files in its directory. */
  readonly forSnapshot?: boolean;
  /** A volume that does not lie in `buildDirectory` is about to be made. */
  onVolume?(volume: Volume): void;
}

export interface CopiedRootfs {
  /** For the config of the copy. */
  readonly volume: Volume;
  /** Directories that other lines of the config may name, and what they are for the copy. */
  readonly moves: Moves;
  /** To be called once the config of the copy is written: until then the layers stay locked. */
  release(): void;
}

/** Longer chains would not fit into the options of one mount(2). */
export const MOST_LAYERS = 60;

/** A filesystem has tables of its own, and who fills it to the last byte cannot start it. */
const WITH_ROOM = 1.3;

/** What `-B` may say for a clone on layers. LXC takes both. */
const OVERLAY: ReadonlySet<string> = new Set(['overlay', 'overlayfs']);

export async function copyRootfs(copy: RootfsCopy, source: Volume): Promise<CopiedRootfs> {
  const layered = copy.way !== 'copy' && OVERLAY.has(copy.store ?? 'overlay');
  if (layered && copy.way === 'stand' && (source.type === 'dir' || source.type === 'overlay'))
    return await shareLayers(copy, source, () => filesInPlace(copy.from, source));
  // A layer that is still in the container's own directory (-B overlay) stays there, as with LXC.
  if (layered && !copy.outside && hasOwnLower(copy.from, source)) return await cloneOverlay(copy, source);
  if (layered && sharesLayers(copy, source)) {
    // Clones of LXC's name the files where they are: these stay there.
    if (!(await isStoodOn(copy))) return await shareLayers(copy, source, sealLayer);
    if (copy.way === 'share') return await shareLayers(copy, source, () => filesInPlace(copy.from, source));
    copy.onNotice?.('all files are copied: clones made by LXC stand on them where they are');
  }
  const store = storeOf(source);
  const same = (copy.store ?? source.type) === source.type && source.type !== 'overlay' && !copy.outside;
  // A btrfs snapshot owes nothing to its original: there it is the better copy in any case.
  if (same && store.snapshotClone && (await prefersClone(copy, source, store)))
    try {
      return await cloneVolume(copy, source, store);
    } catch (error) {
      // The copy is to be on another filesystem than the original.
      if (!(error instanceof TslxcError) || error.errno !== 'EXDEV') throw error;
    }
  if (copy.way === 'share' || copy.way === 'stand') throw notShared(copy, source);
  return await copyAll(copy, source);
}

/** What has to outlive its original (a snapshot, a restore) is a clone only where that can. */
async function prefersClone({ way }: RootfsCopy, source: Volume, store: BackingStore): Promise<boolean> {
  if (way === 'copy') return source.type === 'btrfs';
  return way === 'share' || way === 'stand' || (await store.standsAlone?.(source)) !== false;
}

function sharesLayers(copy: RootfsCopy, source: Volume): boolean {
  if (copy.outside || whyNotSeal(copy.from, source, copy.lxcpath) !== undefined) return false;
  const overlay = source.type === 'overlay' ? splitOverlay(source.path) : undefined;
  if (overlay && overlay.lowers.length >= MOST_LAYERS) throw tooLong(copy.from, overlay.lowers.length);
  const nested = source.type === 'dir' ? keepsOverlays(source.path) : undefined;
  if (nested !== undefined) {
    if (copy.way === 'share') throw nestedOverlays(copy.from, nested);
    copy.onNotice?.(
      `all files are copied: /${nested} in it keeps overlays of its own, which cannot be layers`,
    );
    return false;
  }
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

/** What is below is shared, and what was written above it is copied. */
async function cloneOverlay(copy: RootfsCopy, source: Volume): Promise<CopiedRootfs> {
  const { lowers } = splitOverlay(source.path)!;
  const at = (directory: string): Volume => ({
    type: 'overlay',
    path: joinOverlay({ lowers, upper: upperIn(directory) }),
  });
  noteOtherLxcpath(copy.lxcpath, copy.to.lxcpath);
  await storeOf(source).snapshotClone!(source, at(copy.buildDirectory));
  return { volume: at(containerDirectory(copy.to)), moves: [], release() {} };
}

async function isStoodOn({ from, lxcpath }: RootfsCopy): Promise<boolean> {
  return (await dependantsOf(from, lxcpath)).length > 0;
}

/** @param layers makes what both are to stand on, the topmost first */
async function shareLayers(
  copy: RootfsCopy,
  source: Volume,
  layers: (ref: ContainerRef, volume: Volume, lxcpath: string) => readonly string[],
): Promise<CopiedRootfs> {
  const lock = await lockLayers(copy.lxcpath);
  try {
    const lowers = layersOf(copy, source, layers);
    noteOtherLxcpath(copy.lxcpath, copy.to.lxcpath);
    makeUpper(upperIn(copy.buildDirectory), lowers[0]!);
    const rootfs = join(copy.buildDirectory, 'rootfs');
    if (copy.forSnapshot) makePlaceholder(rootfs);
    else linkToView(rootfs, containerDirectory(copy.to));
    const upper = upperIn(containerDirectory(copy.to));
    return {
      volume: { type: 'overlay', path: joinOverlay({ lowers, upper }) },
      moves: rootfsMoves(copy),
      release: () => lock[Symbol.dispose](),
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

function layersOf(
  copy: RootfsCopy,
  source: Volume,
  layers: (ref: ContainerRef, volume: Volume, lxcpath: string) => readonly string[],
): readonly string[] {
  try {
    return layers(copy.from, source, copy.lxcpath);
  } finally {
    // A snapshot has its layers already.
    if (copy.from.lxcpath === copy.lxcpath) showRootfs(copy.from, copy.onNotice);
  }
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

async function cloneVolume(copy: RootfsCopy, source: Volume, store: BackingStore): Promise<CopiedRootfs> {
  const { build, final } = await volumesOf(copy, source, store);
  await store.snapshotClone!(source, build, volumeOptionsOf(copy));
  return { volume: final, moves: [[source.path, final.path], ...rootfsMoves(copy)], release() {} };
}

async function copyAll(copy: RootfsCopy, source: Volume): Promise<CopiedRootfs> {
  if (copy.outside) {
    await using from = await openForReading(source);
    await copyTree(from.path, copy.outside.build, copy);
    const { path } = copy.outside;
    return {
      volume: { type: 'dir', path },
      moves: [[source.path, path], ...rootfsMoves(copy)],
      release() {},
    };
  }
  // What stands on layers and is to share nothing any more is a plain directory.
  const wanted = copy.store ?? (source.type === 'overlay' ? 'dir' : source.type);
  const store = await chooseStore(wanted, placeOf(copy, wanted === source.type ? source : undefined));
  const { build, final } = await volumesOf(copy, source, store);
  await using from = await openForReading(source);
  if (store.type !== 'dir') await store.create(build, await filesystemLike(copy, source, store, from.path));
  await using to = store.type === 'dir' ? undefined : await store.mount(build, 'fill');
  await copyTree(from.path, to?.path ?? build.path, copy);
  const moves =
    source.type === 'overlay' || final.type === 'overlay' ? [] : [[source.path, final.path] as const];
  return { volume: final, moves: [...moves, ...rootfsMoves(copy)], release() {} };
}

/** Size and type of a device or image that is to hold what the original has. */
async function filesystemLike(
  copy: RootfsCopy,
  source: Volume,
  store: BackingStore,
  content: string,
): Promise<VolumeOptions> {
  if (!store.hasFilesystem) return volumeOptionsOf(copy);
  const { size, fstype } = await storeOf(source).usage(source);
  return {
    size: copy.size ?? size ?? Math.max(DEFAULT_SIZE, Math.ceil((await bytesBelow(content)) * WITH_ROOM)),
    ...(fstype === undefined ? {} : { fstype }),
  };
}

/** The volume as it is being made, and as it is in the end. */
async function volumesOf(copy: RootfsCopy, source: Volume, store: BackingStore): Promise<VolumePair> {
  if (copy.volumes && !store.inDirectory) return copy.volumes;
  const place = placeOf(copy, source.type === store.type ? source : undefined);
  const final = store.at(place);
  if (store.inDirectory) return { build: store.at({ ...place, directory: copy.buildDirectory }), final };
  if (final.path === source.path || (await store.exists(final)))
    throw new TslxcError({ code: 'STORAGE', message: `${final.path} exists already`, errno: 'EEXIST' });
  copy.onVolume?.(final);
  return { build: final, final };
}

function placeOf(copy: RootfsCopy, beside?: Volume): VolumePlace {
  const place = {
    directory: containerDirectory(copy.to),
    name: copy.volumeName,
    options: volumeOptionsOf(copy),
  };
  return beside ? { ...place, beside } : place;
}

function volumeOptionsOf({ size }: RootfsCopy): { size?: number } {
  return size === undefined ? {} : { size };
}

/**
 * Lines may name the directory of the root filesystem, which has the same place in every container
 * directory.
 */
function rootfsMoves(copy: RootfsCopy): Moves {
  return [[join(containerDirectory(copy.from), 'rootfs'), join(containerDirectory(copy.to), 'rootfs')]];
}

const FULL_COPY = 'make a full copy instead, without -s';

function notShared({ from, lxcpath, store }: RootfsCopy, source: Volume): TslxcError {
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
