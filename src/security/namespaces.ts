/**
 * Existing namespaces: which one a path names, which user namespace owns it, and the ids of a user
 * namespace.
 */
import { closeSync, constants, openSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import type { NamespaceName } from '../config/values/namespace.ts';
import { CLONE } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type IdMapEntry, idMapText } from './id-map.ts';

/** The CLONE_NEW* flag of a namespace, by its file name in /proc/PID/ns. */
export const NAMESPACE_FLAG: Readonly<Record<NamespaceName, number>> = {
  user: CLONE.NEWUSER,
  mnt: CLONE.NEWNS,
  pid: CLONE.NEWPID,
  uts: CLONE.NEWUTS,
  ipc: CLONE.NEWIPC,
  net: CLONE.NEWNET,
  cgroup: CLONE.NEWCGROUP,
  time: CLONE.NEWTIME,
};

/** An existing namespace. */
export interface NamespaceFacts {
  /** A path that opens the namespace. */
  readonly path: string;
  /** Identity of the namespace: `net:[4026531840]`. */
  readonly link: string;
  /** Identity of the user namespace that owns the namespace; for a user namespace, its own. */
  readonly owner: string;
}

/** Magic number of nsfs (linux/magic.h). */
const NSFS = 0x6e736673;

/**
 * Opens a namespace by its file. Never opens anything but a namespace.
 * @returns a descriptor, and the kernel's name of the opened namespace (`net:[4026531840]`)
 * @throws Error of node:fs with a `code`; EINVAL for a file that is no namespace of this kind
 */
export function openNamespace(path: string, name: NamespaceName): { fd: number; link: string } {
  const wrong = (what: string) => Object.assign(new Error(`${path} is ${what}`), { code: 'EINVAL' });
  if (statfsSync(path).type !== NSFS) throw wrong('not a namespace');
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const link = readlinkSync(`/proc/self/fd/${fd}`);
  if (link.startsWith(`${name}:[`)) return { fd, link };
  closeSync(fd);
  throw wrong(`no ${name} namespace (${link})`);
}

/** @throws as openNamespace */
export function namespaceAt(kernel: Kernel, path: string, name: NamespaceName): NamespaceFacts {
  const { fd, link } = openNamespace(path, name);
  try {
    if (name === 'user') return { path, link, owner: link };
    const userns = kernel.owningUserNamespace(fd);
    try {
      return { path, link, owner: readlinkSync(`/proc/self/fd/${userns}`) };
    } finally {
      closeSync(userns);
    }
  } finally {
    closeSync(fd);
  }
}

/** The maps of a process's user namespace, as seen from the host. */
export function idMapOf(pid: number): IdMapEntry[] {
  return (['u', 'g'] as const).flatMap((type) =>
    readFileSync(`/proc/${pid}/${type}id_map`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(({ length }) => length === 3)
      .map(([nsId, hostId, range]) => ({ type, nsId: nsId!, hostId: hostId!, range: range! })),
  );
}

/** Two maps are the same if they map every id alike; the order of their entries does not matter. */
export function sameIdMap(a: readonly IdMapEntry[], b: readonly IdMapEntry[]): boolean {
  const words = (map: readonly IdMapEntry[]) => map.map(idMapText).sort().join('\n');
  return words(a) === words(b);
}
