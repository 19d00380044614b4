/** `NAME/rootfs` of containers on layers after a reboot of the host. */
import { areViewsDue } from '../storage/rootfs-view.ts';

/**
 * Shows the files of the containers of a directory, unless a command has done so since the host's
 * boot.
 */
export async function showRootfs(lxcpath: string, name: string | undefined): Promise<void> {
  if (!areViewsDue(lxcpath, name)) return;
  const { showAll, showUnlocked } = await import('../container/layers/show-rootfs.ts');
  if (name !== undefined) showUnlocked({ name, lxcpath });
  showAll(lxcpath);
}
