/**
 * `npm run test:vm`: the root tests on a machine with Debian's own kernel, pure cgroup v2, systemd and AppArmor. The
 * program that runs a command in such a machine is found by TSLXC_VM_RUN, or beside this checkout.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram, explain, pinnedNode, ROOT } from './prepare.mjs';
import { red } from './progress.mjs';

/** An emulated machine is ten or more times slower. */
const PATIENCE = 15;
const LIMIT_SECONDS = 3 * 3600;

const vmRun = process.env.TSLXC_VM_RUN ?? join(ROOT, '../shared/vm/vm-run');
const inVm = [
  pinnedNode(),
  '--disable-warning=ExperimentalWarning',
  'test/setup/suite.ts',
  '--root',
  '--prepared',
  ...process.argv.slice(2),
];

try {
  if (!existsSync(vmRun))
    throw new Error(`no virtual machine: ${vmRun} is not there; TSLXC_VM_RUN names a program like it`);
  await buildProgram();
  const options = ['--timeout', `${LIMIT_SECONDS}`, '--env', `TSLXC_TEST_PATIENCE=${PATIENCE}`];
  spawn(vmRun, [...options, '--', ...inVm], { cwd: ROOT, stdio: 'inherit' })
    .on('error', (error) => fail(error))
    .on('close', (code) => {
      process.exitCode = code ?? 1;
    });
} catch (error) {
  fail(error);
}

function fail(error: unknown): void {
  console.error(red(explain(error)));
  process.exitCode = 1;
}
