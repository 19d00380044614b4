/**
 * Makes the root filesystem of a copy: shared with the original where that is wanted and can be,
 * else a full copy.
 */
import { join } from 'node:path';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { BackingStore, VolumeOptions, VolumePlace } from '../../storage/backing-store.ts';
import { bytesBelow, copyTree, type CopyReports as TreeReports } from '../../storage/copy-tree.ts';
import { DEFAULT_SIZE } from '../../storage/filesystems.ts';
import { joinOverlay, splitOverlay } from '../../storage/overlay-path.ts';
import type { Volume } from '../../storage/rootfs-path.ts';
import { linkToView } from '../../storage/rootfs-view.ts';
import { chooseStore, storeOf } from '../../storage/stores.ts';
import { lockLayers } from '../layers/lock-layers.ts';
import { makePlaceholder, makeUpper, upperIn } from '../layers/overlay-directory.ts';
import { noteOtherLxcpath } from '../layers/references.ts';
import { sealLayer } from '../layers/seal.ts';
import { showRootfs } from '../layers/show-rootfs.ts';
import type { Moves } from '../rootfs/move-paths.ts';
import { openForReading } from '../rootfs/open-rootfs.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';
import { type CopyPlan, notShared, planCopy, type Way } from './copy-plan.ts';

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
  /** The copy becomes a snapshot, so its files need not be visible in its directory. */
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

/** A filesystem has tables of its own, and who fills it to the last byte cannot start it. */
const WITH_ROOM = 1.3;

export async function copyRootfs(copy: RootfsCopy, source: Volume): Promise<CopiedRootfs> {
  const plan = await planCopy(copy, source);
  if (plan.kind === 'copy' && plan.why !== undefined) copy.onNotice?.(`all files are copied: ${plan.why}`);
  return await carryOut(copy, source, plan);
}

async function carryOut(copy: RootfsCopy, source: Volume, plan: CopyPlan): Promise<CopiedRootfs> {
  switch (plan.kind) {
    case 'seal':
      return await shareLayers(copy, source, sealLayer);
    case 'stand':
      return await shareLayers(copy, source, () => plan.layers);
    case 'copy-upper':
      return await cloneOverlay(copy, source);
    case 'copy':
      return await copyAll(copy, source);
    case 'clone':
      return await cloneOr(copy, source, plan.otherwise);
  }
}

/**
 * The copy may turn out to be on another filesystem than the original, which cannot be cloned to.
 */
async function cloneOr(
  copy: RootfsCopy,
  source: Volume,
  otherwise: CopyPlan | undefined,
): Promise<CopiedRootfs> {
  try {
    return await cloneVolume(copy, source, storeOf(source));
  } catch (error) {
    if (!(error instanceof TslxcError) || error.errno !== 'EXDEV') throw error;
    if (otherwise) return await carryOut(copy, source, otherwise);
    throw notShared(copy, source);
  }
}

/** Shares the layers below and copies the changes above them. */
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
  // A volume on layers that must not share them becomes a plain directory.
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
