/** The house rule of docs/design.md: a room imports only from rooms below it, and a library has one room. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** From the top of the house to its foundation. */
const ROOMS = [
  'cli',
  'library',
  'api',
  'manager',
  'container',
  'stage',
  'template',
  'storage',
  'network',
  'cgroup',
  'security',
  'config',
  'terminal',
  'kernel',
  'errors',
  'util',
]; // prettier-ignore

/** Libraries and the places that may import them. */
const LIBRARIES: Record<string, RegExp> = {
  'yargs-parser': /^cli\//,
  chalk: /^cli\//,
  listr2: /^cli\//,
  execa: /^(container|storage|network|template|manager)\//,
};

/** Loaded by its path, without an import. */
const KOFFI = { name: '@koromix/', file: 'kernel/binding.ts' };

const source = resolve(import.meta.dirname, '../../src');
const faults: string[] = [];

for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((f) =>
  f.endsWith('.ts'),
)) {
  const room = file.split('/')[0]!;
  const level = ROOMS.indexOf(room);
  if (level < 0 && file.includes('/')) faults.push(`${file}: room ${room} is not in the list`);
  const text = readFileSync(join(source, file), 'utf8');
  if (text.includes(KOFFI.name) && file !== KOFFI.file)
    faults.push(`${file}: ${KOFFI.name}* may not be loaded here`);
  for (const [, target] of text.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
    if (target!.startsWith('.')) {
      const to = relative(source, resolve(source, dirname(file), target!)).split('/')[0]!;
      if (level >= 0 && ROOMS.indexOf(to) < level)
        faults.push(`${file}: ${room} may not import from ${to} (${target})`);
    } else if (!target!.startsWith('node:')) {
      const allowed = LIBRARIES[target!];
      if (!allowed) faults.push(`${file}: ${target} is not a known dependency`);
      else if (!allowed.test(file)) faults.push(`${file}: ${target} may not be imported here`);
    }
  }
}

for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
