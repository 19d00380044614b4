/**
 * Gives a container another name: its directory is renamed, and the lines of its configs (its snapshots' too) that name
 * the directory follow. A marker in the directory lets the next command finish when it was killed in between.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { checkName } from '../../config/container-name.ts';
import { readDocument, saveDocument } from '../../config/document-file.ts';
import { loadConfig } from '../../config/load-config.ts';
import { toTslxcError } from '../../errors/tslxc-error.ts';
import { refuseMounts } from '../../storage/remove-tree.ts';
import { alreadyThere } from '../lifecycle/claim-directory.ts';
import { refuseDependants } from '../lifecycle/dependants.ts';
import { sweepLeftovers } from '../recovery/leftovers.ts';
import { nameClone } from '../rootfs/open-rootfs.ts';
import { removeHistory } from '../state/history.ts';
import { lockContainer } from '../state/lock.ts';
import { readMarker, writeMarker } from '../state/marker-file.ts';
import { type ContainerRef, containerDirectory } from '../state/paths.ts';
import { snapshotNames, snapshotsDirectory } from '../state/snapshot-layout.ts';
import { movePaths } from './copied-config.ts';
import { managedVolume } from './copy-container.ts';
import { requireStopped } from './snapshot.ts';

/** `NAME/renaming`, in the directory under either name. */
interface Renaming {
  readonly from: string;
  readonly to: string;
  readonly keepName: boolean;
}

export interface RenameOptions {
  /** Leave the host name inside as it is. */
  readonly keepName?: boolean;
}

/**
 * @throws TslxcError NAME_INVALID, CONTAINER_MISSING, CONTAINER_EXISTS, RUNNING, HAS_DEPENDANTS, CONTAINER_BUSY, STORAGE
 */
export async function renameContainer(
  ref: ContainerRef,
  name: string,
  options: RenameOptions = {},
): Promise<void> {
  checkName(name);
  const to = { name, lxcpath: ref.lxcpath };
  await sweepLeftovers(ref.lxcpath);
  using _lock = lockContainer(ref);
  using _other = lockContainer(to);
  const { recoverContainer } = await import('../recovery/recover.ts');
  await recoverContainer(ref);
  requireStopped(ref);
  if (existsSync(containerDirectory(to))) throw alreadyThere(to, 'EEXIST');
  await refuseDependants(ref);
  // Its snapshots stay below it; the first versions of LXC had them elsewhere, under the name.
  refuseMounts(containerDirectory(ref));
  const marker: Renaming = {
    from: containerDirectory(ref),
    to: containerDirectory(to),
    keepName: options.keepName ?? false,
  };
  const written = configTexts(ref);
  try {
    rmSync(markerFile(ref), { force: true });
    writeMarker(markerFile(ref), marker);
    const legacy = snapshotsDirectory(ref);
    renameSync(containerDirectory(ref), containerDirectory(to));
    removeHistory(ref);
    if (!legacy.startsWith(`${marker.from}/`)) renameSync(legacy, join(legacy, '..', name));
    await finishRename(to);
  } catch (error) {
    // A full disk, say: as long as no config says otherwise, everything can be as it was.
    if (existsSync(markerFile(to)) && isDeepStrictEqual(configTexts(to), written)) moveBack(to, ref);
    throw toTslxcError(error, 'STORAGE', { container: ref.name });
  }
}

function configTexts(ref: ContainerRef): string[] {
  const snapshots = snapshotNames(ref).map((name) => join(snapshotsDirectory(ref), name));
  return [...snapshots, containerDirectory(ref)].map((path) => readFileSync(join(path, 'config'), 'utf8'));
}

function moveBack(from: ContainerRef, to: ContainerRef): void {
  const legacy = snapshotsDirectory(from);
  renameSync(containerDirectory(from), containerDirectory(to));
  if (!legacy.startsWith(`${containerDirectory(from)}/`) && existsSync(legacy))
    renameSync(legacy, join(legacy, '..', to.name));
  rmSync(markerFile(to), { force: true });
}

function markerFile(ref: ContainerRef): string {
  return join(containerDirectory(ref), 'renaming');
}

/** Ends a rename that was killed, whichever name the directory has. Each step can be done again. */
export async function finishRename(ref: ContainerRef): Promise<void> {
  const marker = readMarker<Renaming>(markerFile(ref));
  if (!marker) return;
  const { from, to, keepName } = marker;
  if (from !== undefined && to !== undefined && containerDirectory(ref) === to) {
    const moves = [[from, to]] as const;
    for (const snapshot of snapshotNames(ref)) moveLines(join(snapshotsDirectory(ref), snapshot), moves);
    moveLines(to, moves, keepName ? undefined : basename(to));
    if (!keepName) await nameInside(ref);
  }
  rmSync(markerFile(ref), { force: true });
}

async function nameInside(ref: ContainerRef): Promise<void> {
  const volume = managedVolume(ref);
  if (volume) await nameClone(ref, volume);
}

/** Lets the config in `directory`, and an fstab that it names, say the new place. */
function moveLines(directory: string, moves: readonly (readonly [string, string])[], name?: string): void {
  const file = join(directory, 'config');
  const document = readDocument(file);
  for (const setting of document.settings()) {
    const value = movePaths(setting.value, moves);
    if (value !== setting.value) document.rewriteLine(setting, setting.key, value);
  }
  if (name !== undefined) {
    document.remove('lxc.utsname');
    document.set('lxc.uts.name', name);
  }
  saveDocument(file, document);
  const fstab = loadConfig(file).get('lxc.mount.fstab')?.value;
  if (fstab?.startsWith(`${directory}/`) && existsSync(fstab))
    writeFileSync(fstab, movePaths(readFileSync(fstab, 'utf8'), moves));
}
