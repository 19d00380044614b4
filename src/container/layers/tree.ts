/** The graph of clones and snapshots: who stands on which layers. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readConfig } from '../../config/load-config.ts';
import { layersNamedIn } from '../../storage/layer-names.ts';
import { splitOverlay } from '../../storage/overlay-path.ts';
import { volumeOf } from '../../storage/rootfs-path.ts';
import { definedContainers } from '../state/list.ts';
import { type ContainerRef, configFile } from '../state/paths.ts';
import { snapshotNames, snapshotRef } from '../state/snapshot-layout.ts';
import { otherLxcpaths } from './references.ts';

export interface TreeNode {
  readonly kind: 'layer' | 'directory' | 'container' | 'snapshot';
  /**
   * Id of a layer, path of another directory that is stood on, name of a container, `NAME/snapN`.
   */
  readonly name: string;
  /** The backing store of the root filesystem of a container or snapshot, if it has one. */
  readonly type?: string;
  /** The directory of a container in another lxcpath. */
  readonly lxcpath?: string;
  /** The container whose files became the layer, and when. */
  readonly of?: string;
  readonly made?: string;
  readonly children: readonly TreeNode[];
}

interface User {
  readonly node: TreeNode;
  readonly owner: string;
  /** What it stands on, the undermost first. */
  readonly chain: readonly string[];
}

/**
 * Everything related to a container: its snapshots, and all containers and snapshots that share a
 * layer with them.
 */
export function storageTree(ref: ContainerRef): TreeNode[] {
  const users = [ref.lxcpath, ...otherLxcpaths(ref.lxcpath)].flatMap((lxcpath) =>
    definedContainers(lxcpath).flatMap((name) => usersOf({ name, lxcpath }, ref.lxcpath)),
  );
  const owner = join(ref.lxcpath, ref.name);
  let related = users.filter((user) => user.owner === owner);
  for (let before = -1; before !== related.length; ) {
    before = related.length;
    const stoodOn = new Set(related.flatMap(({ chain }) => chain));
    related = users.filter((user) => user.owner === owner || user.chain.some((path) => stoodOn.has(path)));
  }
  return grow(related, 0);
}

function usersOf(ref: ContainerRef, home: string): User[] {
  const away = ref.lxcpath === home ? {} : { lxcpath: ref.lxcpath };
  const owner = join(ref.lxcpath, ref.name);
  const of = (node: ContainerRef, kind: 'container' | 'snapshot', name: string): User => {
    const { type, chain } = rootfsOf(node);
    return {
      owner,
      chain,
      node: { kind, name, ...(type === undefined ? {} : { type }), ...away, children: [] },
    };
  };
  return [
    of(ref, 'container', ref.name),
    ...snapshotNames(ref).map((name) => of(snapshotRef(ref, name), 'snapshot', `${ref.name}/${name}`)),
  ];
}

function rootfsOf(ref: ContainerRef): { type?: string; chain: readonly string[] } {
  try {
    const setting = readConfig(configFile(ref), { name: ref.name }).config.get('lxc.rootfs.path');
    if (!setting) return { chain: [] };
    const { type, path } = volumeOf(setting.value);
    const lowers = type === 'overlay' ? (splitOverlay(path)?.lowers ?? []) : [];
    return { type, chain: lowers.toReversed() };
  } catch {
    return { chain: [] };
  }
}

/** The nodes at one height: those whose chain ends here, and a node for each next layer. */
function grow(users: readonly User[], height: number): TreeNode[] {
  const here = users.filter(({ chain }) => chain.length === height).map(({ node }) => node);
  const next = new Set(users.filter(({ chain }) => chain.length > height).map(({ chain }) => chain[height]!));
  const layers = [...next].map((path) => ({
    ...describe(path),
    children: grow(
      users.filter(({ chain }) => chain[height] === path),
      height + 1,
    ),
  }));
  return [...layers, ...here];
}

function describe(path: string): Omit<TreeNode, 'children'> {
  const [layer] = layersNamedIn(path);
  if (layer === undefined) return { kind: 'directory', name: path };
  return { kind: 'layer', name: layer.slice(dirname(layer).length + 1), ...origin(layer) };
}

function origin(layer: string): { of?: string; made?: string } {
  try {
    const told = JSON.parse(readFileSync(join(layer, 'layer.json'), 'utf8')) as {
      of?: unknown;
      made?: unknown;
    };
    return {
      ...(typeof told.of === 'string' ? { of: told.of } : {}),
      made: typeof told.made === 'string' ? told.made : statSync(layer).mtime.toISOString(),
    };
  } catch {
    return {};
  }
}
