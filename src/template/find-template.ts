import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';

const PREFIX = 'tslxc-';
/**
 * Where LXC's own templates are; they keep to the same contract, so a name may stand for one of
 * them.
 */
const LXC_TEMPLATES = '/usr/share/lxc/templates';

/**
 * The absolute path of a template: `NAME` stands for `<templatesDir>/tslxc-NAME`, where that is
 * missing for LXC's `lxc-NAME`, and an absolute path for itself.
 * @throws TslxcError TEMPLATE_MISSING, which lists what there is.
 */
export async function findTemplate(
  name: string,
  templatesDir: string,
  lxcTemplates = LXC_TEMPLATES,
): Promise<string> {
  if (isAbsolute(name)) {
    await requireProgram(name);
    return name;
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_.+-]*$/.test(name)) {
    throw new TslxcError({
      code: 'TEMPLATE_MISSING',
      message: `"${name}" can not be a template: it is neither a name nor an absolute path`,
      hint: await whatThereIs(templatesDir),
    });
  }
  const ours = join(templatesDir, PREFIX + name);
  const path = (await isMissing(ours)) ? join(lxcTemplates, `lxc-${name}`) : ours;
  if (await isMissing(path)) {
    throw new TslxcError({
      code: 'TEMPLATE_MISSING',
      message: `there is no template ${name} in ${templatesDir}`,
      hint: await whatThereIs(templatesDir),
    });
  }
  await requireProgram(path);
  return path;
}

/** Names of the templates in a folder, sorted. */
export async function listTemplates(templatesDir: string): Promise<string[]> {
  const entries = await readdir(templatesDir).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.sort()) {
    if (entry.startsWith(PREFIX) && (await faultOf(join(templatesDir, entry))) === undefined) {
      found.push(entry.slice(PREFIX.length));
    }
  }
  return found;
}

/** What a user calls the template: the file's name without the prefix of its maker. */
export function templateName(path: string): string {
  return basename(path).replace(/^(tslxc|lxc)-/, '');
}

async function requireProgram(path: string): Promise<void> {
  const fault = await faultOf(path);
  if (fault === undefined) return;
  throw new TslxcError({ code: 'TEMPLATE_MISSING', message: `the template ${path} ${fault}` });
}

/** Why a path can not be run as a template, or undefined. */
async function faultOf(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => error.code ?? 'EIO');
  if (typeof stats === 'string') {
    return stats === 'ENOENT' || stats === 'ENOTDIR' ? 'does not exist' : `can not be reached (${stats})`;
  }
  if (!stats.isFile()) return 'is not a file';
  // Root passes access(2) for X_OK only if some execute bit is set, which is what is asked here.
  return access(path, constants.X_OK).then(
    () => undefined,
    () => 'is not executable',
  );
}

async function whatThereIs(templatesDir: string): Promise<string> {
  const names = await listTemplates(templatesDir);
  return names.length > 0 ? `there are: ${names.join(', ')}` : `there are no templates in ${templatesDir}`;
}

async function isMissing(path: string): Promise<boolean> {
  return (await faultOf(path)) === 'does not exist';
}
