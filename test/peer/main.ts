/**
 * `npm run test:peer`: runs the same command lines by LXC and by us, and compares exit codes and outputs. Words behind
 * `--` pick case files.
 */
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FOR_TESTS } from '../setup/debian-packages.mjs';
import { buildProgram, explain, installDebianPackages } from '../setup/prepare.mjs';
import { bold, green, red, yellow } from '../setup/progress.mjs';
import { difference } from './difference.ts';
import type { PeerCase } from './peer-case.ts';
import { PeerWorld } from './world.ts';

const patterns = process.argv.slice(2).filter((word) => !word.startsWith('--'));
let passed = 0;
const failures: string[] = [];

async function compare(world: PeerWorld, one: PeerCase): Promise<void> {
  const found = await difference(world, one);
  if ((found === undefined) === (one.differs === undefined)) {
    passed++;
    console.log(`${green('✓')} ${one.title}${one.differs ? yellow(` (differs: ${one.differs})`) : ''}`);
    return;
  }
  const text = found ?? `no difference any more, though there should be one: ${one.differs}`;
  failures.push(one.title);
  console.log(`${red('✗')} ${one.title}\n    ${text}`);
}

async function main(): Promise<number> {
  if (process.getuid!() !== 0) {
    console.error(red('The comparison starts real containers: run it as root.'));
    return 1;
  }
  await installDebianPackages(FOR_TESTS);
  await buildProgram();
  const files = globSync(join(import.meta.dirname, 'cases/*.ts'))
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => basename(file).includes(pattern)))
    .sort();
  const world = new PeerWorld();
  try {
    await world.prepare();
    for (const file of files) {
      console.log(bold(basename(file, '.ts')));
      const { CASES } = (await import(file)) as { CASES: readonly PeerCase[] };
      for (const one of CASES) await compare(world, one);
    }
  } finally {
    await world.dispose();
  }
  console.log((failures.length ? red : green)(`\n${passed} passed, ${failures.length} failed`));
  return failures.length ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(red(explain(error)));
  process.exitCode = 1;
}
