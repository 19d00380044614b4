/** Creates a container: its directory, its config, and a root filesystem filled by a template. */

import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigDocument } from '../../config/config-document.ts';
import { checkName } from '../../config/container-name.ts';
import { readDocument, saveDocument } from '../../config/document-file.ts';
import { readGivenConfig } from '../../config/given-config.ts';
import { packageFolder } from '../../config/include-path.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { BackingStore, VolumeOptions } from '../../storage/backing-store.ts';
import { isDiskFull, tellsOfFullDisk } from '../../storage/disk-full.ts';
import { formatVolume, type Volume } from '../../storage/rootfs-path.ts';
import { chooseStore } from '../../storage/stores.ts';
import { checkVolumeOptions } from '../../storage/volume-options.ts';
import { findTemplate } from '../../template/find-template.ts';
import { runTemplate } from '../../template/run-template.ts';
import { templateHeader } from '../../template/template-header.ts';
import { type CallerSurroundings, ownContext } from '../../util/request-context.ts';
import { sweepLeftovers } from '../recovery/leftovers.ts';
import { exposed, isReachable } from '../rootfs/exposed-tree.ts';
import { lockContainer } from '../state/lock.ts';
import {
  lookBefore,
  makeParents,
  type OutsideRootfs,
  type Partial,
  unmarkPartial,
} from '../state/partial-marker.ts';
import { type ContainerRef, configFile, containerDirectory } from '../state/paths.ts';
import { abandon, claimDirectory } from './claim-directory.ts';
import { initialConfig, initialConfigFile } from './initial-config.ts';

export interface CreateOptions {
  /** Template name, absolute path of one, or `none`. */
  readonly template: string;
  readonly templateArgs?: readonly string[];
  /** Initial config copied in, instead of the default config. */
  readonly config?: string;
  /**
   * What `-B` says: a backing store, `best`, `none`, or a comma list of which the first that works
   * is taken.
   */
  readonly backingStore?: string;
  /** What the new volume is to be like. */
  readonly volumeOptions?: VolumeOptions;
  /** In whose surroundings the template runs. */
  readonly caller?: CallerSurroundings | undefined;
  /** What the template prints is thrown away. */
  readonly quiet?: boolean;
  readonly signal?: AbortSignal;
  /** A big step begins (a short sentence). */
  onStep?(text: string): void;
  /** A line that the template printed. */
  onLine?(text: string, stream: 'stdout' | 'stderr'): void;
}

/** Everything that is resolved and checked before anything is made. */
interface CreatePlan {
  readonly ref: ContainerRef;
  readonly options: CreateOptions;
  /** Path of the template; undefined for `none`. */
  readonly template: string | undefined;
  readonly store: BackingStore;
  /** Undefined: there is to be no root filesystem. */
  readonly volume: Volume | undefined;
  readonly outside: OutsideRootfs | undefined;
  readonly config: ConfigDocument;
}

/**
 * Makes a container. On any failure, or when `signal` fires, everything made is removed again;
 * after a kill the next command does that.
 *
 * @throws TslxcError NAME_INVALID, CONTAINER_EXISTS, CONTAINER_BUSY, TEMPLATE_*, CONFIG_*,
 *   DISK_FULL, STORAGE …; or the signal's reason
 */
export async function createContainer(ref: ContainerRef, options: CreateOptions): Promise<void> {
  checkName(ref.name);
  const plan = await planCreate(ref, options);
  options.signal?.throwIfAborted();
  await sweepLeftovers(ref.lxcpath);
  using _lock = lockContainer(ref);
  claimDirectory(ref, madeOutside(plan), true);
  try {
    await fill(plan);
    unmarkPartial(ref);
  } catch (error) {
    // A template may fail for want of room without a word about it.
    const seemsFull = isTemplateFailure(error) && (tellsOfFullDisk(error) || isDiskFull(ref.lxcpath));
    throw await abandon(ref, error, options.signal, seemsFull);
  }
}

async function planCreate(ref: ContainerRef, options: CreateOptions): Promise<CreatePlan> {
  const templates = join(packageFolder(), 'templates');
  const directory = containerDirectory(ref);
  const { volumeOptions = {} } = options;
  const place = { directory, name: ref.name, options: volumeOptions };
  const store = await chooseStore(options.backingStore ?? 'dir', place);
  checkVolumeOptions(store, volumeOptions);
  const template = options.template === 'none' ? undefined : await findTemplate(options.template, templates);
  const volume =
    template !== undefined || Object.keys(volumeOptions).length > 0 ? store.at(place) : undefined;
  if (volume && !store.inDirectory && (await store.exists(volume))) throw volumeTaken(ref, volume);
  const given = await readGivenConfig(initialConfigFile(options.config), {
    signal: options.signal,
    cwd: (options.caller ?? ownContext()).cwd,
  });
  const outside =
    volumeOptions.directory === undefined ? undefined : lookBefore(resolve(volumeOptions.directory));
  const config = initialConfig(given, ref.name);
  if (outside) refuseExposed(outside, config);
  return { ref, options, template, store, volume, outside, config };
}

/**
 * A directory that the container makes itself is closed; one that is there stays as its owner has
 * made it.
 */
function refuseExposed({ path, parents }: OutsideRootfs, config: ConfigDocument): void {
  const isMapped = config.settings().some(({ key }) => key === 'lxc.idmap' || key === 'lxc.id_map');
  if (isMapped && parents.length === 0 && isReachable(dirname(path))) throw exposed(path);
}

/** What the making of a container makes besides its directory. */
function madeOutside({ store, volume, outside }: CreatePlan): Partial {
  return {
    ...(outside ? { rootfs: outside } : {}),
    ...(volume && !store.inDirectory ? { volume } : {}),
  };
}

async function fill({ ref, options, template, store, volume, outside, config }: CreatePlan): Promise<void> {
  const { onStep, signal } = options;
  if (volume) {
    if (outside) makeParents(outside);
    if (!(await store.exists(volume))) await store.create(volume, options.volumeOptions);
    // Lines in the old language say the same thing.
    for (const key of ['lxc.rootfs', 'lxc.rootfs.backend']) config.remove(key);
    config.set('lxc.rootfs.path', formatVolume(volume));
    // A device or image has its size; a quota is set again at each start.
    const { size } = options.volumeOptions ?? {};
    if (size !== undefined && !store.hasFilesystem) config.set('lxc.rootfs.size', String(size));
  }
  const file = configFile(ref);
  writeFileSync(file, config.toString(), { flag: 'wx', mode: 0o640 });
  chmodSync(file, 0o640);
  if (template === undefined || volume === undefined) return;
  signal?.throwIfAborted();
  onStep?.(`Running template ${options.template}`);
  const args = options.templateArgs ?? [];
  await using rootfs = await store.mount(volume, 'fill');
  await runTemplate({
    template,
    path: containerDirectory(ref),
    name: ref.name,
    rootfs: rootfs.inside,
    command: rootfs.command,
    args,
    caller: options.caller,
    ...(signal ? { signal } : {}),
    ...(onStep ? { onStep: (text: string) => onStep(text) } : {}),
    ...(options.onLine && !options.quiet
      ? { onLine: (text: string, stream: 'stdout' | 'stderr') => options.onLine?.(text, stream) }
      : {}),
  });
  const made = readDocument(file).toString();
  saveDocument(file, ConfigDocument.parse((await templateHeader(template, args)) + made));
}

function isTemplateFailure(error: unknown): boolean {
  return error instanceof TslxcError && error.code === 'TEMPLATE_FAILED';
}

function volumeTaken(ref: ContainerRef, volume: Volume): TslxcError {
  return new TslxcError({
    code: 'STORAGE',
    container: ref.name,
    message: `${volume.path} exists already`,
    errno: 'EEXIST',
    hint: `nothing is put into what is there; remove it, or take another name`,
  });
}
