/** The pool: commands that bin/tslxc hands over end, print and fail as those that it does by itself. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { statusField } from './harness/leftovers.ts';
import { BIN, run, sh } from './harness/run-command.ts';
import { delay, eventually } from './harness/slow.ts';

const host = new ContainerHost();
/** An init that does not hear the halt signal: a stop waits. */
const DEAF = 'lxc.signal.halt = SIGWINCH';

const busybox = new Busybox(host);

const meeting = () => {
  const sign = readdirSync(host.rundir).find((entry) => /^pool-[^.]+$/.test(entry));
  return sign && join(host.rundir, readFileSync(join(host.rundir, sign), 'utf8').trim());
};
const pool = () => host.processes().find(({ title }) => title.startsWith('tslxc-pool'))?.pid;
const requestProcesses = () => host.processes().filter(({ title }) => title.startsWith('tslxc-request'));
const isThere = () => meeting() !== undefined;
const locks = () => readdirSync(meeting()!).filter((name) => name.endsWith('.lock'));

/** A command as a child of ours, that can be signalled. */
function begin(command: string, args: readonly string[]) {
  const child = spawn(join(BIN, `tslxc-${command}`), ['-P', host.lxcpath, ...args], {
    env: { ...process.env, ...host.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, ended };
}

test('what it answers is what a client of its own answers', { skip }, async () => {
  await busybox.start('r');
  await eventually('the pool is there', isThere);
  const alone = { env: { TSLXC_POOL: '0' } };
  for (const [command, ...args] of [
    ['info', '-n', '@r', '-s', '-p'],
    ['info', '-n', '@nosuch'],
    ['info', '--bad'],
    ['info', '--help'],
    ['ls', '-f'],
    ['ls', '-1', '--json'],
    ['stop', '-n', '@nosuch'],
    ['start', '-n', '@r'],
    ['start', '-n', '@r', '-F', '-d'],
    ['config', 'lxc.lxcpath'],
  ]) {
    const [there, here] = [await host.tslxc(command!, args), await host.tslxc(command!, args, alone)];
    const { code, signal, stdout, stderr } = here;
    assert.deepEqual(
      [there.code, there.signal, there.stdout, there.stderr],
      [code, signal, stdout, stderr],
      `${command} ${args.join(' ')}`,
    );
  }
  assert.deepEqual(locks(), []);
});

test('each command has its caller’s directory, environment and streams', { skip }, async () => {
  const program = join(BIN, 'tslxc-info');
  const environment = `TSLXC_RUNDIR=${host.rundir}`;
  // A path that is relative to where the caller is.
  const name = host.name('r');
  assert.match(await sh(`cd ${host.root} && ${environment} ${program} -P lxc -n ${name} -s`), /RUNNING/);
  // Appended behind what the file has; a pipe that nobody reads is no trouble.
  const file = join(host.root, 'out');
  await sh(`echo first >${file}; ${environment} ${program} -P ${host.lxcpath} -n ${name} -s -H >>${file}`);
  assert.equal(readFileSync(file, 'utf8'), 'first\nRUNNING\n');
  await sh(`${environment} ${program} -P ${host.lxcpath} -n ${name} | true`);
  assert.match(await sh(`${environment} ${program} -P ${host.lxcpath} -n ${name} -s`), /RUNNING/);
  // In another mount namespace, or with another umask, the caller does it by itself, and it works.
  assert.match(await sh(`${environment} unshare -m ${program} -P ${host.lxcpath} -n ${name} -s`), /RUNNING/);
});

test('signals end a command as they end a client of its own', { skip }, async () => {
  await busybox.start('deaf', DEAF);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const { child, ended } = begin('stop', ['-n', host.name('deaf'), '-t', '600', '--nokill']);
    await eventually('it is at work', () => locks().length === 1);
    await new Promise((done) => setTimeout(done, 300));
    child.kill(signal);
    assert.deepEqual(await ended, { code: null, signal });
    await eventually('its slot is free', () => locks().length === 0);
  }
  const { child, ended } = begin('stop', ['-n', host.name('deaf'), '-t', '600', '--nokill']);
  await eventually('it is at work', () => locks().length === 1);
  await new Promise((done) => setTimeout(done, 300));
  child.kill('SIGKILL');
  await ended;
  await eventually('a killed caller’s slot is free', () => locks().length === 0);
  await host.kill('deaf');
});

/** By a shell in the caller's place: `TSLXC` in the script is the command with this host's surroundings. */
const shell = (script: string) =>
  run('/bin/sh', ['-c', script.replaceAll('@', `${host.mark}-`)], {
    env: { ...host.env, TSLXC: join(BIN, 'tslxc'), P: host.lxcpath },
  });
/** The same script with and without the pool. */
async function both(script: string) {
  const [there, alone] = [await shell(script), await shell(`export TSLXC_POOL=0; ${script}`)];
  return [there, alone].map(({ code, stdout, stderr }) => ({ code, stdout, stderr }));
}

test('any streams of a caller work as with a client process of its own', { skip }, async () => {
  for (const script of [
    '$TSLXC info -P $P -n @r -s >/dev/full',
    '$TSLXC info -P $P -n @nosuch 2>/dev/full',
    '$TSLXC info -P $P -n @r -s <&-',
    '$TSLXC info -P $P -n @r -s >&-',
    '$TSLXC info -P $P -n @r -s 2>&-',
    '$TSLXC info -P $P -n @nosuch 2>&1 >/dev/null',
    '$TSLXC info -P $P -n @r -s <>/dev/null 1<&0 && echo done',
    // Nobody reads the errors, and the output ends all the same.
    'mkfifo $P/gone; (exec <$P/gone) & exec 2>$P/gone; rm $P/gone; wait; $TSLXC info -P $P -n @nosuch; echo $?',
    // Descriptors that the launcher uses as well.
    'exec 3</etc/passwd 4<&3 5<&3 6<&3 7<&3 8<&3 9<&3; $TSLXC info -P $P -n @r -s; read -r line <&3; echo $line',
    'umask 077; $TSLXC info -P $P -n @r -s; umask',
    'mkdir $P/gone; cd $P/gone; rmdir $P/gone; $TSLXC info -P $P -n @r -s',
    'cd $P; $TSLXC info -P . -n @r -s; $TSLXC info -P . -n @nosuch -o log; sed "s/ 20[0-9.]* / /" log; rm log',
    'TZ=Asia/Tokyo $TSLXC info -P $P -n @r --why',
    'TERM=dumb NO_COLOR=1 LANG=de_DE.UTF-8 $TSLXC ls -P $P -f',
    "$TSLXC start -P $P -n @r ''; echo $?",
    "trap '' INT TERM HUP; $TSLXC info -P $P -n @r -s",
  ]) {
    const [there, alone] = await both(script);
    assert.deepEqual(there, alone, script);
  }
  assert.deepEqual(locks(), []);
});

test('much output comes whole, to a slow reader too', { skip }, async () => {
  const directories = Array.from({ length: 400 }, (_, i) =>
    join(host.lxcpath, `${host.name('many')}-${i}-`.padEnd(60, 'x')),
  );
  for (const directory of directories) {
    mkdirSync(directory);
    writeFileSync(join(directory, 'config'), 'lxc.uts.name = x\n');
  }
  const [there, alone] = await both('$TSLXC ls -P $P -f --json | { sleep 0.2; cat; }');
  assert.ok(there!.stdout.length > 65536, `${there!.stdout.length} bytes`);
  assert.deepEqual(there, alone);
  for (const directory of directories) rmSync(directory, { recursive: true });
});

test('on a terminal it writes in colour, unless told not to', { skip }, async () => {
  for (const env of [{}, { NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    const seen = await Promise.all(
      [{}, { TSLXC_POOL: '0' }].map(async (how) => {
        const terminal = host.terminal('info', ['-n', host.name('nosuch')], { env: { ...env, ...how } });
        const { code } = await terminal.ended;
        return { code, output: terminal.output };
      }),
    );
    assert.deepEqual(seen[0], seen[1]);
    assert.equal(seen[0]!.output.includes('\x1b['), !('NO_COLOR' in env || 'TERM' in env));
  }
});

test('many at a time, more than there are slots, and nothing is kept', { skip }, async () => {
  const pid = pool();
  const descriptors = () => readdirSync(`/proc/${pid}/fd`).length;
  const before = descriptors();
  for (let round = 0; round < 3; round++) {
    const all = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        host.tslxc('info', ['-n', i % 2 ? '@r' : '@nosuch', '-s', '-H'], { cwd: i % 3 ? '/' : '/tmp' }),
      ),
    );
    for (const [i, { code, stdout }] of all.entries())
      assert.deepEqual([code, stdout], i % 2 ? [0, 'RUNNING\n'] : [1, '']);
  }
  await eventually('its descriptors are those of before', () => descriptors() <= before + 1);
  assert.deepEqual(locks(), []);
});

test('the manager knows the caller: its cgroup, and who stopped the container', { skip }, async () => {
  await busybox.make('rel', 'lxc.cgroup.relative = 1');
  const cgroup = '/sys/fs/cgroup/pids';
  const where = existsSync(cgroup) ? cgroup : '/sys/fs/cgroup';
  const mine = join(where, `${host.mark}-caller`);
  mkdirSync(mine);
  try {
    const inside = `echo $$ >${mine}/cgroup.procs; $TSLXC`;
    assert.equal((await shell(`${inside} start -P $P -n @rel`)).code, 0);
    const payload = readFileSync(`/proc/${await host.initPid('rel')}/cgroup`, 'utf8');
    assert.match(payload, new RegExp(`/${host.mark}-caller/`));
    const stop = await shell('echo $$; exec $TSLXC stop -P $P -n @rel -k');
    assert.match(
      (await shell('$TSLXC info -P $P -n @rel --why --json')).stdout,
      new RegExp(`"pid": ${stop.stdout.trim()}\\b`),
    );
  } finally {
    await host.kill('rel');
    await eventually('the caller’s cgroup is empty', () => {
      try {
        rmdirSync(mine);
        return true;
      } catch {
        return false;
      }
    });
  }
});

test('a caller that goes takes what it has not begun yet along', { skip }, async () => {
  for (const order of [1, 2])
    await busybox.make(
      `a${order}`,
      `lxc.start.auto = 1\nlxc.start.delay = 2\nlxc.group = g\nlxc.start.order = ${order}`,
    );
  const { child, ended } = begin('autostart', ['-g', 'g']);
  await eventually('the first one has begun', () =>
    existsSync(join(host.lxcpath, host.name('a1'), 'last-run.json')),
  );
  child.kill('SIGINT');
  assert.deepEqual(await ended, { code: null, signal: 'SIGINT' });
  await delay(2500);
  assert.deepEqual([await host.state('a1'), await host.state('a2')], ['RUNNING', 'STOPPED']);
  await host.kill('a1');
});

test('a launcher of another build goes its own way, and so does one in another pid namespace', {
  skip,
}, async () => {
  const other = join(host.root, 'other');
  await sh(
    `mkdir ${other}; cp -r ${BIN} ${BIN}/../dist ${BIN}/../package.json ${other}; rm -rf ${other}/dist/.cache`,
  );
  await sh(`cd ${BIN}/..; ln -s $PWD/node_modules $PWD/templates $PWD/config ${other}`);
  writeFileSync(join(other, 'dist/build-id'), 'another\n');
  const newer = await run(
    join(other, 'bin/tslxc-info'),
    ['-P', host.lxcpath, '-n', host.name('r'), '-s', '-H'],
    {
      env: host.env,
    },
  );
  assert.deepEqual([newer.code, newer.stdout], [0, 'RUNNING\n']);
  const [there, alone] = await both(
    'unshare -pf --mount-proc $TSLXC info -P $P -n @r; unshare -pf $TSLXC info -P $P -n @r -s -H',
  );
  assert.deepEqual(there, alone);
  assert.deepEqual(locks(), []);
});

test('a caller’s limits, mounts and bare environment are those of its command', { skip }, async () => {
  const elsewhere = join(host.root, 'elsewhere');
  await sh(`mkdir -p ${elsewhere}/seen; echo lxc.uts.name = seen >${elsewhere}/seen/config`);
  for (const script of [
    'env -i TSLXC_RUNDIR=$TSLXC_RUNDIR $TSLXC info -P $P -n @r -s -H',
    'ulimit -n 64; $TSLXC info -P $P -n @r -s -H; $TSLXC ls -P $P -1 --active',
    // What it sees at a path is what its caller has mounted there.
    `unshare -m sh -c "mount --bind ${elsewhere} $P && $TSLXC ls -P $P -1"`,
    `unshare -m sh -c "mount --bind ${elsewhere} $P && cd $P/seen && $TSLXC config check -P .. -n seen"; $TSLXC ls -P $P -1`,
  ]) {
    const [there, alone] = await both(script);
    assert.deepEqual(there, alone, script);
    assert.equal(there!.code, 0, there!.stderr);
  }
  const one = await shell(`unshare -m sh -c "mount --bind ${elsewhere} $P && $TSLXC ls -P $P -1"`);
  assert.match(one.stdout, /^seen$/m);
  await eventually('no process with another view waits for a caller', () => requestProcesses().length <= 2);
});

test('a command that is blocked stops no other one, and ends at once by a signal', { skip }, async () => {
  const stuck = join(host.root, 'stuck');
  mkdirSync(stuck);
  // A file server that never answers, as a dead NFS or FUSE server: this process has its end.
  const server = openSync('/dev/fuse', 'r+');
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
  execFileSync('mount', ['-i', '-t', 'fuse', '-o', options, 'none', stuck], {
    stdio: ['ignore', 'inherit', 'inherit', server],
  });
  try {
    await blocked(stuck);
  } finally {
    closeSync(server);
    await sh(`umount -l ${stuck}`);
  }
  assert.deepEqual(locks(), []);
});

async function blocked(stuck: string): Promise<void> {
  const config = join(host.root, 'stuck.conf');
  writeFileSync(config, `lxc.rootfs.path = dir:${stuck}/rootfs\n`);
  for (const [command, signal] of [
    ['ls', 'SIGINT'],
    ['ls', 'SIGTERM'],
    ['info', 'SIGHUP'],
    // It listens to signals, and cannot hear one.
    ['copy', 'SIGINT'],
    // It reads and checks by itself, before it asks the manager.
    ['start', 'SIGTERM'],
  ] as const) {
    const more = {
      ls: ['-f'],
      info: ['-n', 'fifo', '-c', 'lxc.uts.name'],
      copy: ['-n', 'fifo', '-N', 'x'],
      start: ['-n', 'on', '-f', config],
    };
    const child = spawn(join(BIN, `tslxc-${command}`), ['-P', stuck, ...more[command]], {
      env: { ...process.env, ...host.env },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('close', (code, by) => resolve(by ?? code)));
    await eventually(`${command} is blocked`, () => requestProcesses().some(({ pid }) => isBlocked(pid)));
    assert.equal((await host.tslxc('info', ['-n', '@r', '-s', '-H'])).stdout, 'RUNNING\n');
    assert.equal((await host.tslxc('ls', ['-1', '--active'])).stdout, `${host.name('r')}\n`);
    assert.equal((await host.tslxc('attach', ['-n', '@r', '--', '/bin/echo', 'hello'])).stdout, 'hello\n');
    await busybox.start('other');
    await host.kill('other');
    child.kill(signal);
    const since = Date.now();
    assert.equal(await ended, signal, command);
    assert.ok(Date.now() - since < 2000, `${Date.now() - since} ms`);
    await eventually('its process is gone', () => requestProcesses().every(({ pid }) => !isBlocked(pid)));
  }
}

/** Its main thread, or one of the thread pool. */
function isBlocked(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) =>
      /fuse|request_wait/.test(readFileSync(`/proc/${pid}/task/${thread}/wchan`, 'latin1')),
    );
  } catch {
    return false;
  }
}

/** The process that does a command which waits, and the command. */
async function atWork(name: string) {
  await busybox.start(name, DEAF);
  const idle = requestProcesses().map(({ pid }) => pid);
  const { child, ended } = begin('stop', ['-n', host.name(name), '-t', '600', '--nokill']);
  let said = '';
  child.stderr!.on('data', (chunk) => {
    said += chunk;
  });
  await eventually('it is at work', () => locks().length === 1);
  await delay(300);
  const socket = join(host.rundir, 'manager.sock');
  const [worker] = requestProcesses().filter(({ pid }) => hasSocket(pid));
  assert.ok(worker, `one of ${idle} has a line to ${socket}`);
  return { child, ended, worker: worker.pid, said: () => said };
}

/** Besides its line to the zygote. */
function hasSocket(pid: number): boolean {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((link) => link.startsWith('socket:')).length > 1;
}

test('a request process is killed: its caller is told, and no other', { skip }, async () => {
  const { ended, worker, said } = await atWork('deaf2');
  await host.killProcesses(worker);
  assert.deepEqual(await ended, { code: 1, signal: null });
  assert.match(said(), /was killed\n {2}hint: /);
  assert.equal(await host.state('r'), 'RUNNING');
  await host.kill('deaf2');
});

test('a killed request process leaves the caller’s terminal as it was', { skip }, async () => {
  const attach = `${join(BIN, 'tslxc')} attach -P ${host.lxcpath} -n ${host.name('r')}`;
  const terminal = host.command('/bin/sh', ['-c', `${attach}; stty -a; echo end`]);
  await terminal.until('# ');
  const [worker] = requestProcesses().filter(({ pid }) => hasSocket(pid));
  await host.killProcesses(worker!.pid);
  const said = await terminal.until('end\r\n');
  assert.match(said, /was killed/);
  assert.match(said, / icanon .* echo /s);
});

test('the pool is killed: commands at work come to their end, and later ones go on', { skip }, async () => {
  const { child, ended } = await atWork('deaf3');
  await host.killProcesses(pool());
  assert.equal(await host.state('r'), 'RUNNING');
  child.kill('SIGINT');
  assert.deepEqual(await ended, { code: null, signal: 'SIGINT' });
  await host.kill('deaf3');
  await host.kill('r');
});

test('the limit of descriptors is the caller’s for the guest, and is no limit of the manager', {
  skip,
}, async () => {
  const limit = 'ulimit -Sn 64; ulimit -Hn 512; ';
  for (const hard of [512, 4096]) {
    const name = `limit-${hard}`;
    await busybox.make(name);
    await sh(
      `${limit.replace('512', String(hard))} TSLXC_RUNDIR=${host.rundir} ${join(BIN, 'tslxc-start')} -P ${host.lxcpath} -n ${host.name(name)} -d`,
    );
    const init = Number((await host.ok('info', ['-n', `@${name}`, '-p', '-H'])).trim());
    const ofGuest = readFileSync(`/proc/${init}/limits`, 'latin1').match(/Max open files +(\d+) +(\d+)/);
    assert.equal(Number(ofGuest?.[2]), hard);
    assert.ok(Number(ofGuest?.[1]) <= hard);
    await host.kill(name);
  }
  const manager = host.processes().find(({ title }) => title === 'tslxcd');
  const ofManager = readFileSync(`/proc/${manager!.pid}/limits`, 'latin1').match(
    /Max open files +(\d+) +(\d+)/,
  );
  // CAP_SYS_RESOURCE: without it no process can raise its hard limit.
  const mayRaise = (BigInt(`0x${statusField('self', 'CapEff')}`) & (1n << 24n)) !== 0n;
  if (mayRaise) assert.ok(Number(ofManager?.[1]) >= 65_536, ofManager?.[0]);
});
