import { TslxcError, toTslxcError } from '../errors/tslxc-error.ts';
import { AT, MNT_DETACH, MS, O, RESOLVE } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { makeDirectoryInRoot, makeFileInRoot, openInRoot } from './in-root.ts';
import { attachMount, cloneTree } from './mounts.ts';
import type { StartDescriptors, StartStagePlan } from './plan.ts';

/** Descriptors of the stage's: masters go to the manager, slaves into the container. */
export interface Terminals {
  readonly console: { readonly master: number; readonly slave: number } | undefined;
  readonly ttys: readonly { readonly master: number; readonly slave: number }[];
  /** O_PATH descriptor of the container's own devpts, or -1. */
  readonly devpts: number;
}

interface Pty {
  readonly master: number;
  readonly slave: number;
}

/** Group `tty` in every distribution. */
const TTY_GROUP = 5;

/**
 * A devpts instance of the container's own: gid 5, mode 620 as LXC's; `gid` is left out where group
 * 5 is not mapped.
 * @returns a descriptor of its root
 */
export function mountDevpts(kernel: Kernel, dev: number, max: number): number {
  dropEntry(kernel, makeDirectoryInRoot(kernel, dev, 'pts'));
  const at = openInRoot(kernel, dev, 'pts', O.DIRECTORY);
  const options = (gid: string) => `newinstance,ptmxmode=0666,mode=0620${gid},max=${max}`;
  const flags = MS.NOSUID | MS.NOEXEC;
  try {
    kernel.mount('devpts', `/proc/self/fd/${at}`, 'devpts', flags, options(`,gid=${TTY_GROUP}`));
  } catch {
    kernel.mount('devpts', `/proc/self/fd/${at}`, 'devpts', flags, options(''));
  }
  kernel.close(at);
  try {
    kernel.symlinkat('pts/ptmx', dev, 'ptmx');
  } catch {
    // A node or a link that the image brought is covered below by nothing: it leads to the same
    // place or to none.
  }
  return openInRoot(kernel, dev, 'pts', O.DIRECTORY);
}

/** Takes away what a mount entry has put on /dev/pts, as LXC does before it mounts a devpts. */
function dropEntry(kernel: Kernel, at: number): void {
  try {
    kernel.umount(`/proc/self/fd/${at}`, MNT_DETACH);
  } catch (error) {
    // EINVAL: nothing is mounted there.
    if ((error as { code?: string }).code !== 'EINVAL') throw error;
  } finally {
    kernel.close(at);
  }
}

/**
 * A pty of the container's devpts, or of the host's where it has none. The slave is taken by
 * descriptor (rule R5). What a guest has mounted over its ptmx is not opened: a file of a FUSE of
 * its own would keep the manager waiting for ever.
 */
export function openPty(kernel: Kernel, devpts: number): Pty {
  const master =
    devpts >= 0
      ? kernel.openat2(
          devpts,
          'ptmx',
          O.RDWR | O.NOCTTY,
          0,
          RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS | RESOLVE.NO_XDEV,
        )
      : kernel.openat2(AT.FDCWD, '/dev/ptmx', O.RDWR | O.NOCTTY, 0, 0);
  return { master, slave: kernel.openPtyPeer(master) };
}

/**
 * A pty for a session from outside: the host's, where the container's devpts has none left. How
 * many the guest may open (`lxc.pty.max`) does not limit sessions from outside.
 * @throws TslxcError when the host has none left either
 */
export function openFreePty(kernel: Kernel, devpts: number): Pty {
  const left = (from: number, otherwise: () => Pty): Pty => {
    try {
      return openPty(kernel, from);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOSPC') throw error;
      return otherwise();
    }
  };
  const onHost = () =>
    left(-1, () => {
      throw new TslxcError({
        code: 'EXEC_FAILED',
        message: 'the host has no free terminal',
        errno: 'ENOSPC',
        hint: 'raise kernel.pty.max: sysctl kernel.pty.max=8192',
      });
    });
  return devpts < 0 ? onHost() : left(devpts, onHost);
}

/** Puts a slave at /dev/NAME, or at /dev/DIR/NAME with a link from /dev/NAME. */
export function placeTerminal(kernel: Kernel, dev: number, dir: string, name: string, slave: number): void {
  if (dir) kernel.close(makeDirectoryInRoot(kernel, dev, dir));
  const file = makeFileInRoot(kernel, dev, dir ? `${dir}/${name}` : name);
  const mount = cloneTree(kernel, slave);
  attachMount(kernel, mount, file);
  kernel.close(mount);
  kernel.close(file);
  if (!dir) return;
  try {
    kernel.symlinkat(`${dir}/${name}`, dev, name);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  }
}

/** The container's devpts, its console and its ttys, each in its place below /dev. */
export function setUpTerminals(kernel: Kernel, dev: number, plan: StartStagePlan): Terminals {
  const inDev = <T>(name: string, act: () => T): T => inPlace(name, plan.dev !== undefined, act);
  const devpts = plan.ptyMax > 0 ? inDev('pts', () => mountDevpts(kernel, dev, plan.ptyMax)) : -1;
  const terminal = (name: string) =>
    inDev(name, () => {
      const pty = openPty(kernel, devpts);
      placeTerminal(kernel, dev, plan.ttyDir, name, pty.slave);
      return pty;
    });
  const console = plan.console ? terminal('console') : undefined;
  const ttys = Array.from({ length: plan.ttys }, (_, i) => terminal(`tty${i + 1}`));
  return { console, ttys, devpts };
}

/** Says which name in /dev is in the way: the image's own /dev may hold anything. */
function inPlace<T>(name: string, fresh: boolean, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const failure = toTslxcError(error, 'MOUNT_FAILED');
    throw new TslxcError({
      ...failure.toJSON(),
      step: 'make the terminals',
      message: `cannot make /dev/${name}: ${failure.errno ?? failure.message}`,
      ...(fresh
        ? {}
        : {
            hint: "lxc.autodev = 0 takes the root filesystem's own /dev: see what is at that name, and leave nothing",
          }),
      cause: error,
    });
  }
}

/**
 * systemd and others put login prompts on the terminals that `container_ttys` names, relative to
 * /dev.
 */
export function terminalNames(kernel: Kernel, { ttys }: Terminals): string[] {
  const names = ttys.map(({ master }) => `pts/${kernel.ptyNumber(master)}`);
  return names.length > 0 ? [`container_ttys=${names.join(' ')}`] : [];
}

/**
 * The console as standard input, output and error; masters stay behind with the manager. Without a
 * console, and for those that are not in `onConsole`, descriptors that were handed over; the rest
 * stays as it is.
 */
export function takeStdio(
  kernel: Kernel,
  terminals: Terminals,
  { stdin, stdout, stderr }: StartDescriptors,
  onConsole: readonly number[] = [0, 1, 2],
): void {
  for (const [fd, given] of [stdin, stdout, stderr].entries()) {
    const from = onConsole.includes(fd) && terminals.console ? terminals.console.slave : given;
    if (from !== undefined) kernel.dup2(from, fd);
  }
}
