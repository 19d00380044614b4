/** Where the host sees the files of containers on layers (src/storage/rootfs-view.ts). */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export const VIEWS = '/run/rootfs.tslxc';

/**
 * Unmounts what is shown of containers in directories below `root`, as a reboot of the host does.
 */
export function unmountViews(root: string): void {
  if (!existsSync(VIEWS)) return;
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .reverse();
  for (const entry of readdirSync(VIEWS)) {
    if (!entry.endsWith('.lock') || !readFileSync(join(VIEWS, entry), 'utf8').startsWith(`${root}/`))
      continue;
    const views = join(VIEWS, entry.replace(/\.lock$/, ''));
    // A command of another test may have swept it meanwhile.
    for (const mount of mounts.filter((path) => path.startsWith(`${views}/`)))
      spawnSync('umount', ['-l', mount], { stdio: 'ignore' });
    for (const suffix of ['', '.lock', '.shown'])
      rmSync(`${views}${suffix}`, { recursive: true, force: true });
  }
}
