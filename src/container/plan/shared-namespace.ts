/**
 * Namespaces that a container does not get of its own: found, named in an error where they cannot
 * be had, opened.
 */
import { closeSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { NamespaceName, NamespaceSource } from '../../config/values/namespace.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { IdMapEntry } from '../../security/id-map.ts';
import { idMapOf, type NamespaceFacts, namespaceAt, openNamespace } from '../../security/namespaces.ts';
import type { JoinedNamespace } from '../../stage/plan.ts';
import { isDefined } from '../state/list.ts';
import type { ContainerRef } from '../state/paths.ts';
import { identify, liveRecord } from '../state/runtime-record.ts';

const WHOSE =
  'name a running container, the number of a process, or the path of a namespace (/proc/PID/ns/…)';

/** A namespace that the container does not own. */
export interface FoundNamespace extends NamespaceFacts {
  /** In words: `the container web1`, `process 42`. */
  readonly whose: string;
  /** A user namespace's maps, where they can be read. */
  readonly idmap?: readonly IdMapEntry[];
}

/** What the host has to say about namespaces. */
export interface NamespaceHost {
  /** The manager's own: the host's; undefined where the kernel has none of the kind. */
  own(name: NamespaceName): NamespaceFacts | undefined;
  /**
   * @param lxcpath where a container that is only named is looked for @throws TslxcError
   *   NAMESPACE_UNAVAILABLE
   */
  find(name: NamespaceName, source: NamespaceSource, lxcpath: string): FoundNamespace;
}

export function namespaceHost(kernel: Kernel): NamespaceHost {
  return {
    own: (name) => {
      try {
        return namespaceAt(kernel, `/proc/self/ns/${name}`, name);
      } catch {
        return undefined;
      }
    },
    find: (name, source, lxcpath) => find(kernel, name, source, lxcpath),
  };
}

function find(kernel: Kernel, name: NamespaceName, source: NamespaceSource, lxcpath: string): FoundNamespace {
  if (source.kind === 'path' && !isDirectory(source.path)) {
    const pid = Number(/^\/proc\/(\d+)\/ns\/\w+$/.exec(source.path)?.[1]);
    return facts(kernel, name, source.path, source.path, pid > 0 ? pid : undefined);
  }
  if (source.kind === 'pid') {
    if (!identify(source.pid)) throw unavailable(`there is no process ${source.pid}`, WHOSE);
    return facts(kernel, name, `/proc/${source.pid}/ns/${name}`, `process ${source.pid}`, source.pid);
  }
  const ref: ContainerRef =
    source.kind === 'path'
      ? { lxcpath: dirname(source.path), name: basename(source.path) }
      : { lxcpath, name: source.name };
  const pid = initOf(ref);
  return facts(kernel, name, `/proc/${pid}/ns/${name}`, `the container ${ref.name}`, pid);
}

/** @throws TslxcError for a container that is not there or does not run */
function initOf(ref: ContainerRef): number {
  const record = liveRecord(ref);
  if (record?.state === 'RUNNING' && record.init) return record.init.pid;
  if (!isDefined(ref)) throw unavailable(`there is no container ${ref.name} in ${ref.lxcpath}`, WHOSE);
  throw unavailable(
    `the container ${ref.name}, whose namespace is to be shared, does not run`,
    `start it first: \`tslxc-start -P ${ref.lxcpath} -n ${ref.name}\``,
  );
}

function facts(
  kernel: Kernel,
  name: NamespaceName,
  path: string,
  whose: string,
  pid: number | undefined,
): FoundNamespace {
  try {
    const found = namespaceAt(kernel, path, name);
    return { ...found, whose, ...(name === 'user' && pid !== undefined ? { idmap: idMapOf(pid) } : {}) };
  } catch (error) {
    const { code = 'EINVAL', message } = error as NodeJS.ErrnoException;
    const why = code === 'EINVAL' ? message : `${path} cannot be opened: ${code}`;
    throw unavailable(
      `the ${name} namespace of ${whose} cannot be shared: ${why}`,
      code === 'EACCES' ? 'it takes power over that process, as to trace it (ptrace(2))' : WHOSE,
    );
  }
}

function unavailable(message: string, hint?: string): TslxcError {
  return new TslxcError({ code: 'NAMESPACE_UNAVAILABLE', message, ...(hint ? { hint } : {}) });
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Opening it tells why.
    return false;
  }
}

/**
 * Descriptors of namespaces that were found when the start was planned, by their names.
 * @throws TslxcError NAMESPACE_UNAVAILABLE where one has gone meanwhile, or its place is another's
 */
export function openJoined(joined: readonly JoinedNamespace[]): Partial<Record<NamespaceName, number>> {
  const opened: Partial<Record<NamespaceName, number>> = {};
  try {
    for (const { name, path, link } of joined) {
      const now = openNamespace(path, name);
      opened[name] = now.fd;
      if (now.link !== link) throw unavailable(`the ${name} namespace at ${path} is another one by now`);
    }
    return opened;
  } catch (error) {
    for (const fd of Object.values(opened)) closeSync(fd);
    if (error instanceof TslxcError) throw error;
    throw unavailable(`a namespace to be shared has gone: ${(error as Error).message}`);
  }
}
