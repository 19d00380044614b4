/**
 * Containers inside a container: those that run, by what the kernel says, and those that the files
 * in it define.
 */
import { isFrozen } from '../../cgroup/container-cgroup.ts';
import { splitLine } from '../../config/config-line.ts';
import { isUsableName } from '../../config/container-name.ts';
import { linuxKernel } from '../../kernel/linux.ts';
import { GuestFiles } from '../rootfs/guest-files.ts';
import { byBytes } from '../state/list.ts';
import type { ContainerRef } from '../state/paths.ts';
import { liveRecord } from '../state/runtime-record.ts';
import { addressesOf, interfacesOf } from './addresses.ts';
import { type ContainerInfo, counters, type InfoWanted } from './info.ts';
import { type NestedInit, nestedInits } from './nested-inits.ts';

export interface NestedContainer extends ContainerInfo {
  /** Names from the outermost container to this one. */
  readonly path: readonly string[];
}

/** Where containers are inside, besides where they are outside. */
const USUAL = ['/var/lib/tslxc', '/var/lib/lxc'];

/**
 * The containers in a running container, `depth` levels down, each followed by those in it. What
 * their configs say is read from the files inside without includes: these would be the host's to
 * us.
 */
export function nestedContainers(
  ref: ContainerRef,
  depth: number,
  wanted: InfoWanted = {},
): NestedContainer[] {
  const record = liveRecord(ref);
  if (!record?.init || !record.cgroup || depth < 1) return [];
  const inits = nestedInits(record.cgroup);
  const directories = [...new Set([...USUAL, ref.lxcpath])];

  const inside = (pid: number, path: readonly string[], left: number): NestedContainer[] => {
    if (left === 0) return [];
    const running = new Map<string, NestedInit>();
    for (const init of inits)
      if (init.path.length === path.length && samePath(init.path.slice(0, -1), path.slice(1)))
        running.set(init.path.at(-1)!, init);
    const configs = configsInside(pid, directories);
    return [...new Set([...running.keys(), ...configs.keys()])].sort(byBytes).flatMap((name) => {
      const init = running.get(name);
      const own = [...path, name];
      const info = { ...nestedInfo(name, init, configs.get(name), wanted), path: own };
      return [info, ...(init ? inside(init.pid, own, left - 1) : [])];
    });
  };
  return inside(record.init.pid, [ref.name], depth);
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

/** A guest can have configs without end: these are more than any that are in use. */
const MOST_CONFIGS = 1000;
const MOST_TEXT = 8 * 1024 * 1024;

/** Texts of the configs by container. */
function configsInside(pid: number, directories: readonly string[]): Map<string, string> {
  const configs = new Map<string, string>();
  let bytes = 0;
  const files = GuestFiles.open(linuxKernel(), pid);
  if (!files) return configs;
  try {
    for (const directory of directories)
      for (const name of files.list(directory)) {
        if (configs.has(name) || !isUsableName(name)) continue;
        const text = files.read(`${directory}/${name}/config`);
        if (text !== undefined) configs.set(name, text);
        bytes += text?.length ?? 0;
        if (bytes > MOST_TEXT || configs.size >= MOST_CONFIGS) return configs;
      }
  } finally {
    files.close();
  }
  return configs;
}

function nestedInfo(
  name: string,
  init: NestedInit | undefined,
  config: string | undefined,
  { addresses, statistics }: InfoWanted,
): ContainerInfo {
  const values = (key: string) =>
    (config ?? '').split('\n').flatMap((text) => {
      const line = splitLine(text);
      return line.kind === 'setting' && line.key === key ? [line.value] : [];
    });
  return {
    name,
    state: init === undefined ? 'STOPPED' : isFrozen(init.cgroup) ? 'FROZEN' : 'RUNNING',
    ...(init === undefined ? {} : { pid: init.pid }),
    ips: init && addresses ? addressesOf(init.pid) : [],
    autostart: values('lxc.start.auto').at(-1) === '1',
    groups: values('lxc.group').flatMap((text) => text.split(/\s+/).filter(Boolean)),
    interfaces: init ? interfacesOf(init.pid) : [],
    unprivileged: values('lxc.idmap').some((text) => text !== ''),
    ...(init && statistics ? counters(init.cgroup) : {}),
    links: [],
  };
}
