/** The rules of the house (CONTRIBUTING.md), checked by `npm run lint`. */
import { forbiddenWords, languageFaults } from './comment-language.ts';
import { documentFaults } from './document-paths.ts';
import { sizeFaults } from './file-size.ts';
import { circleFaults } from './import-circles.ts';
import { processFaults } from './process-access.ts';
import { roomFaults } from './rooms.ts';
import { type Fault, sourceFiles } from './source-files.ts';

const files = sourceFiles();
const words = forbiddenWords();
const faults: Record<string, Fault[]> = {
  imports: [...files.flatMap((file) => [...roomFaults(file)]), ...circleFaults(files)],
  documents: documentFaults(),
  process: files.flatMap((file) => [...processFaults(file)]),
  size: files.flatMap((file) => [...sizeFaults(file)]),
  language: files.flatMap((file) => [...languageFaults(file, words)]),
};

/** Only faults in these files are shown and counted; without an argument, all. */
const prefixes = process.argv.slice(2);
for (const [rule, found] of Object.entries(faults))
  for (const { path, line, message } of found) {
    const place = rule === 'documents' ? path : `src/${path}`;
    if (prefixes.length > 0 && !prefixes.some((prefix) => place.startsWith(prefix))) continue;
    process.exitCode = 1;
    process.stderr.write(`${place}${line === undefined ? '' : `:${line}`}: ${message}\n`);
  }
