/**
 * Notes on a container's own cgroup, as extended attributes. They live exactly as long as the
 * cgroup, need no disk, and the guest cannot reach them: it sees only the cgroups below.
 * `trusted.*` is read and written by host root alone.
 */
import { join } from 'node:path';
import type { Kernel } from '../kernel/kernel.ts';
import { children } from './files.ts';
import type { CgroupLayout } from './layout.ts';
import type { CgroupPlan } from './plan.ts';

const PREFIX = 'trusted.tslxc.';
/** An attribute takes 64 KiB (linux/limits.h); longer notes are cut into several. */
const PART = 60_000;
const MAX_PARTS = 64;

/**
 * The cgroup that carries the notes of a container: all of its hierarchies have one, the first is
 * marked.
 */
export function markedDirectory(plan: CgroupPlan): string | undefined {
  return plan.hierarchies[0]?.limit;
}

/**
 * Writes a note, over an earlier one of that name. @throws KernelError where the kernel has no such
 * attributes
 */
export function writeMark(kernel: Kernel, directory: string, name: string, text: string): void {
  const bytes = Buffer.from(text);
  const parts = Math.max(1, Math.ceil(bytes.length / PART));
  if (parts > MAX_PARTS) throw new RangeError(`a note of ${bytes.length} bytes`);
  for (let part = 1; part < parts; part++)
    kernel.setXattr(directory, `${PREFIX}${name}.${part}`, bytes.subarray(part * PART, (part + 1) * PART));
  const head = Buffer.concat([Buffer.from(`${parts}\n`), bytes.subarray(0, PART)]);
  kernel.setXattr(directory, PREFIX + name, head);
}

/** The note; undefined where there is none, or only a part of it. */
export function readMark(kernel: Kernel, directory: string, name: string): string | undefined {
  const head = kernel.getXattr(directory, PREFIX + name);
  if (!head) return undefined;
  const end = head.indexOf('\n');
  const parts = [head.subarray(end + 1)];
  for (let part = 1; part < Number(head.toString('latin1', 0, end)); part++) {
    const more = kernel.getXattr(directory, `${PREFIX}${name}.${part}`);
    if (!more) return undefined;
    parts.push(more);
  }
  return Buffer.concat(parts).toString();
}

/** The hierarchy whose cgroups are marked: `markedDirectory` of every plan lies in it. */
export function markedRoot({ hierarchies }: CgroupLayout): string | undefined {
  return (hierarchies.find(({ version }) => version === 2) ?? hierarchies[0])?.mountpoint;
}

/**
 * Every cgroup of the host with a note of that name. What lies below such a cgroup belongs to its
 * guest.
 */
export function markedCgroups(kernel: Kernel, root: string, name: string): { path: string; text: string }[] {
  const found: { path: string; text: string }[] = [];
  const open = [root];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const text = path === root ? undefined : readMark(kernel, path, name);
    if (text === undefined) for (const child of children(path)) open.push(join(path, child));
    else found.push({ path, text });
  }
  return found;
}
