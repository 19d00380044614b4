/** Settings of an ephemeral copy (`lxc-copy -e`). */
import { randomInt } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { loadConfig } from '../config/load-config.ts';
import { type ContainerRef, configFile, containerDirectory } from '../container/state/paths.ts';
import { TslxcError } from '../errors/tslxc-error.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export interface EphemeralOptions {
  /** The copy stays when it stops. */
  readonly keepData: boolean;
  /** The copy's changes are kept in memory. */
  readonly memory: boolean;
  /** Mounts as `-m` takes them; an item may hold several, separated by commas. */
  readonly mounts: readonly string[];
  readonly cwd: string;
}

/** `NAME_` and six random characters. */
export function ephemeralName(name: string): string {
  return `${name}_${Array.from({ length: 6 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
}

/** The config lines of the copy. @throws TslxcError USAGE for a mount that is not understood */
export function ephemeralSettings(
  to: ContainerRef,
  options: EphemeralOptions,
): [key: string, value: string][] {
  const mounts = options.mounts.flatMap((list) => list.split(','));
  return [
    ...(options.keepData ? [] : ([['lxc.ephemeral', '1']] as [string, string][])),
    ...(options.memory ? ([['lxc.rootfs.volatile', '1']] as [string, string][]) : []),
    ...mounts.map((mount, index): [string, string] => ['lxc.mount.entry', mountEntry(to, mount, index)]),
  ];
}

/**
 * Makes the directories that the copy's mounts write to.
 * @throws TslxcError NOT_SUPPORTED for an overlay in a container with an id map
 */
export function prepareMounts(to: ContainerRef, options: Pick<EphemeralOptions, 'mounts'>): void {
  const mounts = options.mounts.flatMap((list) => list.split(','));
  for (const [index, mount] of mounts.entries()) {
    if (!mount.startsWith('overlay=')) continue;
    if (loadConfig(configFile(to), { name: to.name }).getAll('lxc.idmap').length > 0)
      throw new TslxcError({
        code: 'NOT_SUPPORTED',
        container: to.name,
        message: `mount "${mount}": a container with an id map could not write to it`,
        hint: 'use bind= instead',
      });
    for (const part of ['delta', 'work']) mkdirSync(join(overlayPlace(to, index), part), { recursive: true });
  }
}

function overlayPlace(to: ContainerRef, index: number): string {
  return join(containerDirectory(to), `overlay-${index}`);
}

function mountEntry(to: ContainerRef, mount: string, index: number): string {
  const [, type, rest = ''] = /^(bind|overlay)=(.*)$/.exec(mount) ?? [];
  const [source = '', target = source, mode = 'rw', ...more] = rest.split(':');
  const wrong =
    type === undefined
      ? 'it begins with neither bind= nor overlay='
      : !isAbsolute(source) || !isAbsolute(target)
        ? 'both paths have to be absolute'
        : more.length > 0 ||
            (mode !== 'ro' && mode !== 'rw') ||
            (type === 'overlay' && rest.split(':').length > 2)
          ? 'there is too much behind the paths'
          : fault(source);
  if (wrong !== undefined)
    throw new TslxcError({
      code: 'USAGE',
      message: `mount "${mount}": ${wrong}`,
      hint: 'it is written bind=SRC[:DST[:ro|rw]] or overlay=SRC[:DST]',
    });
  const inside = spaced(target.replace(/^\/+/, ''));
  if (type === 'bind') {
    const create = statSync(source).isDirectory() ? 'dir' : 'file';
    return `${spaced(source)} ${inside} none bind,${mode},create=${create} 0 0`;
  }
  const place = overlayPlace(to, index);
  const options = `lowerdir=${source},upperdir=${join(place, 'delta')},workdir=${join(place, 'work')},create=dir`;
  return `overlay ${inside} overlay ${spaced(options)} 0 0`;
}

function fault(source: string): string | undefined {
  return statSync(source, { throwIfNoEntry: false }) ? undefined : `${source} does not exist`;
}

/** Spaces as fstab(5) escapes them. */
function spaced(path: string): string {
  return path.replace(/[ \t]/g, (space) => (space === ' ' ? '\\040' : '\\011'));
}
