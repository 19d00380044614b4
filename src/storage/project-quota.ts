/**
 * Project quotas: how much the files below a directory may take, on ext4 (feature `project`, mount
 * option `prjquota`) and xfs (`pquota`). New files belong to the project of their directory; only
 * the host's root can change that.
 */
import { closeSync, constants, fstatSync, openSync, statfsSync } from 'node:fs';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { runTool } from './run-tool.ts';

const EXT4_MAGIC = 0xef53;
/** Above what people number their own projects with. */
const FIRST_PROJECT = 0x40000000;
const PROJECTS = 0x3fffffff;

/**
 * Limits what trees of one filesystem may take together, in bytes; 0 takes the limit away.
 * @throws TslxcError NOT_SUPPORTED where the filesystem keeps no project quota
 */
export async function limitTrees(
  trees: readonly [string, ...string[]],
  size: number,
  kernel = linuxKernel(),
): Promise<void> {
  const [first] = trees;
  const fd = openDirectory(first);
  try {
    const { id, inherited } = projectOf(kernel, fd, first);
    if (size === 0) {
      if (id !== 0 && inherited && kernel.keepsProjectQuota(fd)) kernel.setProjectLimit(fd, id, 0);
      return;
    }
    if (!kernel.keepsProjectQuota(fd)) throw noProjectQuota(first);
    const project = id !== 0 && inherited ? id : freeProject(kernel, fd);
    for (const tree of trees) await assign(kernel, tree, project);
    kernel.setProjectLimit(fd, project, size);
  } catch (error) {
    if (error instanceof TslxcError) throw error;
    throw noProjectQuota(first, error);
  } finally {
    closeSync(fd);
  }
}

/** The limit of a tree and what counts against it; both undefined where there is none. */
export function treeUsage(
  tree: string,
  kernel = linuxKernel(),
): { size: number | undefined; used: number | undefined } {
  const none = { size: undefined, used: undefined };
  let fd: number | undefined;
  try {
    fd = openDirectory(tree);
    const { id, inherited } = kernel.projectOf(fd);
    if (id === 0 || !inherited || !kernel.keepsProjectQuota(fd)) return none;
    const { limit, used } = kernel.projectUsage(fd, id);
    return limit === 0 ? none : { size: limit, used };
  } catch {
    return none;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * ext4 does not hold CAP_SYS_RESOURCE in the host's user namespace to a quota; xfs and btrfs do.
 */
export function rootEscapesQuota(path: string): boolean {
  return statfsSync(path).type === EXT4_MAGIC;
}

function openDirectory(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

function projectOf(kernel: Kernel, fd: number, path: string): { id: number; inherited: boolean } {
  try {
    return kernel.projectOf(fd);
  } catch (error) {
    throw noProjectQuota(path, error);
  }
}

/**
 * Finds a project without files. The directory's inode number makes the first attempt likely to
 * succeed.
 */
function freeProject(kernel: Kernel, fd: number): number {
  const start = Number(fstatSync(fd, { bigint: true }).ino % BigInt(PROJECTS));
  for (let i = 0; i < PROJECTS; i++) {
    const id = FIRST_PROJECT + ((start + i) % PROJECTS);
    if (kernel.projectUsage(fd, id).used === 0) return id;
  }
  throw new TslxcError({ code: 'STORAGE', message: 'there is no free project number' });
}

/** Lets a tree belong to a project, with all that is in it. */
async function assign(kernel: Kernel, tree: string, project: number): Promise<void> {
  const fd = openDirectory(tree);
  try {
    const present = kernel.projectOf(fd);
    if (present.id === project && present.inherited) return;
    // Links and device nodes have no attributes and are passed over.
    await runTool({
      tool: 'chattr',
      args: ['-R', '-f', '-p', String(project), '+P', '--', tree],
      package: 'e2fsprogs',
    });
    kernel.setProject(fd, project);
  } finally {
    closeSync(fd);
  }
}

function noProjectQuota(path: string, cause?: unknown): TslxcError {
  return new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `the size of ${path} cannot be limited: its filesystem keeps no project quota`,
    hint: 'mount it with prjquota (ext4 with the feature project) or pquota (xfs), or take -B loop or btrfs, which have sizes of their own',
    cause,
  });
}
