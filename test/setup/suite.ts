/**
 * `npm test`: everything that must hold, from the linter to real containers.
 *   --unit, --root   only those tests
 *   --prepared       packages and build are there already (the VM)
 *   PATTERN...       only test files whose path contains one of these
 */
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOR_TESTS } from './debian-packages.mjs';
import { type Leak, leaksSince, snapshot } from './leak-check.ts';
import { buildProgram, explain, installDebianPackages, pinnedNode, ROOT } from './prepare.mjs';
import { bold, duration, green, red, step, yellow } from './progress.mjs';
import { runCommand } from './run-command.mjs';
import { type Counts, runTestFiles } from './test-run.ts';

const UNIT_TIMEOUT = 120_000;
const ROOT_TIMEOUT = 600_000;

const args = process.argv.slice(2);
const flag = (name: string) => args.includes(`--${name}`);
const patterns = args.filter((arg) => !arg.startsWith('--'));
const wanted = { unit: !flag('root'), root: !flag('unit') };
const everything = wanted.unit && wanted.root && patterns.length === 0;
const isRoot = process.getuid!() === 0;
const since = performance.now();
const failures: string[] = [];

function testFiles(kind: 'unit' | 'root'): string[] {
  return globSync('test/**/*.test.ts', { cwd: ROOT })
    .filter((file) => file.startsWith('test/root/') === (kind === 'root'))
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
    .sort()
    .map((file) => join(ROOT, file));
}

/** Packages that the test files at hand need. */
function neededPackages() {
  const files = [...(wanted.unit ? testFiles('unit') : []), ...(wanted.root ? testFiles('root') : [])];
  return FOR_TESTS.filter(([, , only]) => only === undefined || files.some((file) => file.includes(only)));
}

/** A step that is a check: what it found is told, and the rest goes on. */
async function check(title: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await step(title, work);
  } catch (error) {
    console.log(explain(error));
    failures.push(title);
  }
}

const node = (...command: string[]) =>
  runCommand(pinnedNode(), ['--disable-warning=ExperimentalWarning', ...command], { cwd: ROOT });

async function runTests(kind: 'unit' | 'root'): Promise<Counts> {
  const files = testFiles(kind);
  console.log(bold(kind === 'unit' ? '\nUnit tests' : '\nTests on the real kernel, as root'));
  const counts = await runTestFiles({
    files,
    root: ROOT,
    concurrency: availableParallelism(),
    timeout: kind === 'unit' ? UNIT_TIMEOUT : ROOT_TIMEOUT * Number(process.env.TSLXC_TEST_PATIENCE ?? 1),
  });
  failures.push(...counts.failures);
  return counts;
}

function reportLeaks(leaks: readonly Leak[]): void {
  const told = leaks.map(({ kind, name }) => `left behind: ${kind} ${name}`);
  for (const line of told) console.log(red(`✗ ${line}`));
  // For a machine where others work with containers at the same time: what they do is not ours to judge.
  if (leaks.length === 0) console.log(green('✓ nothing left behind'));
  else if (process.env.TSLXC_LEAKS === 'report') console.log(yellow('  (told only: TSLXC_LEAKS=report)'));
  else failures.push(...told);
}

async function main(): Promise<number> {
  if (wanted.root && !isRoot) {
    console.error(red('The root tests start real containers: run this as root, or `npm run test:unit`.'));
    return 1;
  }
  if (isRoot) await installDebianPackages(neededPackages());
  if (!flag('prepared')) await buildProgram();
  if (everything) {
    await check('lint', async () => {
      await node('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.');
      await node('test/house/main.ts');
    });
    await check('typecheck', () => node('node_modules/typescript/bin/tsc', '--noEmit'));
  }

  // What the tests start must not meet what the machine's own manager looks after, and is to leave soon.
  const scratch = mkdtempSync(join(tmpdir(), 'tslxc-suite-'));
  process.env.TSLXC_RUNDIR ??= join(scratch, 'run');
  process.env.TSLXC_IDLE_SECONDS ??= '2';

  const before = snapshot();
  const counts: Counts[] = [];
  if (wanted.unit) counts.push(await runTests('unit'));
  if (wanted.root) counts.push(await runTests('root'));
  const leaks = await leaksSince(before);
  rmSync(scratch, { recursive: true, force: true });
  console.log();
  reportLeaks(leaks);

  const sum = (key: 'passed' | 'failed' | 'skipped') => counts.reduce((all, one) => all + one[key], 0);
  if (failures.length) console.log(red(`\nWhat failed:\n${failures.map((line) => `  ${line}`).join('\n')}`));
  const failed = failures.length;
  const skipped = sum('skipped') ? `, ${sum('skipped')} skipped` : '';
  console.log(`\n${duration(performance.now() - since)}`);
  console.log((failed ? red : green)(`${sum('passed')} passed, ${failed} failed${skipped}`));
  return failed ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(red(explain(error)));
  process.exitCode = 1;
}
