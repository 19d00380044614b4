/**
 * What a start has acquired, written down before each thing is made: the next process (this
 * manager after a failure, or its successor after a kill) can release it. One JSON object a line
 * below /run, so a reboot clears it.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type CgroupPlan,
  type HookCgroup,
  killAll,
  pidsOf,
  removeCgroup,
  removeHookCgroups,
  tryRemoveCgroup,
} from '../../cgroup/container-cgroup.ts';
import { SIG } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { NicClaim } from '../../network/nics/nic-driver.ts';
import { releaseNicClaim } from '../../network/nics/nics.ts';
import { showStopped } from '../layers/show-rootfs.ts';
import { type ContainerRef, containerRunDirectory, runDirectory } from '../state/paths.ts';
import { isAlive, type ProcessIdentity } from '../state/runtime-record.ts';
import { removeSharedMount } from './shared-mount.ts';

export type JournalEntry =
  | { readonly kind: 'cgroup'; readonly plan: CgroupPlan }
  | { readonly kind: 'hook-cgroups'; readonly plan: readonly HookCgroup[] }
  | { readonly kind: 'nic'; readonly claim: NicClaim }
  | { readonly kind: 'process'; readonly process: ProcessIdentity }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'shared-mount'; readonly path: string }
  /** The host sees its files as the container does. */
  | ({ readonly kind: 'rootfs-view' } & ContainerRef);

const FILE = 'journal';
const LXCPATH = 'lxcpath';

/**
 * How each kind is given back. Every one of them may be done twice, or when the thing was never
 * made.
 */
const RELEASE: {
  readonly [K in JournalEntry['kind']]: (
    entry: Extract<JournalEntry, { kind: K }>,
    kernel: Kernel,
  ) => void | Promise<void>;
} = {
  async cgroup({ plan }, kernel) {
    if (tryRemoveCgroup(plan)) return;
    if (pidsOf(plan).length > 0) await killAll(kernel, plan);
    await removeCgroup(plan);
  },
  'hook-cgroups'({ plan }) {
    removeHookCgroups(plan);
  },
  nic({ claim }, kernel) {
    return releaseNicClaim(kernel, claim);
  },
  process({ process }, kernel) {
    if (!isAlive(process)) return;
    try {
      kernel.kill(process.pid, SIG.KILL);
    } catch (error) {
      // The process ended between the look and the signal.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  },
  file({ path }) {
    rmSync(path, { force: true });
  },
  'shared-mount'({ path }, kernel) {
    removeSharedMount(kernel, path);
  },
  'rootfs-view'({ name, lxcpath }, kernel) {
    showStopped(kernel, { name, lxcpath });
  },
};

/** Whether an entry belongs to the network, which is released before the stop hooks, as in LXC. */
export const isOfNic = ({ kind }: JournalEntry): boolean => kind === 'nic';

/** An interface of the host that the container has: it is back before the down scripts run. */
export const isLent = (entry: JournalEntry): boolean => entry.kind === 'nic' && entry.claim.type === 'lent';

export class Journal {
  readonly #ref: ContainerRef;
  readonly #file: string;
  /** What this process wrote, or what an adopted run needs: the file may be damaged or removed. */
  #expected: readonly JournalEntry[] = [];

  constructor(ref: ContainerRef) {
    this.#ref = ref;
    this.#file = join(containerRunDirectory(ref), FILE);
  }

  /** Call it before the thing is made. @throws Error when the run directory is full */
  add(entry: JournalEntry): void {
    this.#makeDirectory();
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    this.#expected = [...this.#expected, entry];
  }

  #makeDirectory(): void {
    const directory = dirname(this.#file);
    // The name of the directory above is a hash: for a journal without a record.
    const lxcpath = join(dirname(directory), LXCPATH);
    if (existsSync(lxcpath) && existsSync(directory)) return;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(lxcpath, this.#ref.lxcpath);
  }

  /**
   * Entries to be released although the file may not have them: it was damaged or removed. Takes no
   * disk.
   */
  expect(entries: readonly JournalEntry[]): void {
    this.#expected = entries;
  }

  /** Takes back the last entry: another container has its thing. */
  retract(): void {
    const rest = this.entries().slice(0, -1);
    this.#expected = [];
    this.#rewrite(rest);
  }

  #rewrite(entries: readonly JournalEntry[]): void {
    rmSync(this.#file, { force: true });
    for (const entry of entries) this.add(entry);
  }

  entries(): JournalEntry[] {
    const written = this.#written();
    const known = new Set(written.map((entry) => JSON.stringify(entry)));
    return [...this.#expected.filter((entry) => !known.has(JSON.stringify(entry))), ...written];
  }

  #written(): JournalEntry[] {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return [];
    }
    // The last line may have been cut short by a kill: then its thing was not made.
    return text.split('\n').flatMap((line) => {
      try {
        const entry = JSON.parse(line) as JournalEntry;
        return Object.hasOwn(RELEASE, entry.kind) ? [entry] : [];
      } catch {
        return [];
      }
    });
  }

  /**
   * Gives everything back, the last thing first, and forgets it. What could not be released stays
   * written down.
   * @param which entries to release now; the others stay written down
   * @returns the failures
   */
  async release(kernel: Kernel, which: (entry: JournalEntry) => boolean = () => true): Promise<Error[]> {
    const failures: Error[] = [];
    const released = new Set<string>();
    for (const entry of this.entries().filter(which).reverse())
      try {
        await RELEASE[entry.kind](entry as never, kernel);
        released.add(JSON.stringify(entry));
      } catch (error) {
        failures.push(error as Error);
      }
    // Entries may have been added during the release.
    const left = this.entries().filter((entry) => !released.has(JSON.stringify(entry)));
    this.#expected = [];
    try {
      this.#rewrite(left);
    } catch (error) {
      failures.push(error as Error);
    }
    return failures;
  }
}

/**
 * Containers that have a journal: a start that was killed before its record was written leaves only
 * that.
 */
export function journaledContainers(): ContainerRef[] {
  const root = join(runDirectory(), 'containers');
  if (!existsSync(root)) return [];
  return readdirSync(root).flatMap((path) => {
    const file = join(root, path, LXCPATH);
    if (!existsSync(file)) return [];
    const lxcpath = readFileSync(file, 'utf8');
    if (!lxcpath.startsWith('/')) return [];
    return readdirSync(join(root, path))
      .filter((name) => existsSync(join(root, path, name, FILE)))
      .map((name) => ({ name, lxcpath }));
  });
}
