/**
 * `npm run quickstart`: the main job, watched. Installs what is missing, builds, then takes a container from its
 * template to a restored snapshot, in a container directory and with a manager of its own, and leaves nothing behind.
 * Plain JavaScript: it runs on the Node that the system has (18 or later), before there is anything else.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FOR_QUICKSTART } from './test/setup/debian-packages.mjs';
import {
  buildProgram,
  explain,
  installDebianPackages,
  installNpmPackages,
  ROOT,
} from './test/setup/prepare.mjs';
import { bold, cyan, dim, duration, green, red, spinner } from './test/setup/progress.mjs';
import { endCommands, runCommand } from './test/setup/run-command.mjs';

const INTERRUPTED = 130;

/** Our own container directory, and the run directory of our own manager. */
const place = mkdtempSync('/var/tmp/tslxc-quickstart-');
const lxcpath = join(place, 'lxc');
const runDirectory = join(place, 'run');
const env = { ...process.env, TSLXC_RUNDIR: runDirectory, TSLXC_IDLE_SECONDS: '1' };
const bridgeIsThere = () => /^\s*tslxcbr0:/m.test(readFileSync('/proc/net/dev', 'utf8'));
const bridgeWasThere = bridgeIsThere();
const made = [];
let interrupted = false;
let number = 0;

/** Runs a command of tslxc on one of our containers, shown as one would type it. */
async function tslxc(what, command, args, more = {}) {
  if (interrupted) throw new Error('interrupted');
  console.log(`\n${cyan(`${++number}`)} ${bold(what)}`);
  const shown = [`tslxc-${command}`, '-P', lxcpath, ...args].join(' ');
  console.log(`  ${green('$')} ${shown}${more.keys ? dim(`   then type: ${more.keys}`) : ''}`);
  const since = performance.now();
  const wait = spinner(dim('  …'));
  const onLine = (line) => {
    wait.stop();
    console.log(dim(`  │ `) + line);
  };
  try {
    const run = more.run ?? ((options) => runCommand(bin(command), ['-P', lxcpath, ...args], options));
    return await run({ env, onLine, cwd: '/' });
  } finally {
    wait.stop();
    console.log(dim(`  ${duration(performance.now() - since)}`));
  }
}

const bin = (command) => join(ROOT, 'bin', `tslxc-${command}`);
const quietly = (command, ...args) => runCommand(bin(command), args, { env, cwd: '/' }).catch(() => {});

/** A session on a pseudo terminal: waits for the login prompt, then types Ctrl-a q, which must end it. */
async function console_(name, options) {
  const command = `exec ${bin('console')} -P ${lxcpath} -n ${name}`;
  let child;
  let seen = '';
  let left = false;
  const leave = setTimeout(() => child?.kill(), 20_000);
  try {
    await runCommand('script', ['-qefc', command, '/dev/null'], {
      ...options,
      env: { ...env, TERM: 'linux', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'pipe'],
      onLine: (line) => line.trim() && options.onLine(line.replaceAll('\r', '')),
      onChild(started) {
        child = started;
        const nudge = setInterval(() => !left && child.stdin.writable && child.stdin.write('\r'), 500);
        child.on('close', () => clearInterval(nudge));
        child.stdin.on('error', () => {});
        child.stdout.on('data', (text) => {
          seen += text;
          if (left || !/login:/.test(seen)) return;
          left = true;
          setTimeout(() => child.stdin.write('\x01q'), 300);
        });
      },
    });
  } finally {
    clearTimeout(leave);
  }
  if (!left) throw new Error('no login prompt on the console');
}

async function mainJob() {
  mkdirSync(lxcpath);
  const container = (name) => {
    made.push(name);
    return ['-n', name];
  };
  // A bridge that is there already belongs to somebody else's manager: then we do without a network card.
  const offline = bridgeWasThere ? ['-s', 'lxc.net.0.type=empty'] : [];

  await tslxc('Make a small container', 'create', [...container('hello'), '-t', 'busybox']);
  await tslxc('Boot it', 'start', ['-n', 'hello', '-d', ...offline]);
  if (!bridgeWasThere) await addressOf('hello');
  await tslxc('See it run', 'ls', ['-f']);
  await tslxc('Look at its processes, from inside', 'attach', ['-n', 'hello', '--', 'ps']);
  await tslxc('Sit down at its console', 'console', ['-n', 'hello'], {
    keys: 'Ctrl-a q',
    run: (options) => console_('hello', options),
  });
  await tslxc('What it uses', 'info', ['-n', 'hello']);
  await tslxc('Shut it down cleanly', 'stop', ['-n', 'hello']);
  await tslxc('Take a snapshot', 'snapshot', ['-n', 'hello']);
  await tslxc('List its snapshots', 'snapshot', ['-n', 'hello', '-L']);
  await tslxc('Restore it under a new name', 'snapshot', [
    '-n',
    'hello',
    '-r',
    'snap0',
    '-N',
    container('again')[1],
  ]);
  await tslxc('Boot that', 'start', ['-n', 'again', '-d', ...offline]);
  const list = await tslxc('Both of them', 'ls', ['-f']);
  if (!/^again\s+RUNNING/m.test(list) || !/^hello\s+STOPPED/m.test(list))
    throw new Error('the list should say: again RUNNING, hello STOPPED');
  await tslxc('Stop it', 'stop', ['-n', 'again']);
  await tslxc('Remove it', 'destroy', ['-n', 'again']);
  await tslxc('Remove the first one, snapshots too', 'destroy', ['-n', 'hello', '-s']);
}

/** Its DHCP client needs a moment; the list is nicer with the address. */
async function addressOf(name) {
  for (let i = 0; i < 20; i++) {
    const text = await runCommand(bin('info'), ['-P', lxcpath, '-n', name, '-iH'], { env }).catch(() => '');
    if (/\d\.\d/.test(text)) return;
    await delay(250);
  }
}

/** Processes that were started for our run directory: the manager and its helpers. */
function ours() {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1')
        .split('\0')
        .includes(`TSLXC_RUNDIR=${runDirectory}`);
    } catch {
      return false;
    }
  });
}

const mountsInside = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4]?.startsWith(`${place}/`));

/** Takes everything away again, whatever has happened. */
async function cleanUp() {
  if (existsSync(lxcpath)) {
    for (const name of made) await quietly('destroy', '-P', lxcpath, '-n', name, '-f', '-s');
    if (!bridgeWasThere && bridgeIsThere()) await quietly('net', 'stop');
    // The manager leaves by itself when it has nothing to do.
    for (let i = 0; i < 100 && ours().length; i++) await delay(100);
    for (const pid of ours()) process.kill(Number(pid), 'SIGKILL');
  }
  if (mountsInside()) throw new Error(`something is still mounted below ${place}: it is left alone`);
  rmSync(place, { recursive: true, force: true });
}

function interrupt() {
  if (interrupted) return;
  interrupted = true;
  endCommands();
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);

const since = performance.now();
try {
  console.log(bold('tslxc quickstart'));
  if (process.getuid() !== 0)
    throw new Error('containers are made by root here: run `sudo npm run quickstart`');
  await installNpmPackages();
  await installDebianPackages(FOR_QUICKSTART);
  await buildProgram();
  console.log(dim(`Everything happens in ${place} and is removed at the end.`));
  await mainJob();
} catch (error) {
  process.exitCode = interrupted ? INTERRUPTED : 1;
  console.error(red(`\n${interrupted ? 'Interrupted.' : explain(error)}`));
}
try {
  const wait = spinner('cleaning up');
  await cleanUp().finally(() => wait.stop());
} catch (error) {
  process.exitCode ||= 1;
  console.error(red(explain(error)));
}
if (!process.exitCode)
  console.log(
    `\n${green('✓')} ${bold(`Done in ${duration(performance.now() - since)}`)}, and nothing is left behind.\n` +
      `  Your own: ${cyan('bin/tslxc-create -n web -t debian')}, ${cyan('bin/tslxc-start -n web')}, ` +
      `${cyan('bin/tslxc-console -n web')}; all of it is in README.md.`,
  );
process.exit();
