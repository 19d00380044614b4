import { closeSync, openSync } from 'node:fs';
import { NAMESPACES } from '../../config/values/namespace.ts';
import { NAMESPACE_FLAG } from '../../security/namespaces.ts';
import type { StartPlan } from '../plan/start-plan.ts';

/** A container's namespaces kept open past the end of its processes, for its stop hooks. */
export class HeldNamespaces {
  readonly #files: readonly { readonly name: string; readonly fd: number }[];

  /** @param shown which of them are the container's own; the others are the host's and of no interest */
  constructor(pid: number, shown: readonly string[]) {
    this.#files = NAMESPACES.filter((name) => shown.includes(name)).flatMap((name) => {
      try {
        return [{ name, fd: openSync(`/proc/${pid}/ns/${name}`, 'r') }];
      } catch {
        // It has ended already, or the kernel has no such namespaces.
        return [];
      }
    });
  }

  #paths(): (readonly [name: string, path: string])[] {
    return this.#files.map(({ name, fd }) => [name, `/proc/${process.pid}/fd/${fd}`]);
  }

  /** `mnt:/proc/PID/fd/N` …: what version 0 of the hooks gets after its own arguments. */
  arguments(): string[] {
    return this.#paths().map(([name, path]) => `${name}:${path}`);
  }

  /** LXC_MNT_NS and its like. */
  variables(): Record<string, string> {
    return Object.fromEntries(this.#paths().map(([name, path]) => [`LXC_${name.toUpperCase()}_NS`, path]));
  }

  close(): void {
    for (const { fd } of this.#files) closeSync(fd);
  }
}

/** What the stop hooks of a container will want; undefined where it has none. `pid`: its init's. */
export function holdNamespaces({ stage, hostHooks }: StartPlan, pid: number): HeldNamespaces | undefined {
  if (!hostHooks.some(({ type }) => type === 'stop')) return undefined;
  const joined = stage.joined.map(({ name }) => name);
  const made = NAMESPACES.filter((name) => (stage.namespaces & NAMESPACE_FLAG[name]) !== 0);
  return new HeldNamespaces(pid, [...(stage.idmap.length > 0 ? ['user'] : []), ...made, ...joined]);
}
