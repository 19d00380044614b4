/** What commands print, ask of the library and exit with; the library is a fake one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlanResult } from '../../src/api/options.ts';
import { dispatch } from '../../src/cli/run/dispatch.ts';
import type { Io } from '../../src/cli/run/io.ts';
import { TslxcError } from '../../src/errors/tslxc-error.ts';
import { CLONE } from '../../src/kernel/constants.ts';
import { fakeIo } from './fake-io.ts';
import { type FakeContainer, fakeLibrary, info } from './fake-library.ts';
import { PLAN } from './fake-plan.ts';

async function run(
  line: string | readonly string[],
  containers: Readonly<Record<string, FakeContainer>> = { web: {} },
  io: Partial<Io> = {},
) {
  const world = fakeIo(io);
  const library = fakeLibrary(containers);
  const code = await dispatch(typeof line === 'string' ? line.split(' ') : line, world, library);
  return { code, out: world.out(), err: world.err(), calls: library.calls };
}

const failing =
  (code: TslxcError['code'], more: object = {}) =>
  async () => {
    throw new TslxcError({ code, message: `${code} it is`, ...more });
  };

const RUNNING = info('web', {
  state: 'RUNNING',
  pid: 30195,
  ips: [
    { interface: 'lo', family: 'inet', address: '127.0.0.1' },
    { interface: 'eth0', family: 'inet', address: '10.0.3.7' },
    { interface: 'eth0', family: 'inet6', address: 'fd00::7' },
  ],
  groups: ['onboot', 'web'],
  autostart: true,
  cpuNanoseconds: 12_000_000,
  blockIoBytes: 0,
  memoryBytes: 3219128,
  kernelMemoryBytes: 544768,
  links: [{ host: 'vethAbC123', txBytes: 1270, rxBytes: 4310 }],
});
const web = { web: { info: async () => RUNNING } };

const planned = (result: PlanResult) => ({ web: { plan: async () => result } });

describe('dispatch', () => {
  it('refuses an unknown command and names close ones', async () => {
    const { code, err } = await run('strat');
    assert.equal(code, 1);
    assert.match(err, /^tslxc: unknown command 'strat'\n {2}hint: did you mean start/);
  });
  it('prints the list of commands, the help of one, and the version', async () => {
    assert.match((await run('--help')).out, /^ {2}snapshot +take, list/m);
    const later = await run('checkpoint web -s');
    assert.equal(later.code, 1);
    assert.match(
      later.err,
      /^tslxc-checkpoint: this command comes in a later version\n {2}hint: tslxc-freeze/,
    );
    assert.match((await run('user-nic --help')).out, /It comes in a later version/);
    assert.match((await run('help stop')).out, /^Usage: tslxc-stop/);
    assert.match((await run('start --version')).out, /^\d+\.\d+\.\d+\n$/);
  });
  it('takes -? as a failure and -h as a success', async () => {
    const question = await run('stop -?');
    assert.deepEqual([question.code, question.out], [1, '']);
    assert.match(question.err, /^Usage/);
    assert.equal((await run('stop -h')).code, 0);
  });
  it('wants a container name, and root', async () => {
    const unnamed = await run('info');
    assert.deepEqual([unnamed.code, unnamed.err.split('\n')[0]], [1, 'tslxc-info: no container name given']);
    const user = await run('info web', web, { uid: 1000 });
    assert.equal(user.code, 1);
    assert.match(user.err, /only root/);
  });
  it('says nothing of errors with -q, and all of them in JSON with --json', async () => {
    assert.equal((await run('info -q nope')).err, '');
    const { err } = await run('info --json nope');
    assert.equal(JSON.parse(err).error.code, 'CONTAINER_MISSING');
  });
});

describe('ls', () => {
  const three = { a: {}, ...web, z: { info: async () => info('z', { state: 'FROZEN' }) } };
  it('pads names in a pipe, not with -1', async () => {
    assert.equal((await run('ls', three)).out, 'a  \nweb\nz  \n');
    assert.equal((await run('ls -1', three)).out, 'a\nweb\nz\n');
  });
  it('has columns on a terminal', async () => {
    assert.equal((await run('ls', three, { stdoutIsTTY: true })).out, 'a   web z   \n');
  });
  it('has a table in LXC’s layout', async () => {
    assert.equal(
      (await run('ls -f', three)).out,
      'NAME STATE   AUTOSTART GROUPS      IPV4     IPV6    UNPRIVILEGED \n' +
        'a    STOPPED 0         -           -        -       false        \n' +
        'web  RUNNING 1         onboot, web 10.0.3.7 fd00::7 false        \n' +
        'z    FROZEN  0         -           -        -       false        \n',
    );
  });
  it('has the columns that are asked for, in any case', async () => {
    assert.equal((await run('ls -F name,Ram,pid', web)).out, 'NAME RAM    PID   \nweb  3.07MB 30195 \n');
    assert.match((await run('ls -f -F NAME,FOO', web)).err, /'FOO' is not a column/);
  });
  it('filters by state, group and name', async () => {
    assert.equal((await run('ls -1 --running', three)).out, 'web\nz\n');
    assert.equal((await run('ls -1 --frozen', three)).out, 'z\n');
    assert.equal((await run('ls -1 --stopped --frozen', three)).out, 'a\nz\n');
    assert.equal((await run('ls -1 -g onboot,web', three)).out, 'web\n');
    assert.equal((await run('ls -1 -g onboot,other', three)).out, '');
    assert.equal((await run('ls -1 ^[aw]', three)).out, 'a\nweb\n');
    assert.equal((await run('ls -1 --filter e', three)).out, 'web\n');
    assert.equal((await run('ls -1 [', three)).code, 1);
  });
  it('prints nothing, not even a heading, when there is nothing', async () => {
    const { code, out, err } = await run('ls -f', {});
    assert.deepEqual([code, out, err], [0, '', '']);
    assert.equal((await run('ls --json', {})).out, '[]\n');
  });
  it('shows a container with a broken config, and warns', async () => {
    const fault = new TslxcError({ code: 'CONFIG_VALUE', message: 'bad', file: '/c', line: 2 });
    const { out, err, code } = await run('ls -f -F name,autostart', {
      bad: { info: async () => info('bad', { fault }) },
    });
    assert.equal(out, 'NAME AUTOSTART \nbad  -         \n');
    assert.equal(err, 'tslxc-ls: bad: /c:2: warning: bad\n');
    assert.equal(code, 0);
  });
});

describe('info', () => {
  it('prints everything in LXC’s layout', async () => {
    assert.equal(
      (await run('info web', web)).out,
      [
        'Name:           web',
        'State:          RUNNING',
        'PID:            30195',
        'IP:             10.0.3.7',
        'IP:             fd00::7',
        'CPU use:        0.01 seconds',
        'BlkIO use:      0 bytes',
        'Memory use:     3.07 MiB',
        'KMem use:       532.00 KiB',
        'Link:           vethAbC123',
        ' TX bytes:      1.24 KiB',
        ' RX bytes:      4.21 KiB',
        ' Total bytes:   5.45 KiB',
        '',
      ].join('\n'),
    );
  });
  it('prints a single item bare with -H, several with labels', async () => {
    assert.equal((await run('info web -sH', web)).out, 'RUNNING\n');
    assert.equal((await run('info web -pH', web)).out, '30195\n');
    assert.equal((await run('info web -spH', web)).out, 'State:          RUNNING\nPID:            30195\n');
    assert.match((await run('info web -SH', web)).out, /^CPU use: {8}12000000$/m);
  });
  it('has only name and state of a stopped one', async () => {
    assert.equal((await run('info a', { a: {} })).out, 'Name:           a\nState:          STOPPED\n');
  });
  it('fails for a container that is not there', async () => {
    const { code, err } = await run('info nope');
    assert.equal(code, 1);
    assert.match(err, /^tslxc-info: nope: there is no such container in \/var\/lib\/tslxc\n/);
  });
});

describe('start', () => {
  const started = { web: { start: async () => ({ pid: 7, milliseconds: 1, warnings: [] }) } };
  it('is silent', async () => {
    const { code, out, err, calls } = await run('start -d -n web', started);
    assert.deepEqual([code, out, err], [0, '', '']);
    assert.deepEqual(calls, [['start', 'web', {}]]);
  });
  it('passes what it was given, with paths of the caller', async () => {
    const { calls } = await run(
      'start web -f c -s lxc.a=1 -s lxc.b=2 -c tty -L log -p pid -C -- /bin/init -x',
      started,
    );
    assert.deepEqual(calls[0]![2], {
      rcfile: '/here/c',
      defines: ['lxc.a=1', 'lxc.b=2', 'lxc.console.path=/here/tty'],
      init: ['/bin/init', '-x'],
      consoleLog: '/here/log',
      pidFile: '/here/pid',
    });
  });
  it('tells warnings and succeeds', async () => {
    const warnings = [new TslxcError({ code: 'NOT_SUPPORTED', message: 'lxc.x is not acted on yet' })];
    const { code, err } = await run('start web', {
      web: { start: async () => ({ pid: 7, milliseconds: 1, warnings }) },
    });
    assert.deepEqual([code, err], [0, 'tslxc-start: warning: lxc.x is not acted on yet\n']);
  });
  it('names the container in an error, and fails for one that runs', async () => {
    const { code, err } = await run('start web', { web: { start: failing('ALREADY_RUNNING') } });
    assert.deepEqual([code, err], [1, 'tslxc-start: web: ALREADY_RUNNING it is\n']);
  });
  it("exits with init's status in the foreground", async () => {
    const ended = (status: { code: number | null; signal: number | null }) => ({
      web: { startForeground: async () => status },
    });
    assert.equal((await run('start -F web', ended({ code: 3, signal: null }))).code, 3);
    assert.equal((await run('start -F web', ended({ code: null, signal: 9 }))).code, 137);
  });
  it('makes settings of the namespaces to share', async () => {
    let defines: readonly string[] | undefined;
    const start = async (o: { defines?: readonly string[] } = {}) => {
      defines = o.defines;
      return { pid: 7, milliseconds: 1, warnings: [] };
    };
    await run('start web -s a=b --share-net=a --share-pid 12', { web: { start } });
    assert.deepEqual(defines, ['a=b', 'lxc.namespace.share.net=a', 'lxc.namespace.share.pid=12']);
  });
  it('says of a container that is not there what the other commands say', async () => {
    const unread = failing('CONFIG_READ');
    const gone = { defined: () => false, start: unread, plan: unread, startForeground: unread };
    for (const line of ['start gone', 'start gone --dry-run', 'start -F gone']) {
      const { code, err } = await run(line, { gone });
      assert.equal(code, 1);
      assert.match(err, /^tslxc-start: gone: there is no such container in \/var\/lib\/tslxc\n/);
    }
    const { err } = await run('start there', { there: { start: unread } });
    assert.match(err, /^tslxc-start: there: CONFIG_READ it is$/m);
  });
  it('--dry-run plans with the options of the start, and starts nothing', async () => {
    const { code, out, calls } = await run('start web --dry-run -s lxc.a=1', planned(PLAN));
    assert.equal(code, 0);
    assert.deepEqual(calls, [['plan', 'web', { defines: ['lxc.a=1'] }]]);
    for (const line of [
      /^Init: +\/sbin\/init "a b"$/m,
      /^Namespaces: +user mnt pid net$/m,
      /^Id maps: +u 0 100000 65536$/m,
      /^Mounts: +proc on \/proc type proc \(nosuid\)\n +\/proc\/sys read-only but \/proc\/sys\/net$/m,
      /^Network: +0: veth eth0, on br0, 10\.0\.4\.7\/24, gateway auto, up$/m,
      /^Limits: +\/cg\/tslxc\.payload\.web\/memory\.max = 1048576$/m,
      /^Capabilities: +chown kill$/m,
      /^Hooks: +pre-start: \/bin\/a\n +start: \/bin\/b$/m,
      /^Signals: +halt SIGRTMIN\+4$/m,
      /^Note: +the default bridge is not there$/m,
      /^Not acted on: +\/c:3: lxc\.x is not acted on$/m,
    ])
      assert.match(out, line);
  });
  it('--dry-run --json is the plan as data; what would end the start ends it', async () => {
    const { out } = await run('start web --dry-run --json', planned(PLAN));
    const { name, stage, cgroups, warnings } = JSON.parse(out);
    assert.deepEqual([name, stage.init.args, cgroups.length], ['web', ['/sbin/init', 'a b'], 1]);
    assert.equal(warnings[0].code, 'NOT_SUPPORTED');
    const refused = await run('start web --dry-run', { web: { plan: failing('INIT_MISSING') } });
    assert.deepEqual([refused.code, refused.out], [1, '']);
    assert.match(refused.err, /^tslxc-start: web: INIT_MISSING it is$/m);
  });
});

describe('stop', () => {
  const ways: [line: string, options: object][] = [
    ['stop web', { mode: 'shutdown', timeout: 60, killAfter: true }],
    ['stop web -t 5 --nokill', { mode: 'shutdown', timeout: 5, killAfter: false }],
    ['stop web -t -1', { mode: 'shutdown', timeout: -1, killAfter: true }],
    ['stop web -W', { mode: 'shutdown', timeout: 0, killAfter: true }],
    ['stop web -k --nolock', { mode: 'kill', timeout: 60, killAfter: false }],
    ['stop web -r -t 9', { mode: 'reboot', timeout: 9, killAfter: false }],
  ];
  for (const [line, options] of ways)
    it(line, async () => assert.deepEqual((await run(line)).calls, [['stop', 'web', options]]));

  it('exits 2 for what does not run or is not there, 1 for a failure', async () => {
    assert.equal((await run('stop web', { web: { stop: failing('NOT_RUNNING') } })).code, 2);
    assert.equal((await run('stop nope')).code, 2);
    assert.equal((await run('stop web', { web: { stop: failing('STOP_TIMEOUT') } })).code, 1);
    assert.equal((await run('stop web -t -2')).code, 1);
  });
});

describe('attach', () => {
  const ended = (status: object) => ({ web: { attach: async () => status as never } });
  const options = async (...argv: string[]) =>
    (await run(['attach', 'web', ...argv], ended({ code: 0, signal: null }))).calls[0]![2] as Record<
      string,
      unknown
    >;

  it("exits as the program did, with the shells' codes where it could not run", async () => {
    assert.equal((await run('attach web', ended({ code: 5, signal: null }))).code, 5);
    assert.equal((await run('attach web', ended({ code: null, signal: 15 }))).code, 143);
    const noExec = (errno: string) => ({ web: { attach: failing('EXEC_FAILED', { errno }) } });
    assert.equal((await run('attach web -- x', noExec('ENOENT'))).code, 127);
    assert.equal((await run('attach web -- x', noExec('EACCES'))).code, 126);
    assert.equal((await run('attach web', { web: { attach: failing('NOT_RUNNING') } })).code, 1);
  });
  it("keeps the caller's environment, completes its PATH, and says container=lxc", async () => {
    assert.deepEqual((await options()).env, [
      'PATH=/usr/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin',
      'HOME=/root',
      'container=lxc',
    ]);
  });
  it('starts from nothing with --clear-env', async () => {
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    assert.deepEqual((await options('--clear-env')).env, [path, 'container=lxc']);
    assert.deepEqual((await options('--clear-env', '--keep-var', 'HOME')).env, [
      'HOME=/root',
      path,
      'container=lxc',
    ]);
    assert.deepEqual((await options('-v', 'A=1', '--set-var=B=')).setEnv, ['A=1', 'B=']);
  });
  it('keeps privileges as -e and -s say', async () => {
    const all = { keepCapabilities: true, keepCgroup: true, keepLsm: true };
    const kept = async (...argv: string[]) =>
      Object.fromEntries(Object.entries(await options(...argv)).filter(([name]) => name.startsWith('keep')));
    assert.deepEqual(await kept(), {});
    assert.deepEqual(await kept('-e'), all);
    assert.deepEqual(await kept('-eCAP|LSM'), { keepCapabilities: true, keepLsm: true });
    assert.deepEqual(await kept('-s', 'NETWORK'), all);
    assert.deepEqual(await kept('-eCGROUP', '-s', 'PID'), { keepCgroup: true });
  });
  it("never makes a stream of a pipe: that would turn the program's non-blocking", async () => {
    const world = fakeIo();
    Object.defineProperty(world, 'stdin', {
      get() {
        throw new Error('touched');
      },
    });
    assert.equal(await dispatch(['attach', 'web'], world, fakeLibrary(ended({ code: 0, signal: null }))), 0);
  });
  it('joins the namespaces that -s names', async () => {
    assert.equal((await options('-s', 'NETWORK|UTSNAME')).namespaces, CLONE.NEWNET | CLONE.NEWUTS);
    assert.equal((await options('-s', 'mount')).namespaces, CLONE.NEWNS);
    assert.match((await run('attach web -s FOO')).err, /'FOO' is not a namespace/);
  });
  it('explains the missing -- of a program with options', async () => {
    const { code, err } = await run('attach web ls --color');
    assert.equal(code, 1);
    assert.match(err, /hint: put -- before a COMMAND/);
  });
});

describe('console', () => {
  it('greets as LXC does, on stderr', async () => {
    const console_ = async (o: { onConnected?(tty: number): void }) => {
      o.onConnected?.(1);
      return 'detached' as const;
    };
    const { code, out, err } = await run('console web -e ^b', { web: { console: console_ } });
    assert.deepEqual([code, out], [0, '']);
    assert.equal(
      err,
      '\nConnected to tty 1\nType <Ctrl+b q> to exit the console, <Ctrl+b Ctrl+b> to enter Ctrl+b itself\n',
    );
  });
  it('fails when there is no tty', async () => {
    const { code, err } = await run('console web', { web: { console: failing('TTY_UNAVAILABLE') } });
    assert.deepEqual([code, err], [1, 'tslxc-console: web: TTY_UNAVAILABLE it is\n']);
  });
});

describe('create', () => {
  const working = {
    new: {
      async create(o: {
        onStep?(text: string): void;
        onLine?(text: string, stream: 'stdout' | 'stderr'): void;
      }) {
        o.onStep?.('Downloading');
        o.onLine?.('50 %', 'stdout');
        o.onLine?.('careful', 'stderr');
      },
    },
  };
  it('wants a template', async () => {
    const { code, err } = await run('create new', working);
    assert.equal(code, 1);
    assert.match(err, /^tslxc-create: no template given\n/);
  });
  it('shows plain lines in a pipe, nothing with -q', async () => {
    const { code, out, err } = await run('create -n new -t x', working);
    assert.deepEqual([code, out, err], [0, 'Downloading\n50 %\n', 'careful\n']);
    assert.equal((await run('create -q -n new -t x', working)).out, '');
  });
  it('stops at a signal, says so, and exits as one killed by it', async () => {
    let interrupt = (_: NodeJS.Signals) => {};
    const onInterrupt: Io['onInterrupt'] = (listener) => {
      interrupt = listener;
      return () => {};
    };
    const endless = {
      new: {
        create: ({ signal }: { signal?: AbortSignal }) =>
          new Promise<void>((_, reject) => {
            signal!.addEventListener('abort', () => reject(new Error('killed')));
            interrupt('SIGINT');
          }),
      },
    };
    const { code, err } = await run('create -n new -t x', endless, { onInterrupt });
    assert.deepEqual([code, err], [130, 'tslxc-create: interrupted\n']);
  });
  it('passes template arguments and paths of the caller', async () => {
    const { calls } = await run('create -n new -t x -f c --dir d -B dir --fssize 2G -- -r bookworm', working);
    const { template, templateArgs, config, volumeOptions, backingStore } = calls[0]![2] as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [template, templateArgs, config, volumeOptions, backingStore],
      ['x', ['-r', 'bookworm'], '/here/c', { directory: '/here/d', size: 2 ** 31 }, 'dir'],
    );
  });
  it('refuses a size that is none', async () => {
    for (const size of ['0', 'much', '-1'])
      assert.match((await run(`create -n new -t x -B loop --fssize ${size}`, working)).err, /--fssize/);
  });
});

describe('snapshot', () => {
  const snap = { name: 'snap0', path: '/var/lib/tslxc/web/snaps', timestamp: '2026:11:22 00:47:12' };
  it('lists in LXC’s format', async () => {
    const listed = (comment: string) => ({ web: { snapshots: async () => [{ ...snap, comment }] } });
    const line = 'snap0 (/var/lib/tslxc/web/snaps) 2026:11:22 00:47:12\n';
    assert.equal((await run('snapshot web -L', listed('note\n'))).out, line);
    assert.equal((await run('snapshot web -LC', listed('note\n'))).out, `${line}note\n`);
    assert.equal(
      (await run('snapshot web -L', { web: { snapshots: async () => [] } })).out,
      'No snapshots\n',
    );
  });
  it('takes one silently', async () => {
    const { code, out, calls } = await run('snapshot web -c note', { web: { snapshot: async () => snap } });
    assert.deepEqual([code, out, calls[0]![0]], [0, '', 'snapshot']);
    assert.equal((calls[0]![2] as { commentFile: string }).commentFile, '/here/note');
  });
  it('restores under the name of -N or of an operand', async () => {
    for (const line of ['snapshot -n web -r snap0 -N web2', 'snapshot web -r snap0 web2']) {
      const { calls } = await run(line);
      assert.deepEqual([calls[0]![2], (calls[0]![3] as { newName: string }).newName], ['snap0', 'web2']);
    }
    assert.equal((await run('snapshot web extra')).code, 1);
  });
  it('removes one or all', async () => {
    assert.deepEqual((await run('snapshot web -d ALL')).calls, [['destroySnapshot', 'web', 'ALL']]);
  });
  it('refuses two things at once', async () => {
    assert.match((await run('snapshot web -L -d snap0')).err, /can't be used with/);
  });
});

describe('destroy', () => {
  it('is silent, and passes -f and -s', async () => {
    const { code, out, err, calls } = await run('destroy web -fs');
    assert.deepEqual([code, out, err], [0, '', '']);
    assert.deepEqual(calls, [['destroy', 'web', { force: true, snapshots: true }]]);
  });
  it('fails for what is not there', async () => {
    assert.equal((await run('destroy nope')).code, 1);
  });
});

describe('config', () => {
  it('lists keys, and takes the beginning of one', async () => {
    assert.match((await run('config -l')).out, /^lxc\.default_config\nlxc\.lxcpath\n/);
    assert.equal((await run('config lxc.bdev.zfs')).out, 'lxc\n');
    assert.equal((await run('config lxc.cgroup.use')).out, 'lxc.cgroup.use is not set.\n');
    const unknown = await run('config bogus');
    assert.deepEqual([unknown.code, unknown.out], [1, '']);
    assert.equal((await run('config')).code, 0);
  });
  it('sets keys of a container', async () => {
    const { code, out, calls } = await run(['config', 'set', 'web', 'lxc.uts.name=a=b', 'lxc.tty.max =']);
    assert.deepEqual([code, out], [0, '']);
    assert.deepEqual(calls, [
      [
        'setConfig',
        'web',
        [
          { key: 'lxc.uts.name', value: 'a=b' },
          { key: 'lxc.tty.max', value: null },
        ],
      ],
    ]);
    for (const line of [
      'config set',
      'config set web',
      'config set web lxc.tty.max',
      'config set -l web x=y',
    ])
      assert.equal((await run(line)).code, 1, line);
    assert.match((await run('config -P /x lxc.lxcpath')).err, /'--lxcpath' is for 'check'/);
  });
});
