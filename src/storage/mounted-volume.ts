/** Makes the files on a device, in an image or in layers reachable for a while. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { TslxcError } from '../errors/tslxc-error.ts';
import { toolEnvironment } from '../util/own-process.ts';

export interface MountedVolume extends AsyncDisposable {
  /** The content, as a path of this process's: `/proc/PID/root/…` when it is mounted elsewhere. */
  readonly path: string;
  /** The same for programs that are run by `command`. */
  readonly inside: string;
  /** In front of a command that is to see it mounted at `inside`. */
  readonly command: readonly string[];
}

/**
 * Where things are mounted in mount namespaces of our own; nothing is ever to be seen there on the
 * host.
 */
export const MOUNT_POINT = '/run/tslxc-rootfs';

/** World-searchable, so that a mapped root can reach it. */
export function makeMountPoint(): void {
  mkdirSync(MOUNT_POINT, { recursive: true, mode: 0o755 });
}

/** A directory needs nothing. */
export function mountedDirectory(path: string): MountedVolume {
  return { path, inside: path, command: [], async [Symbol.asyncDispose]() {} };
}

/**
 * A small process holds a mount namespace with the mount in it, and ends when our end of its
 * standard input is closed: by us, or by the kernel after a kill. With it go the namespace, the
 * mount, and the loop device that mount(8) made.
 */
const HOLDER = 'mount "$@" && echo mounted && exec cat >/dev/null';

/**
 * Mounts with mount(8), which finds out the filesystem and makes loop devices.
 * @param args what mount(8) takes but for the mount point
 * @throws TslxcError STORAGE with its words, TOOL_MISSING
 */
export async function mountPrivately(what: string, args: readonly string[]): Promise<MountedVolume> {
  makeMountPoint();
  const holder = spawn(
    'unshare',
    ['--mount', '--propagation', 'slave', '--', 'sh', '-c', HOLDER, 'sh', ...args, MOUNT_POINT],
    {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
      env: toolEnvironment(),
      // Ctrl-C is for us; the holder ends when we are done.
      detached: true,
    },
  );
  const ended = once(holder, 'close').catch(() => undefined);
  let words = '';
  let complaint = '';
  holder.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk;
  });
  const mounted = new Promise<void>((resolve, reject) => {
    holder.stdout.on('data', (chunk: Buffer) => {
      words += chunk;
      if (words.includes('mounted\n')) resolve();
    });
    holder.once('error', (cause) =>
      reject(
        new TslxcError({
          code: 'TOOL_MISSING',
          message: 'unshare is not installed',
          hint: 'it is in the package util-linux',
          cause,
        }),
      ),
    );
    holder.once('close', () => reject(mountFailed(what, complaint)));
  });
  await mounted;
  return {
    path: `/proc/${holder.pid}/root${MOUNT_POINT}`,
    inside: MOUNT_POINT,
    command: ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, '--'],
    async [Symbol.asyncDispose]() {
      holder.stdin.destroy();
      await ended;
    },
  };
}

function mountFailed(what: string, complaint: string): TslxcError {
  const words = complaint.trim().split('\n')[0]?.replace(`mount: ${MOUNT_POINT}: `, '');
  return new TslxcError({
    code: 'STORAGE',
    message: `${what} cannot be mounted${words ? `: ${words}` : ''}`,
    cause: complaint,
  });
}
