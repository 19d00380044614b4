/** Makes a container: its directory, its config, its root filesystem filled by a template (lxc.md 1.8 and 4.1). */
import { chmodSync, lstatSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigDocument } from '../config/config-document.ts';
import { checkName } from '../config/container-name.ts';
import { readDocument, saveDocument } from '../config/document-file.ts';
import { packageFolder } from '../config/include-path.ts';
import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { type BackingStore, chooseStore } from '../storage/backing-store.ts';
import { diskFull, isDiskFull, tellsOfFullDisk } from '../storage/disk-full.ts';
import { formatVolume } from '../storage/rootfs-path.ts';
import { findTemplate } from '../template/find-template.ts';
import { runTemplate } from '../template/run-template.ts';
import { templateHeader } from '../template/template-header.ts';
import { discardContainer } from './discard.ts';
import { initialConfig, initialConfigFile } from './initial-config.ts';
import { sweepLeftovers } from './leftovers.ts';
import { lockContainer } from './lock.ts';
import {
  isPartial,
  lookBefore,
  makeParents,
  markPartial,
  type OutsideRootfs,
  removeMadeOutside,
  unmarkPartial,
} from './partial-marker.ts';
import { type ContainerRef, configFile, containerDirectory } from './paths.ts';

export interface CreateOptions {
  /** Template name, absolute path of one, or `none`. */
  readonly template: string;
  readonly templateArgs?: readonly string[];
  /** Initial config copied in, instead of the default config. */
  readonly config?: string;
  /** Backing store; only `dir` in this version. */
  readonly backingStore?: string;
  /** Root filesystem directory for `dir`, absolute. */
  readonly directory?: string;
  /** What the template prints is thrown away. */
  readonly quiet?: boolean;
  readonly signal?: AbortSignal;
  /** A big step begins (a short sentence). */
  onStep?(text: string): void;
  /** A line that the template printed. */
  onLine?(text: string, stream: 'stdout' | 'stderr'): void;
}

/** What is looked up and checked before anything is made. */
interface CreatePlan {
  readonly ref: ContainerRef;
  readonly options: CreateOptions;
  /** Path of the template; undefined for `none`. */
  readonly template: string | undefined;
  readonly store: BackingStore;
  /** Undefined: there is to be no root filesystem. */
  readonly rootfs: string | undefined;
  readonly outside: OutsideRootfs | undefined;
  readonly config: ConfigDocument;
}

/**
 * Makes a container. Whatever goes wrong, or when `signal` fires, everything made is removed again; after a kill the
 * next command does that.
 *
 * @throws TslxcError NAME_INVALID, CONTAINER_EXISTS, CONTAINER_BUSY, TEMPLATE_*, CONFIG_*, DISK_FULL, STORAGE …;
 * or the signal's reason
 */
export async function createContainer(ref: ContainerRef, options: CreateOptions): Promise<void> {
  checkName(ref.name);
  const plan = await planCreate(ref, options);
  options.signal?.throwIfAborted();
  await sweepLeftovers(ref.lxcpath);
  using _lock = lockContainer(ref);
  makeDirectory(ref);
  try {
    await fill(plan);
    unmarkPartial(ref);
  } catch (error) {
    const full = tellsOfFullDisk(error) || (isTemplateFailure(error) && isDiskFull(ref.lxcpath));
    const kept = await undo(ref);
    options.signal?.throwIfAborted();
    if (kept) throw toTslxcError(error, 'STORAGE').with({ container: ref.name, hint: kept });
    if (full) throw diskFull(ref.lxcpath, 'what was made is removed', error).with({ container: ref.name });
    throw toTslxcError(error, 'STORAGE', { container: ref.name });
  }
}

async function planCreate(ref: ContainerRef, options: CreateOptions): Promise<CreatePlan> {
  const templates = join(packageFolder(), 'templates');
  const store = chooseStore(options.backingStore ?? 'dir');
  const template = options.template === 'none' ? undefined : await findTemplate(options.template, templates);
  const wanted = template !== undefined || options.directory !== undefined;
  const outside = options.directory === undefined ? undefined : lookBefore(resolve(options.directory));
  return {
    ref,
    options,
    template,
    store,
    rootfs: wanted ? (outside?.path ?? join(containerDirectory(ref), 'rootfs')) : undefined,
    outside,
    config: initialConfig(initialConfigFile(options.config), ref.name),
  };
}

/** 0700: the files of a container, set-id programs and devices among them, are nobody else's (CVE-2016-1581). */
function makeDirectory(ref: ContainerRef): void {
  const directory = containerDirectory(ref);
  try {
    mkdirSync(ref.lxcpath, { recursive: true, mode: 0o711 });
    // A directory with nothing in it is in nobody's way; one with something, config or not, is somebody's.
    if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) rmdirSync(directory);
    mkdirSync(directory);
    chmodSync(directory, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EBUSY' || code === 'ENOTDIR')
      throw alreadyThere(ref, code);
    if (tellsOfFullDisk(error)) throw diskFull(ref.lxcpath, '', error).with({ container: ref.name });
    const denied = code === 'EACCES' || code === 'EPERM';
    throw toTslxcError(error, denied ? 'NOT_PERMITTED' : 'STORAGE', { container: ref.name });
  }
}

function alreadyThere(ref: ContainerRef, errno: string): TslxcError {
  const directory = containerDirectory(ref);
  const defined = lstatSync(configFile(ref), { throwIfNoEntry: false }) !== undefined;
  const what = isPartial(ref)
    ? `${directory} is half made and could not be removed`
    : defined
      ? 'the container already exists'
      : `${directory} is there, but is no container`;
  return new TslxcError({
    code: 'CONTAINER_EXISTS',
    container: ref.name,
    message: what,
    ...(defined ? {} : { errno }),
    hint: defined ? 'choose another name, or destroy it first' : `look at ${directory} and move it away`,
  });
}

async function fill({ ref, options, template, store, rootfs, outside, config }: CreatePlan): Promise<void> {
  const { onStep, signal } = options;
  markPartial(ref, outside);
  if (rootfs !== undefined) {
    if (outside) makeParents(outside);
    if (!store.exists(rootfs)) await store.create(rootfs);
    // Lines in the old language say the same thing.
    for (const key of ['lxc.rootfs', 'lxc.rootfs.backend']) config.remove(key);
    config.set('lxc.rootfs.path', formatVolume({ type: store.type, path: rootfs }));
  }
  const file = configFile(ref);
  writeFileSync(file, config.toString(), { flag: 'wx', mode: 0o640 });
  chmodSync(file, 0o640);
  if (template === undefined || rootfs === undefined) return;
  onStep?.(`Running template ${options.template}`);
  const args = options.templateArgs ?? [];
  await runTemplate({
    template,
    path: containerDirectory(ref),
    name: ref.name,
    rootfs,
    args,
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

/** Removes what was made. Says what is left when it can not. */
async function undo(ref: ContainerRef): Promise<string | undefined> {
  try {
    await removeMadeOutside(ref);
    await discardContainer(ref);
    return undefined;
  } catch (error) {
    return `what was made could not be removed (${(error as Error).message}); tslxc-destroy -n ${ref.name} tries again`;
  }
}
