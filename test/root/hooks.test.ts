/** Hooks: when they run, where, with what environment, and what their failure does. */

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { descriptorsOf } from './harness/leftovers.ts';
import { sh } from './harness/run-command.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const record = join(host.root, 'record');

const HOST_HOOKS = ['pre-start', 'start-host', 'stop', 'post-stop'];
const STAGE_HOOKS = ['pre-mount', 'mount', 'autodev'];

/** Writes an executable script. */
function script(name: string, body: string, directory = host.root): string {
  const file = join(directory, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

const recorded = () => (existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : []);

before(() => {
  if (!skip) mkdirSync(host.root, { recursive: true });
});

test('order, arguments and place', { skip }, async () => {
  covers(
    'lxc.hook.pre-start',
    'lxc.hook.pre-mount',
    'lxc.hook.mount',
    'lxc.hook.autodev',
    'lxc.hook.start-host',
    'lxc.hook.start',
    'lxc.hook.stop',
    'lxc.hook.post-stop',
    'lxc.net.N.script.up',
    'lxc.net.N.script.down',
  );
  const { name: bridge } = await host.bridge();
  rmSync(record, { force: true });
  const note = script(
    'note',
    `echo "$3 args=[$*] init=$([ -n "$LXC_PID" ] && echo yes) pid=$$ net=$(readlink /proc/self/ns/net) mnt=$(readlink /proc/self/ns/mnt)" >>${record}`,
  );
  await busybox.make(
    'order',
    [
      ...[...HOST_HOOKS, ...STAGE_HOOKS].map((type) => `lxc.hook.${type} = ${note}`),
      'lxc.hook.start = /root/note',
      `lxc.hook.pre-start = ${note} second`,
      'lxc.net.0.type = veth',
      `lxc.net.0.link = ${bridge}`,
      `lxc.net.0.script.up = ${note}`,
      `lxc.net.0.script.down = ${note}`,
    ].join('\n'),
  );
  // Inside there is nothing of the host's file system: this one writes to the container's, and we look there.
  script(
    'note',
    'echo "$3 args=[$*] caps=$(grep CapBnd /proc/self/status) root=$(ls /)" >/root/record',
    join(host.rootfs('order'), 'root'),
  );
  await host.ok('start', ['-n', '@order']);
  const name = host.name('order');
  const types = recorded().map((line) => line.split(' ')[0]);
  assert.deepEqual(types, ['pre-start', 'lxc', 'up', 'pre-mount', 'mount', 'autodev', 'start-host']);
  const [first, second, up, preMount, mount, , startHost] = recorded() as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  assert.ok(first.includes(`args=[${name} lxc pre-start]`), first);
  assert.ok(second.includes(`args=[second ${name} lxc pre-start]`), second);
  assert.match(up, new RegExp(`args=\\[${name} net up veth ${bridge} \\S+\\]`));
  assert.ok(mount.includes(`args=[${name} lxc mount]`), mount);
  const namespace = (line: string, type: string) => new RegExp(`${type}=(\\S+)`).exec(line)![1];
  assert.equal(namespace(first, 'mnt'), namespace(startHost, 'mnt'));
  assert.notEqual(namespace(preMount, 'mnt'), namespace(first, 'mnt'));
  assert.notEqual(namespace(mount, 'net'), namespace(first, 'net'));
  assert.ok(startHost.includes('init=yes'));
  const inner = readFileSync(join(host.rootfs('order'), 'root/record'), 'utf8');
  assert.ok(inner.includes(`args=[${name} lxc start]`), inner);
  assert.match(inner, /CapBnd:\s+(?!000001ffffffffff)/);
  rmSync(record);
  await host.kill('order');
  assert.deepEqual(
    recorded().map((line) => line.split(' ')[0]),
    ['down', 'stop', 'post-stop'],
  );
  for (const line of recorded()) assert.match(line, /init=yes/);
});

test('a start that fails late leaves nothing open in the manager', { skip }, async () => {
  const refuse = script('refuse', 'test ! -e "$LXC_ROOTFS_PATH/no"');
  await busybox.start('late', `lxc.hook.start-host = ${refuse}`);
  await host.kill('late');
  const open = () =>
    [...descriptorsOf(host.managerPid()!).values()].map((target) => target.replace(/\d+/g, 'N')).sort();
  const before = open();
  writeFileSync(join(host.rootfs('late'), 'no'), '');
  for (let i = 0; i < 3; i++) {
    const { code, stderr } = await host.tslxc('start', ['-n', '@late', '-d']);
    assert.deepEqual([code, /start-host/.test(stderr)], [1, true], stderr);
  }
  await eventually('all is closed', () => open().length <= before.length);
  assert.deepEqual(
    open().filter((target) => /pt(s|mx)/.test(target)),
    [],
  );
});

test('a reboot runs them all again', { skip }, async () => {
  rmSync(record, { force: true });
  const note = script('target', `echo "$3 $LXC_TARGET" >>${record}`);
  await busybox.start(
    'reboot',
    ['pre-start', 'start-host', 'stop', 'post-stop'].map((type) => `lxc.hook.${type} = ${note}`).join('\n'),
  );
  await host.ok('stop', ['-n', '@reboot', '-r']);
  await host.kill('reboot');
  assert.deepEqual(
    recorded().map((line) => line.trim()),
    [
      'pre-start',
      'start-host',
      'stop reboot',
      'post-stop reboot',
      'pre-start reboot',
      'start-host reboot',
      'stop stop',
      'post-stop stop',
    ],
  );
});

test('the environment of each', { skip }, async () => {
  covers('lxc.hook.version');
  rmSync(record, { force: true });
  const dump = script('dump', `{ echo "== $3$LXC_HOOK_TYPE"; env | sort; } >>${record}`);
  const types = [...HOST_HOOKS, ...STAGE_HOOKS];
  for (const version of [0, 1]) {
    rmSync(record, { force: true });
    const name = `env${version}`;
    await busybox.start(
      name,
      [
        `lxc.hook.version = ${version}`,
        'lxc.environment = MINE=from config',
        ...types.map((type) => `lxc.hook.${type} = ${dump}`),
      ].join('\n'),
    );
    const init = await host.initPid(name);
    await host.kill(name);
    const sections = Object.fromEntries(
      readFileSync(record, 'utf8')
        .split(/^== /m)
        .filter(Boolean)
        .map((text) => {
          const [type, ...lines] = text.trim().split('\n');
          return [
            type!,
            Object.fromEntries(
              lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
            ),
          ];
        }),
    );
    assert.deepEqual(Object.keys(sections).sort(), [...types].sort());
    for (const type of types) {
      const env = sections[type]!;
      assert.equal(env.LXC_NAME, host.name(name), type);
      assert.equal(env.LXC_CONFIG_FILE, host.config(name), type);
      assert.equal(env.LXC_ROOTFS_PATH, host.rootfs(name), type);
      assert.ok(env.LXC_ROOTFS_MOUNT, type);
      assert.equal(env.LXC_CGNS_AWARE, '1', type);
      assert.equal(env.LXC_HOOK_VERSION, String(version), type);
      assert.equal(env.LXC_HOOK_TYPE, version === 1 ? type : undefined, type);
      assert.equal(env.LXC_HOOK_SECTION, version === 1 ? 'lxc' : undefined, type);
      assert.equal(
        env.LXC_PID,
        ['start-host', 'stop', 'post-stop'].includes(type) ? String(init) : undefined,
        type,
      );
      assert.equal(env.LXC_TARGET, ['stop', 'post-stop'].includes(type) ? 'stop' : undefined, type);
      if (STAGE_HOOKS.includes(type)) assert.equal(env.MINE, 'from config', type);
    }
  }
});

test('a mount hook sees the root filesystem where LXC_ROOTFS_MOUNT says, and can add to it', {
  skip,
}, async () => {
  const hook = script(
    'populate',
    'mkdir -p "$LXC_ROOTFS_MOUNT/srv/data" && mount -t tmpfs tmpfs "$LXC_ROOTFS_MOUNT/srv/data" && echo made >"$LXC_ROOTFS_MOUNT/srv/data/file"',
  );
  const devices = script('devices', 'mknod -m 666 "$LXC_ROOTFS_MOUNT/dev/mynull" c 1 3');
  await busybox.start('add', `lxc.hook.mount = ${hook}\nlxc.hook.autodev = ${devices}`);
  assert.equal(
    await host.inside('add', 'cat /srv/data/file; echo x >/dev/mynull; test -c /dev/mynull && echo device'),
    'made\ndevice',
  );
  assert.equal(existsSync(join(host.rootfs('add'), 'srv/data/file')), false);
  await host.kill('add');
  await host.assertNothingLeft();
});

for (const type of ['pre-start', 'pre-mount', 'mount', 'autodev', 'start', 'start-host', 'script.up'])
  test(`a failing ${type} hook stops the start and says what it printed`, { skip }, async () => {
    const name = `fail-${type.replace('.', '-')}`;
    const bridge = type === 'script.up' ? (await host.bridge()).name : undefined;
    const body = 'echo some output; echo the real reason >&2; exit 3';
    const key =
      type === 'script.up'
        ? `lxc.net.0.type = veth\nlxc.net.0.link = ${bridge}\nlxc.net.0.script.up`
        : `lxc.hook.${type}`;
    await busybox.make(name, `${key} = ${type === 'start' ? '/root/fail' : script('fail', body)}`);
    if (type === 'start') script('fail', body, join(host.rootfs(name), 'root'));
    const errors: string[] = [];
    for (const way of ['-d', '-F']) {
      const { code, stderr } = await host.tslxc('start', ['-n', `@${name}`, way]);
      assert.equal(code, 1);
      assert.match(stderr, /the real reason/);
      assert.match(stderr, /status 3/);
      assert.match(stderr, new RegExp(`${name}/config:\\d+: `));
      errors.push(stderr);
      await host.assertNothingLeft();
    }
    assert.equal(errors[0], errors[1]);
  });

test('a failing stop or post-stop hook is logged and changes nothing', { skip }, async () => {
  await busybox.start(
    'late',
    `lxc.hook.stop = ${script('fail-stop', 'echo no stop; exit 1')}\nlxc.hook.post-stop = ${script('fail-post', 'echo no post; exit 1')}`,
  );
  await host.ok('stop', ['-n', '@late', '-k']);
  await host.assertNothingLeft();
});

test('a missing hook and a hook that cannot be run are errors', { skip }, async () => {
  const plain = join(host.root, 'plain');
  writeFileSync(plain, 'no script');
  await busybox.make('missing', '');
  for (const path of [join(host.root, 'nowhere'), plain]) {
    const { code, stderr } = await host.tslxc('start', [
      '-n',
      '@missing',
      '-s',
      `lxc.hook.pre-start=${path}`,
    ]);
    assert.equal(code, 1);
    assert.ok(stderr.includes(path), stderr);
    await host.assertNothingLeft();
  }
});

test('a hook that leaves a daemon behind does not hold the start up', { skip }, async () => {
  const { ms } = await (async () => {
    await busybox.make('daemon', `lxc.hook.pre-start = ${script('leave', 'sleep 5 &')}`);
    return await host.tslxc('start', ['-n', '@daemon']);
  })();
  assert.ok(ms < 4000);
  await eventually('the daemon ends', () => !host.processes().some(({ title }) => title === 'sleep 5'));
});

/** What a hook brings, and the hook that brings it. `$ROOT`: an empty root filesystem directory; `$REAL`: a whole one. */
const BROUGHT: Readonly<
  Record<string, { readonly lines: string; readonly hook: string; readonly body: string }>
> = {
  'a bridge': {
    lines: 'lxc.net.0.type = veth\nlxc.net.0.link = $BRIDGE',
    hook: 'pre-start',
    body: 'ip link add $BRIDGE type bridge && ip link set $BRIDGE up',
  },
  'the directory of the root filesystem': {
    lines: 'lxc.rootfs.path = dir:$ROOT/made',
    hook: 'pre-start',
    body: 'mkdir $ROOT/made && cp -a $REAL/. $ROOT/made/',
  },
  'a mount on the root filesystem': {
    lines: 'lxc.rootfs.path = dir:$ROOT',
    hook: 'pre-start',
    body: 'mount --bind $REAL $ROOT',
  },
  'a mount in the container alone': {
    lines: 'lxc.rootfs.path = dir:$ROOT',
    hook: 'pre-mount',
    body: 'mount --bind $REAL $LXC_ROOTFS_PATH',
  },
  'init and its programs, by mounts': {
    lines: 'lxc.rootfs.path = dir:$ROOT',
    hook: 'mount',
    body: 'for d in bin sbin etc lib lib64; do [ ! -d $REAL/$d ] || { mkdir -p $LXC_ROOTFS_MOUNT/$d; mount --bind $REAL/$d $LXC_ROOTFS_MOUNT/$d; }; done',
  },
  'the source of a bind mount': {
    lines: 'lxc.mount.entry = $ROOT/made mnt none bind,create=dir 0 0',
    hook: 'pre-mount',
    body: 'mkdir -p $ROOT/made',
  },
  'the fstab file': {
    lines: 'lxc.mount.fstab = $ROOT/fstab',
    hook: 'pre-start',
    body: 'echo "$REAL/etc mnt/etc none bind,create=dir 0 0" >$ROOT/fstab',
  },
  'the mount point': {
    lines: 'lxc.rootfs.mount = $ROOT/point',
    hook: 'pre-start',
    body: 'mkdir -p $ROOT/point',
  },
  'a bridge, by the script of another nic': {
    lines:
      'lxc.net.0.type = veth\nlxc.net.0.script.up = $SCRIPT\nlxc.net.1.type = veth\nlxc.net.1.link = $BRIDGE',
    hook: 'script.up',
    body: 'ip link add $BRIDGE type bridge && ip link set $BRIDGE up',
  },
  'the console': {
    lines: 'lxc.console.path = $ROOT/made/console',
    hook: 'pre-start',
    body: 'mkdir -p $ROOT/made && touch $ROOT/made/console',
  },
};

for (const [what, { lines, hook, body }] of Object.entries(BROUGHT))
  test(`a hook brings ${what}`, { skip }, async () => {
    const bridge = `${host.mark.slice(-10)}hk`;
    const root = join(host.root, 'brought');
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root);
    await busybox.make('brings');
    const words = {
      $BRIDGE: bridge,
      $ROOT: root,
      $REAL: host.rootfs('brings'),
      $SCRIPT: join(host.root, 'bring'),
    };
    const filled = (text: string) =>
      Object.entries(words).reduce((all, [word, value]) => all.replaceAll(word, value), text);
    const own = readFileSync(host.config('brings'), 'utf8');
    const setting = filled(lines);
    const kept = setting.startsWith('lxc.rootfs.path') ? own.replace(/^lxc\.rootfs\.path.*$/m, '') : own;
    const nets = setting.startsWith('lxc.net') ? kept.replace(/^lxc\.net.*$/gm, '') : kept;
    writeFileSync(host.config('brings'), `${nets}\n${setting}\n`);
    try {
      // Without the hook it is a fault.
      script('bring', ':');
      assert.equal((await host.tslxc('start', ['-n', '@brings'])).code, 1, setting);
      const maker = script('bring', filled(body));
      const line = hook === 'script.up' ? '' : `lxc.hook.${hook} = ${maker}\n`;
      writeFileSync(host.config('brings'), `${nets}\n${setting}\n${line}`);
      const { code, stdout, stderr } = await host.tslxc('config', [
        'check',
        '-P',
        host.lxcpath,
        '-n',
        '@brings',
      ]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout + stderr, new RegExp(`may be made by hook ${hook} \\(.*/config:\\d+\\)`));
      await host.ok('start', ['-n', '@brings', '--dry-run']);
      await host.ok('start', ['-n', '@brings']);
      assert.equal(await host.state('brings'), 'RUNNING');
      await host.kill('brings');
    } finally {
      await sh(`umount -l ${root} 2>/dev/null; ip link del ${bridge} 2>/dev/null; rm -rf ${root}; true`);
    }
  });
