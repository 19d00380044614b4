/**
 * The part of a start's plan that says which namespaces the container gets, keeps of the host, or
 * shares with others.
 */
import type { ContainerSpec } from '../../config/container-spec.ts';
import type { Setting } from '../../config/setting.ts';
import { bothKinds } from '../../config/values/id-map.ts';
import { NAMESPACES, type NamespaceName, type NamespaceSource } from '../../config/values/namespace.ts';
import { type ErrorDetails, TslxcError } from '../../errors/tslxc-error.ts';
import { type IdMapEntry, idMapText } from '../../security/id-map.ts';
import { NAMESPACE_FLAG, sameIdMap } from '../../security/namespaces.ts';
import type { StartStagePlan } from '../../stage/plan.ts';
import { RequestedNamespaces, timeOffsets } from './requested-namespaces.ts';
import type { FoundNamespace, NamespaceHost } from './shared-namespace.ts';

export interface NamespacePlan
  extends Pick<StartStagePlan, 'namespaces' | 'joined' | 'clockOffsets' | 'idmap'> {
  /** Those that are the host's. */
  readonly kept: readonly NamespaceName[];
}

/** Where the container's namespace of a kind comes from. */
type Source = 'own' | 'host' | FoundNamespace;
type Sources = Readonly<Record<NamespaceName, Source>>;

/**
 * @throws TslxcError for what cannot be, with file and line
 */
export function planNamespaces(
  config: ContainerSpec,
  host: { readonly namespaces: NamespaceHost; readonly cgroupNamespaces: boolean },
  lxcpath: string,
  warn: (warning: ErrorDetails) => void,
): NamespacePlan {
  const requested = new RequestedNamespaces(config);
  requested.check();
  const sourceOf = (name: NamespaceName): Source => {
    const share = requested.shares.get(name);
    if (share) return findShared(share, name, host.namespaces, lxcpath);
    return requested.isOwn(name, host.cgroupNamespaces) ? 'own' : 'host';
  };
  const sources = Object.fromEntries(NAMESPACES.map((name) => [name, sourceOf(name)])) as unknown as Sources;
  const idmap = idMapFor(config, sources.user, requested);
  if (idmap.length > 0) mustHavePower(config, sources, requested);
  tellOfNics(config, sources.net, warn);
  return {
    namespaces: NAMESPACES.filter((name) => name !== 'user' && sources[name] === 'own').reduce(
      (bits, name) => bits | NAMESPACE_FLAG[name],
      0,
    ),
    joined: NAMESPACES.flatMap((name) => {
      const source = sources[name];
      return typeof source === 'string' ? [] : [{ name, path: source.path, link: source.link }];
    }),
    clockOffsets: timeOffsets(config).map(({ key, value, origin: { file, line } }) => ({
      clock: key === 'lxc.time.offset.boot' ? 'boottime' : 'monotonic',
      ...value,
      origin: { file, line },
    })),
    idmap,
    kept: NAMESPACES.filter((name) => sources[name] === 'host'),
  };
}

/** `host` where it turns out to be the host's own. */
function findShared(
  { value, origin: { file, line } }: Setting<NamespaceSource>,
  name: NamespaceName,
  host: NamespaceHost,
  lxcpath: string,
): Source {
  try {
    const found = host.find(name, value, lxcpath);
    return found.link === host.own(name)?.link ? 'host' : found;
  } catch (error) {
    throw error instanceof TslxcError ? error.with({ file, line }) : error;
  }
}

/** The ids of the container: its own map, or that of the user namespace that it shares. */
function idMapFor(
  config: ContainerSpec,
  source: Source,
  requested: RequestedNamespaces,
): readonly IdMapEntry[] {
  const settings = config.getAll('lxc.idmap');
  const own = settings.flatMap(({ value, origin: { file, line } }) =>
    bothKinds(value).map((entry) => ({ ...entry, origin: { file, line } })),
  );
  if (source === 'own') return own;
  const theirs = source === 'host' ? [] : source.idmap;
  if (theirs === undefined)
    throw new TslxcError({
      code: 'NAMESPACE_UNAVAILABLE',
      message: 'the id map of the user namespace that is to be shared cannot be read',
      ...requested.placeOf('user'),
      hint: 'name the container, or a process in it, instead of a file',
    });
  if (own.length === 0 || sameIdMap(own, theirs)) return theirs;
  const { file, line } = settings[0]!.origin;
  throw new TslxcError({
    code: 'CONFIG_CONFLICT',
    message: `lxc.idmap is not the map of the user namespace that is shared (${theirs.map(idMapText).join(', ') || "the host's: none"})`,
    file,
    line,
    hint: 'clear lxc.idmap with an empty value: the map comes with the namespace',
  });
}

/** Namespaces that the root of a container needs power over, and what would fail without. */
const NEEDS_POWER: readonly {
  readonly name: NamespaceName;
  readonly auto?: string;
  readonly fails: string;
}[] = [
  { name: 'pid', auto: 'proc', fails: 'its root could not mount /proc' },
  { name: 'net', auto: 'sys', fails: 'its root could not mount /sys' },
  { name: 'cgroup', fails: 'it cannot be entered' },
];

/**
 * @throws TslxcError for a namespace of another user namespace than the container's, where that
 *   cannot be
 */
function mustHavePower(config: ContainerSpec, sources: Sources, requested: RequestedNamespaces): void {
  const { user } = sources;
  for (const { name, auto, fails } of NEEDS_POWER) {
    const source = sources[name];
    if (source === 'own' || (source === 'host' && !auto)) continue;
    if (source !== 'host' && typeof user !== 'string' && source.owner === user.link) continue;
    if (auto && !config.getAll('lxc.mount.auto').some(({ value }) => value.fs === auto)) continue;
    const instead = auto ? `, or leave ${auto} out of lxc.mount.auto` : '';
    throw new TslxcError({
      code: 'NAMESPACE_UNAVAILABLE',
      message: `the ${name} namespace of ${source === 'host' ? 'the host' : source.whose} does not belong to the container's user namespace: ${fails}`,
      ...requested.placeOf(name),
      hint:
        source === 'host'
          ? `do without lxc.idmap${instead}`
          : `share the user namespace that it belongs to as well (lxc.namespace.share.user)${instead}`,
    });
  }
}

/**
 * Refuses interfaces of the config where the network belongs to another container or to the host.
 */
function tellOfNics(config: ContainerSpec, source: Source, warn: (warning: ErrorDetails) => void): void {
  if (source === 'own') return;
  for (const { index, type, origin } of config.nics()) {
    if (!type || type.value === 'none' || type.value === 'empty') continue;
    warn({
      code: 'CONFIG_CONFLICT',
      message: `lxc.net.${index} is left out: the container has the network of ${source === 'host' ? 'the host' : source.whose}`,
      file: origin.file,
      line: origin.line,
    });
  }
}
