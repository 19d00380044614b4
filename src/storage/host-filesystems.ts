import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Whether the kernel can mount a type of filesystem; one that comes as a module is loaded for the
 * look.
 */
export function filesystemIsThere(type: string): boolean {
  const listed = () =>
    new RegExp(`^(nodev)?\\t${type}$`, 'm').test(readFileSync('/proc/filesystems', 'utf8'));
  if (listed()) return true;
  spawnSync('modprobe', ['-q', type], { stdio: 'ignore' });
  return listed();
}
