import { AT, CLONE, MOUNT_ATTR, O, OPEN_TREE_CLONE, POLL, PR, SIG } from '../../kernel/constants.ts';
import { forkRetries } from '../../kernel/fork.ts';
import type { Kernel } from '../../kernel/kernel.ts';

/** Enough to recognize a host on which forks fail; `npm run selftest:fork` does thousands. */
const FORKS = 25;
const PATIENCE = 5000;

export interface ForkSelftest {
  readonly forks: number;
  /** Forks whose first child was incomplete and was replaced. */
  readonly triedAgain: number;
  /** Certified children that crashed, hung or failed in their work. */
  readonly failed: number;
}

/**
 * Forks as the fork server does, and lets the children work as stages do: use the heap until it is
 * collected, and end. Needs a process that was started like the manager (`--single-threaded`).
 */
export function forkSelftest(kernel: Kernel): ForkSelftest {
  const before = forkRetries;
  let failed = 0;
  for (let i = 0; i < FORKS; i++) {
    const pid = kernel.fork();
    if (pid === 0) inChild(kernel, useHeap);
    if (!succeeded(kernel, pid)) failed++;
  }
  return { forks: FORKS, triedAgain: forkRetries - before, failed };
}

/** Makes garbage until V8 has collected some. */
function useHeap(): void {
  const kept: unknown[] = [];
  for (let i = 0; i < 200_000; i++) kept[i % 1000] = { i, text: `number ${i}` };
  if (JSON.stringify(kept).length < 1000) throw new Error('lost');
}

function inChild(kernel: Kernel, work: () => void): never {
  let status = 1;
  try {
    kernel.prctl(PR.SET_PDEATHSIG, SIG.KILL);
    work();
    status = 0;
  } catch {}
  return kernel.exit(status);
}

function succeeded(kernel: Kernel, pid: number): boolean {
  const pidfd = kernel.pidfdOpen(pid);
  const ended = kernel.poll([{ fd: pidfd, events: POLL.IN }], PATIENCE).length > 0;
  if (!ended) kernel.kill(pid, SIG.KILL);
  kernel.close(pidfd);
  return kernel.wait(pid, true)?.status.code === 0;
}

/**
 * Whether a child can make a user namespace, and the files of `directory` can be mounted with the
 * owners of that: what a container with `lxc.idmap` needs. Mounts nothing anywhere. @returns
 * undefined, or what the kernel said
 */
export function idmapFault(
  kernel: Kernel,
  directory: string,
  writeMap: (pid: number) => void,
  openNamespace: (pid: number) => number,
): string | undefined {
  const [from, to] = kernel.pipe();
  const [go, release] = kernel.pipe();
  const pid = kernel.fork();
  if (pid === 0)
    inChild(kernel, () => {
      kernel.close(release);
      kernel.unshare(CLONE.NEWUSER);
      kernel.write(to, Buffer.from([1]));
      kernel.read(go, Buffer.alloc(1));
    });
  kernel.close(to);
  kernel.close(go);
  let userns = -1;
  let tree = -1;
  try {
    if (kernel.read(from, Buffer.alloc(1)) !== 1) return 'no user namespace can be made';
    writeMap(pid);
    userns = openNamespace(pid);
    tree = kernel.openTree(AT.FDCWD, directory, OPEN_TREE_CLONE | O.CLOEXEC);
    kernel.mountSetattr(tree, '', AT.EMPTY_PATH, { set: MOUNT_ATTR.IDMAP, userns });
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).message;
  } finally {
    for (const fd of [from, release, userns, tree]) if (fd >= 0) kernel.close(fd);
    kernel.wait(pid, true);
  }
}
