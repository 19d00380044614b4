import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';

const PREFIX = 'tslxc-';
/**
 * The directory of LXC's templates. They keep the same contract, so a template name may mean one of
 * them.
 */
const LXC_TEMPLATES = '/usr/share/lxc/templates';

/**
 * Resolves a template: `NAME` means `<templatesDir>/tslxc-NAME`, or LXC's `lxc-NAME` if that is
 * missing; an absolute path means itself.
 * @throws TslxcError TEMPLATE_MISSING, which lists the available templates
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
      message: `"${name}" cannot be a template: it is neither a name nor an absolute path`,
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

/** Names of the templates in a directory, sorted. */
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

/** A template's name for users: the file name without its maker's prefix. */
export function templateName(path: string): string {
  return basename(path).replace(/^(tslxc|lxc)-/, '');
}

async function requireProgram(path: string): Promise<void> {
  const fault = await faultOf(path);
  if (fault === undefined) return;
  throw new TslxcError({ code: 'TEMPLATE_MISSING', message: `the template ${path} ${fault}` });
}

/** Says why a path cannot be run as a template; undefined if it can. */
async function faultOf(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => error.code ?? 'EIO');
  if (typeof stats === 'string') {
    return stats === 'ENOENT' || stats === 'ENOTDIR' ? 'does not exist' : `cannot be reached (${stats})`;
  }
  if (!stats.isFile()) return 'is not a file';
  // For root, access(2) with X_OK succeeds only if an execute bit is set, so root needs no separate
  // check.
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
