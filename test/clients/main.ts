/**
 * `npm run test:clients`: programs that drive LXC, from Debian's packages, against a real LXC and
 * against tslxc under LXC's names. Both have to say the same. Words behind `--` pick clients.
 */
import { globSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PeerWorld, SIDES, type Side } from '../peer/world.ts';
import { type Result, run } from '../root/harness/run-command.ts';
import { FOR_TESTS } from '../setup/debian-packages.mjs';
import { buildProgram, explain, installDebianPackages } from '../setup/prepare.mjs';
import { green, red, yellow } from '../setup/progress.mjs';
import { unpackClients } from './packages.ts';

/** Exit code of a script whose client cannot run here; what it prints says why. */
const SKIPPED = 77;
const PATIENCE = 180_000;

const patterns = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const counts = { passed: 0, failed: 0, skipped: 0 };

/**
 * Runs a client in a mount namespace of its own, where the system files of both name the directory
 * of this side's containers, and where what the client leaves mounted goes with it.
 */
async function outcome(world: PeerWorld, script: string, clients: string, side: Side): Promise<Result> {
  const lxcpath = world.lxcpath(side);
  const scratch = join(world.root, `${basename(script, '.sh')}-${side}`);
  mkdirSync(scratch);
  const prelude = `
    mkdir -p /etc/tslxc /etc/lxc
    for system in lxc tslxc; do
      mount -t tmpfs system /etc/$system
      echo 'lxc.lxcpath = ${lxcpath}' >/etc/$system/$system.conf
      echo 'lxc.net.0.type = empty' >/etc/$system/default.conf
    done
    . '${script}'`;
  const result = await run('unshare', ['-m', '--propagation', 'private', 'sh', '-c', prelude], {
    cwd: scratch,
    timeout: PATIENCE,
    env: {
      PATH: `${side === 'lxc' ? '' : `${world.links()}:`}${process.env.PATH}`,
      CLIENTS: clients,
      SCRATCH: scratch,
      LXCPATH: lxcpath,
      NAME: world.name('client'),
      TSLXC_RUNDIR: join(scratch, 'run'),
      TSLXC_IDLE_SECONDS: '1',
    },
  });
  const stdout = result.stdout
    .replaceAll(lxcpath, 'LXCPATH')
    .replaceAll(scratch, 'SCRATCH')
    .replaceAll(world.name(''), '');
  return { ...result, stdout };
}

async function compare(world: PeerWorld, script: string, clients: string): Promise<void> {
  const name = basename(script, '.sh');
  const results = [];
  for (const side of SIDES) results.push(await outcome(world, script, clients, side));
  const [lxc, tslxc] = results as [Result, Result];
  if (lxc.code === SKIPPED && tslxc.code === SKIPPED) {
    counts.skipped++;
    console.log(`${yellow('-')} ${name}: ${lxc.stdout.trim()}`);
    return;
  }
  // A client that fails with both shows nothing.
  const agree = lxc.code === 0 && tslxc.code === 0 && lxc.stdout === tslxc.stdout && lxc.stdout !== '';
  counts[agree ? 'passed' : 'failed']++;
  console.log(`${agree ? green('✓') : red('✗')} ${name}`);
  if (agree) return;
  for (const [side, { code, stdout, stderr }] of [['lxc', lxc] as const, ['tslxc', tslxc] as const])
    console.log(
      `  ${side}: ${code}\n${stdout.replace(/^/gm, '    ')}\n${stderr.slice(-2000).replace(/^/gm, '    ! ')}`,
    );
}

async function main(): Promise<number> {
  if (process.getuid?.() !== 0) {
    console.error(red('The clients start real containers: run this as root.'));
    return 1;
  }
  await installDebianPackages(FOR_TESTS);
  await buildProgram();
  const world = new PeerWorld();
  try {
    await world.prepare();
    const clients = await unpackClients(world.root);
    const scripts = globSync(join(import.meta.dirname, '*.sh'))
      .filter((file) => patterns.length === 0 || patterns.some((word) => basename(file).includes(word)))
      .sort();
    for (const script of scripts) await compare(world, script, clients);
  } finally {
    await world.dispose();
  }
  const { passed, failed, skipped } = counts;
  console.log((failed ? red : green)(`\n${passed} passed, ${failed} failed, ${skipped} skipped`));
  return failed ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(red(explain(error)));
  process.exitCode = 1;
}
