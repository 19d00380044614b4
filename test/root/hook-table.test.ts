/** Every hook and script on every way into a run and out of it, beside lxc-start: which run, with what, and the exit code. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, run, sh } from './harness/run-command.ts';
import { delay, eventually, seconds } from './harness/slow.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const noPeer = skip || (!existsSync('/usr/bin/lxc-start') && 'LXC is not installed');
const SHIPPED = join(import.meta.dirname, '../../config');
const TYPES = ['pre-start', 'pre-mount', 'mount', 'autodev', 'start-host', 'stop', 'post-stop'];
const record = join(host.root, 'record');
const failing = join(host.root, 'failing');
const pair = `h${host.mark.slice(-10)}`;

/** A line for each call; numbers of processes and descriptors differ from run to run. */
const NOTE = `#!/bin/sh
names=$(env | sed -n 's/^\\(LXC_[A-Z_]*_NS\\)=.*/\\1/p' | sort | tr '\\n' ' ')
words=$(echo "$*" | sed 's#/proc/[0-9]*/fd/[0-9]*#FD#g')
echo "[$words] $LXC_HOOK_TYPE/$LXC_HOOK_SECTION net=$LXC_NET_TYPE,$LXC_NET_PARENT,$LXC_NET_PEER pid=\${LXC_PID:+yes}" \\
  "target=$LXC_TARGET foo=$FOO mine=$MINE cwd=$(pwd) umask=$(umask) link=$(test -e /sys/class/net/${pair} && echo yes) $names" >>${record}
case " $3 $LXC_HOOK_TYPE " in *" $(cat ${failing}) "*) echo the reason; exit 3;; esac
`;

type Program = 'lxc' | 'tslxc';
const PROGRAMS: Readonly<Record<Program, (command: string) => string>> = {
  lxc: (command) => `/usr/bin/lxc-${command}`,
  tslxc: (command) => join(BIN, `tslxc-${command}`),
};

const lines = () => (existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : []);
const last = (type: string) => lines().some((line) => new RegExp(`(lxc |\\] )${type}[\\]/ ]`).test(line));

/** As a caller with a short PATH, an umask of its own and a variable. */
const call = (program: Program, command: string, name: string, args: readonly string[]) =>
  run(
    '/bin/sh',
    [
      '-c',
      'umask 077; exec "$0" "$@"',
      PROGRAMS[program](command),
      '-P',
      host.lxcpath,
      '-n',
      host.name(name),
      ...args,
    ],
    { env: { ...host.env, FOO: 'of the caller', PATH: '/usr/bin:/bin' }, cwd: '/usr' },
  );

async function container(name: string, version: number, nic: string): Promise<void> {
  const note = join(host.root, 'note');
  await busybox.make(
    name,
    [
      'lxc.net.0.type = veth',
      nic,
      `lxc.net.0.veth.pair = ${pair}`,
      `lxc.net.0.script.up = ${note}`,
      `lxc.net.0.script.down = ${note}`,
      ...TYPES.map((type) => `lxc.hook.${type} = ${note}`),
      `lxc.hook.version = ${version}`,
      'lxc.environment = MINE=of the config',
      `lxc.seccomp.profile = ${SHIPPED}/common.seccomp`,
    ].join('\n'),
  );
  const config = readFileSync(host.config(name), 'utf8');
  writeFileSync(
    host.config(name),
    config.replaceAll('/usr/share/tslxc/config', SHIPPED).replace('lxc.net.0.type = empty\n', ''),
  );
}

before(() => {
  if (skip) return;
  mkdirSync(host.root, { recursive: true });
  writeFileSync(join(host.root, 'note'), NOTE);
  chmodSync(join(host.root, 'note'), 0o755);
});

async function seen(program: Program, fail: string, work: () => Promise<unknown>): Promise<string[]> {
  rmSync(record, { force: true });
  writeFileSync(failing, fail);
  const result = await work();
  await eventually(`${program}: the last hook (fails: ${fail})`, () => last('post-stop'), seconds(20));
  // Of a start that fails LXC removes the nic before the stop hook or after it, as it comes.
  const told = result === 0 ? lines() : lines().map((line) => line.replace(/ link=\w*/, ''));
  return [...told, `exit code ${result}`];
}

for (const version of [0, 1]) {
  const name = `table${version}`;
  test(`version ${version}: every hook that fails`, { skip: noPeer }, async () => {
    const { name: bridge } = await host.bridge();
    await container(name, version, `lxc.net.0.link = ${bridge}`);
    const failures = version === 0 ? ['none', 'up', 'down', ...TYPES] : ['none', 'up', 'start-host'];
    for (const fail of failures)
      for (const way of fail === 'none' || fail === 'pre-start' ? ['-d', '-F'] : ['-d']) {
        const start = async (program: Program) =>
          (await call(program, 'start', name, [way, '--', '/bin/true'])).code;
        const [lxc, ours] = [
          await seen('lxc', fail, () => start('lxc')),
          await seen('tslxc', fail, () => start('tslxc')),
        ];
        assert.deepEqual(ours, lxc, `fails: ${fail}, ${way}`);
        await host.assertNothingLeft();
      }
  });

  test(`version ${version}: a veth without a link; killed and rebooted`, { skip: noPeer }, async () => {
    await container(name, version, 'lxc.net.0.flags = up');
    const types = () => lines().map((line) => line.replace(/^(\[[^\]]*\] \S*).* (target=\S*).*/, '$1 $2'));
    const through = async (program: Program) => {
      await seen(program, 'none', async () => {
        await call(program, 'start', name, ['-d']);
        await call(program, 'stop', name, ['-k']);
      });
      const killed = lines();
      rmSync(record);
      await call(program, 'start', name, ['-d']);
      // Busybox's init listens a moment after it has begun.
      await delay(700);
      await call(program, 'stop', name, ['-r', '-t', '10']);
      const starts = () => lines().filter((line) => /start-host/.test(line)).length;
      await eventually('the second run', () => starts() === 2, seconds(20));
      await call(program, 'stop', name, ['-k']);
      await eventually('the end', () => lines().filter((line) => /post-stop/.test(line)).length === 2);
      return { killed, rebooted: types() };
    };
    assert.deepEqual(await through('tslxc'), await through('lxc'));
  });
}

test('hooks have the surroundings of their caller, not of the first caller of the manager', {
  skip,
}, async () => {
  await busybox.make('first');
  await busybox.make(
    'caller',
    `lxc.hook.pre-start = { echo "$FOO $PATH"; umask; } >${record}; command -v ip && :`,
  );
  await host.endManager();
  const cron = await run('env', [
    '-i',
    `TSLXC_RUNDIR=${host.rundir}`,
    'PATH=/usr/bin:/bin',
    PROGRAMS.tslxc('start'),
    '-P',
    host.lxcpath,
    '-n',
    host.name('first'),
  ]);
  assert.equal(cron.code, 0, cron.stderr);
  const { code, stderr } = await call('tslxc', 'start', 'caller', []);
  assert.equal(code, 0, stderr);
  const path = '/usr/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin';
  assert.deepEqual(lines(), [`of the caller ${path}`, '0077']);
  // A later manager, and no caller: the end has the variables of the start.
  writeFileSync(host.config('caller'), readFileSync(host.config('caller'), 'utf8'));
  await host.kill('caller');
  await host.kill('first');
});

test('post-stop of a run that a later manager ends has the variables of the start', { skip }, async () => {
  await busybox.make('adopted', `lxc.hook.post-stop = echo "$FOO $(umask)" >${record};:`);
  await call('tslxc', 'start', 'adopted', ['--', '/bin/sleep', '1000']);
  rmSync(record, { force: true });
  await host.killProcesses(host.managerPid());
  await sh(`kill -9 ${await host.initPid('adopted')}`);
  await host.tslxc('wait', ['-n', '@adopted', '-s', 'STOPPED', '-t', '20']);
  await eventually('the hook', () => lines()[0]);
  assert.deepEqual(lines(), ['of the caller 0077']);
});
