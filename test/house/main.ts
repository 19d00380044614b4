/** The rules of the house (CONTRIBUTING.md), checked by `npm run lint`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forbiddenWords, languageFaults } from './comment-language.ts';
import { documentFaults } from './document-paths.ts';
import { sizeFaults } from './file-size.ts';
import { circleFaults } from './import-circles.ts';
import { processFaults } from './process-access.ts';
import { roomFaults } from './rooms.ts';
import { type Fault, sourceFiles } from './source-files.ts';

/**
 * How many faults against a rule there are yet. The numbers only shrink: `--shrink` lowers them.
 */
const NOT_YET = join(import.meta.dirname, 'not-yet.json');
const notYet = JSON.parse(readFileSync(NOT_YET, 'utf8')) as Record<string, number>;

const files = sourceFiles();
const words = forbiddenWords();
const faults: Record<string, Fault[]> = {
  imports: [...files.flatMap((file) => [...roomFaults(file)]), ...circleFaults(files)],
  documents: documentFaults(),
  process: files.flatMap((file) => [...processFaults(file)]),
  size: files.flatMap((file) => [...sizeFaults(file)]),
  language: files.flatMap((file) => [...languageFaults(file, words)]),
};

if (process.argv.includes('--shrink')) {
  for (const [rule, most] of Object.entries(notYet)) notYet[rule] = Math.min(most, faults[rule]?.length ?? 0);
  writeFileSync(NOT_YET, `${JSON.stringify(notYet, null, 2)}\n`);
}

/** Paths to look at: their faults are shown even where the rule is not kept everywhere yet. */
const shown = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
for (const [rule, found] of Object.entries(faults)) {
  const isBroken = found.length > (notYet[rule] ?? 0);
  if (isBroken) process.exitCode = 1;
  for (const { path, line, message } of found)
    if ((isBroken && shown.length === 0) || shown.some((prefix) => `src/${path}`.startsWith(prefix)))
      process.stderr.write(
        `${rule === 'documents' ? '' : 'src/'}${path}${line === undefined ? '' : `:${line}`}: ${message}\n`,
      );
}
