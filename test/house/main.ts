/** The rules of the house (CONTRIBUTING.md), checked by `npm run lint`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forbiddenWords, languageFaults } from './comment-language.ts';
import { sizeFaults } from './file-size.ts';
import { circleFaults } from './import-circles.ts';
import { processFaults } from './process-access.ts';
import { roomFaults } from './rooms.ts';
import { type Fault, sourceFiles } from './source-files.ts';

/** Files that do not keep a rule yet, by rule. The lists only shrink: `--shrink` drops those that do. */
const NOT_YET = join(import.meta.dirname, 'not-yet.json');
const notYet = JSON.parse(readFileSync(NOT_YET, 'utf8')) as Record<string, string[]>;

const files = sourceFiles();
const words = forbiddenWords();
const faults: Record<string, Fault[]> = {
  imports: [...files.flatMap((file) => [...roomFaults(file)]), ...circleFaults(files)],
  process: files.flatMap((file) => [...processFaults(file)]),
  size: files.flatMap((file) => [...sizeFaults(file)]),
  language: files.flatMap((file) => [...languageFaults(file, words)]),
};

if (process.argv.includes('--shrink')) {
  for (const [rule, paths] of Object.entries(notYet))
    notYet[rule] = paths.filter((path) => faults[rule]?.some((fault) => fault.path === path));
  writeFileSync(NOT_YET, `${JSON.stringify(notYet, null, 2)}\n`);
}

const shown = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
for (const [rule, found] of Object.entries(faults))
  for (const { path, line, message } of found) {
    const isExcused = notYet[rule]?.includes(path);
    if (isExcused && !shown.some((prefix) => `src/${path}`.startsWith(prefix))) continue;
    process.stderr.write(`src/${path}${line === undefined ? '' : `:${line}`}: ${message}\n`);
    if (!isExcused) process.exitCode = 1;
  }
