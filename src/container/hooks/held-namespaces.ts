/**
 * A container's namespaces kept open past the end of its processes, for the hooks and scripts of
 * its end.
 */
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { NAMESPACES, type NamespaceName } from '../../config/values/namespace.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { NAMESPACE_FLAG } from '../../security/namespaces.ts';
import type { StartPlan } from '../plan/start-plan.ts';

export class HeldNamespaces {
  readonly #kernel: Kernel;
  #files: readonly { readonly name: string; readonly fd: number }[];

  /** @param pid of the container's init */
  constructor(kernel: Kernel, pid: number, names: readonly NamespaceName[]) {
    this.#kernel = kernel;
    this.#files = names.flatMap((name) => {
      try {
        return [{ name, fd: openSync(`/proc/${pid}/ns/${name}`, 'r') }];
      } catch {
        // Init has ended already, or the kernel has no such namespaces.
        return [];
      }
    });
  }

  #paths(): (readonly [name: string, path: string])[] {
    return this.#files.map(({ name, fd }) => [name, `/proc/${process.pid}/fd/${fd}`]);
  }

  /** `mnt:/proc/PID/fd/N` …: what stop hooks of version 0 get after their own arguments. */
  arguments(): string[] {
    return this.#paths().map(([name, path]) => `${name}:${path}`);
  }

  /** LXC_MNT_NS and its like. */
  variables(): Record<string, string> {
    return Object.fromEntries(this.#paths().map(([name, path]) => [`LXC_${name.toUpperCase()}_NS`, path]));
  }

  /** Forgets one of them. */
  drop(dropped: NamespaceName): void {
    for (const { name, fd } of this.#files) if (name === dropped) closeSync(fd);
    this.#files = this.#files.filter(({ name }) => name !== dropped);
  }

  /**
   * Ends the namespaces and leaves their paths harmless: post-stop hooks have the variables, as
   * with LXC, and the numbers must not lead to other descriptors of the manager's meanwhile.
   */
  release(): void {
    const nothing = openSync('/dev/null', 'r');
    for (const { fd } of this.#files) {
      this.#kernel.dup2(nothing, fd);
      this.#kernel.setCloexec(fd, true);
    }
    closeSync(nothing);
  }

  close(): void {
    for (const { fd } of this.#files) closeSync(fd);
  }
}

/**
 * The namespaces that hooks and scripts of a container's end are told of: its own and joined ones,
 * not the host's. Undefined where there is no such hook.
 * @param complete false for a start that failed half-way: namespaces that init still shares with
 *   this process are left out
 */
export function holdNamespaces(
  kernel: Kernel,
  { stage, hostHooks, nics }: StartPlan,
  { pid, complete }: { readonly pid: number; readonly complete: boolean },
): HeldNamespaces | undefined {
  const wanted =
    hostHooks.some(({ type }) => type === 'stop' || type === 'post-stop') ||
    nics.some(({ scriptDown }) => scriptDown !== undefined);
  if (!wanted) return undefined;
  const joined = new Set(stage.joined.map(({ name }) => name));
  const made = (name: NamespaceName) =>
    (name === 'user' ? stage.idmap.length > 0 : (stage.namespaces & NAMESPACE_FLAG[name]) !== 0) &&
    (complete || isAnother(pid, name));
  const shown = (name: NamespaceName) => joined.has(name) || made(name);
  return new HeldNamespaces(kernel, pid, NAMESPACES.filter(shown));
}

/** A start may have failed before init left the manager's namespace. */
function isAnother(pid: number, name: NamespaceName): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/${name}`) !== readlinkSync(`/proc/self/ns/${name}`);
  } catch {
    return false;
  }
}
