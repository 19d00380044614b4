/** The rules of the house (CONTRIBUTING.md), checked by `npm run lint`. */
import { circleFaults } from './import-circles.ts';
import { roomFaults } from './rooms.ts';
import { sourceFiles } from './source-files.ts';

const files = sourceFiles();
const faults = [...files.flatMap((file) => [...roomFaults(file)]), ...circleFaults(files)];

for (const { path, line, message } of faults)
  process.stderr.write(`src/${path}${line === undefined ? '' : `:${line}`}: ${message}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
