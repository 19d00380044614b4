import { MS, O, S_IFCHR } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { makeDevice } from '../kernel/structs.ts';
import { makeDirectoryInRoot, makeFileInRoot, openInRoot } from './in-root.ts';
import { attachMount, openHostTree } from './mounts.ts';
import type { DevicePlan } from './plan.ts';

/** Names in /dev that lead to the process's own descriptors. */
const LINKS: readonly (readonly [string, string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
];

/**
 * The host's device nodes as detached mounts, for a container that may not make its own (a user
 * namespace).
 */
export function openDeviceSources(kernel: Kernel, plan: DevicePlan): number[] {
  return plan.nodes.map(({ name }) => openHostTree(kernel, `/dev/${name}`, false));
}

/**
 * A fresh tmpfs on /dev: never what the image holds there (CVE-2026-41579: `/dev` itself may be a
 * symlink; it is resolved inside the root, and the mount covers it).
 *
 * @returns a descriptor of the new /dev
 */
export function mountDev(kernel: Kernel, root: number, plan: DevicePlan): number {
  const at = makeDirectoryInRoot(kernel, root, 'dev');
  kernel.mount(
    'none',
    `/proc/self/fd/${at}`,
    'tmpfs',
    MS.NOSUID | MS.STRICTATIME,
    `size=${plan.size},mode=755`,
  );
  kernel.close(at);
  return openInRoot(kernel, root, 'dev', O.DIRECTORY);
}

/**
 * Fills /dev: nodes made with mknod, or bound from the host where `sources` are given, and the
 * usual links. The host may be a container itself, in whose user namespace no process can make
 * nodes: then its own are bound, too.
 */
export function populateDev(
  kernel: Kernel,
  dev: number,
  plan: DevicePlan,
  sources: readonly number[] | undefined,
): void {
  // The mode of mknod is subject to the umask.
  const umask = kernel.umask(0);
  plan.nodes.forEach(({ name, major, minor }, i) => {
    if (sources) {
      bindNode(kernel, dev, name, sources[i]!);
      return;
    }
    try {
      kernel.mknodat(dev, name, S_IFCHR | 0o666, makeDevice(major, minor));
    } catch (error) {
      const { code } = error as { code?: string };
      // The autodev hook may have made it.
      if (code === 'EEXIST') return;
      if (code !== 'EPERM') throw error;
      bindNode(kernel, dev, name, openHostTree(kernel, `/dev/${name}`, false));
    }
  });
  kernel.umask(umask);
  linkDescriptors(kernel, dev);
}

/** Makes those links that are missing in /dev, a fresh one or that of the image. */
export function linkDescriptors(kernel: Kernel, dev: number): void {
  for (const [name, target] of LINKS)
    try {
      kernel.symlinkat(target, dev, name);
    } catch (error) {
      // The autodev hook or the image has made the name already, or the image is read-only.
      if (!['EEXIST', 'EROFS', 'EACCES'].includes((error as { code?: string }).code ?? '')) throw error;
    }
}

function bindNode(kernel: Kernel, dev: number, name: string, source: number): void {
  const file = makeFileInRoot(kernel, dev, name);
  attachMount(kernel, source, file);
  kernel.close(file);
  kernel.close(source);
}
