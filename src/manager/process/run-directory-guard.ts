/** What becomes of a manager whose run directory is removed while it lives. */
import { spawn } from 'node:child_process';
import { statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Kernel } from '../../kernel/kernel.ts';
import { hostRootArgument, keepRootToThread, withReadOnlyHost } from './read-only-host.ts';

/** How long a removal of the directory may take, milliseconds. */
const SETTLE = 200;

/** Calls back once when the socket is gone: no client finds this manager by then. */
export function whenUnreachable(socket: string, onLost: () => void): void {
  const inode = statSync(socket).ino;
  const isLost = () => statSync(socket, { throwIfNoEntry: false })?.ino !== inode;
  const watcher = watch(dirname(socket), { persistent: false }, () => {
    if (!isLost()) return;
    watcher.close();
    setTimeout(onLost, SETTLE);
  });
  watcher.on('error', () => {});
}

/**
 * Starts another manager, which makes the run directory anew and adopts the containers by the notes
 * on their cgroups. It does nothing where a client has started one already.
 */
export function launchSuccessor(kernel: Kernel): void {
  keepRootToThread(kernel);
  const args = [...process.execArgv, process.argv[1]!, hostRootArgument(3)];
  const child = withReadOnlyHost(kernel, (hostRoot) =>
    spawn('/proc/self/exe', args, { detached: true, stdio: ['ignore', 'inherit', 'inherit', hostRoot] }),
  );
  child.on('error', () => {});
  child.unref();
}
