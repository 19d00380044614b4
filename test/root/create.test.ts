import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createContainer } from '../../src/container/lifecycle/create.ts';
import { sweepLeftovers } from '../../src/container/recovery/leftovers.ts';
import { lockContainer } from '../../src/container/state/lock.ts';
import { killedIn, scratch, unmountBelow } from './storage-scratch.ts';

const { root, lxcpath, template, entries } = scratch();
const config = join(root, 'empty.conf');
const good = template(
  'mkdir -p $R/sbin $R/etc; echo hello >$R/etc/hello; echo "lxc.uts.name = $N" >>$P/config',
);
const ref = (name: string) => ({ name, lxcpath });

test('a container is its directory, its config with a header, and what the template made', async () => {
  const steps: string[] = [];
  await createContainer(ref('one'), { template: good, config, onStep: (text) => steps.push(text) });
  const text = readFileSync(join(lxcpath, 'one/config'), 'utf8');
  assert.match(text, /^# Made by tslxc-create/);
  assert.match(text, /# first line\nlxc\.net\.0\.type = empty\n/);
  assert.ok(text.includes(`lxc.rootfs.path = dir:${lxcpath}/one/rootfs\n`), text);
  assert.match(text, /lxc\.uts\.name = one\n/);
  assert.equal(statSync(join(lxcpath, 'one')).mode & 0o7777, 0o700);
  assert.equal(statSync(join(lxcpath, 'one/config')).mode & 0o7777, 0o640);
  assert.equal(statSync(join(lxcpath, 'one/rootfs')).mode & 0o7777, 0o755);
  assert.equal(readFileSync(join(lxcpath, 'one/rootfs/etc/hello'), 'utf8'), 'hello\n');
  assert.deepEqual(entries(join(lxcpath, 'one')), ['config', 'rootfs']);
  assert.equal(steps.length, 1);
});

test('a name that is taken is refused and nothing is touched', async () => {
  const before = readFileSync(join(lxcpath, 'one/config'), 'utf8');
  await assert.rejects(createContainer(ref('one'), { template: good, config }), { code: 'CONTAINER_EXISTS' });
  assert.equal(readFileSync(join(lxcpath, 'one/config'), 'utf8'), before);
});

test('create takes a folder without a config and keeps its files; a file in the way is refused', async () => {
  mkdirSync(join(lxcpath, 'data'));
  writeFileSync(join(lxcpath, 'data/precious'), 'x');
  await createContainer(ref('data'), { template: 'none', config });
  assert.deepEqual(entries(join(lxcpath, 'data')), ['config', 'precious']);
  writeFileSync(join(lxcpath, 'file'), 'x');
  await assert.rejects(createContainer(ref('file'), { template: 'none', config }), {
    code: 'CONTAINER_EXISTS',
    message: /is no container/,
  });
  rmSync(join(lxcpath, 'file'));
});

test('a name that is none, a template that is not there, a config with a typo: nothing is made', async () => {
  const before = entries();
  await assert.rejects(createContainer(ref('a/b'), { template: good, config }), { code: 'NAME_INVALID' });
  await assert.rejects(createContainer(ref('x'), { template: 'nowhere', config }), {
    code: 'TEMPLATE_MISSING',
  });
  const typo = join(root, 'typo.conf');
  writeFileSync(typo, 'lxc.arch = x86_64\nlxc.utz.name = x\n');
  await assert.rejects(createContainer(ref('x'), { template: good, config: typo }), {
    code: 'CONFIG_UNKNOWN_KEY',
    file: typo,
    line: 2,
  });
  await assert.rejects(createContainer(ref('x'), { template: good, config, backingStore: 'aufs' }), {
    code: 'NOT_SUPPORTED',
    hint: /overlay/,
  });
  assert.deepEqual(entries(), before);
});

test('MAC placeholders are settled, relative includes made absolute', async () => {
  const file = join(root, 'mac.conf');
  writeFileSync(join(root, 'more.conf'), '');
  writeFileSync(
    file,
    'lxc.include = more.conf\nlxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\n',
  );
  await createContainer(ref('mac'), { template: 'none', config: file });
  const text = readFileSync(join(lxcpath, 'mac/config'), 'utf8');
  assert.match(text, /hwaddr = 00:16:3e(:[0-9a-f]{2}){3}\n/);
  assert.ok(text.includes(`lxc.include = ${root}/more.conf\n`));
});

test('a template that fails half-way leaves nothing behind', async () => {
  const before = entries();
  const bad = template('mkdir $R/half; chattr +i $R/half 2>/dev/null || :; echo "no mirror" >&2; exit 3');
  await assert.rejects(createContainer(ref('bad'), { template: bad, config }), {
    code: 'TEMPLATE_FAILED',
    message: /no mirror/,
    container: 'bad',
  });
  assert.deepEqual(entries(), before);
});

test('an abort stops the template and removes everything', async () => {
  const before = entries();
  const abort = new AbortController();
  const slow = template('mkdir $R/a; echo "==> waiting"; sleep 60');
  const reason = new Error('ctrl-c');
  await assert.rejects(
    createContainer(ref('slow'), {
      template: slow,
      config,
      signal: abort.signal,
      onStep: (text) => text === 'waiting' && abort.abort(reason),
    }),
    reason,
  );
  assert.deepEqual(entries(), before);
});

test('--dir: what was there stays, what was made goes', async () => {
  const bad = template('touch $R/made; exit 1');
  const full = join(root, 'full');
  mkdirSync(full);
  writeFileSync(join(full, 'mine'), '');
  const empty = join(root, 'empty');
  mkdirSync(empty);
  const missing = join(root, 'deep/er/missing');
  for (const directory of [full, empty, missing]) {
    await assert.rejects(
      createContainer(ref('dir'), { template: bad, config, volumeOptions: { directory } }),
      {
        code: 'TEMPLATE_FAILED',
      },
    );
  }
  assert.ok(entries(full).includes('mine'));
  assert.deepEqual(entries(empty), []);
  assert.equal(existsSync(join(root, 'deep')), false);
  await createContainer(ref('dir'), { template: good, config, volumeOptions: { directory: missing } });
  assert.match(
    readFileSync(join(lxcpath, 'dir/config'), 'utf8'),
    new RegExp(`rootfs.path = dir:${missing}\n`),
  );
  assert.ok(existsSync(join(missing, 'etc/hello')));
});

test('a disk that gets full is said so, and what was made is removed', async () => {
  const disk = join(root, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
  try {
    for (const body of [
      'head -c 8M /dev/zero >$R/big',
      'head -c 8M /dev/zero >$R/big 2>/dev/null || exit 1',
    ]) {
      await assert.rejects(
        createContainer({ name: 'big', lxcpath: disk }, { template: template(body), config }),
        {
          code: 'DISK_FULL',
          message: new RegExp(disk),
        },
      );
      assert.deepEqual(entries(disk), []);
    }
  } finally {
    unmountBelow(root);
  }
});

test('after kill -9 in the middle of a create the next command removes what was made', async () => {
  const before = entries();
  const outside = join(root, 'outside');
  const slow = template('touch $R/made; sleep 60');
  const options = JSON.stringify({ template: slow, config, volumeOptions: { directory: outside } });
  await killedIn(
    `const { createContainer } = await load('container/lifecycle/create.ts');
     await createContainer({ name: 'killed', lxcpath: '${lxcpath}' }, ${options});`,
    () => existsSync(join(outside, 'made')),
  );
  assert.ok(existsSync(join(lxcpath, 'killed/partial')));
  await createContainer(ref('other'), { template: 'none', config });
  assert.deepEqual(entries(), [...before, 'other'].sort());
  assert.equal(existsSync(outside), false);
});

test('a create at work is not swept', async () => {
  mkdirSync(join(lxcpath, 'busy'));
  writeFileSync(join(lxcpath, 'busy/partial'), '');
  {
    using _lock = lockContainer(ref('busy'));
    assert.deepEqual(await sweepLeftovers(lxcpath), []);
    await assert.rejects(createContainer(ref('busy'), { template: good, config }), {
      code: 'CONTAINER_BUSY',
    });
  }
  await createContainer(ref('busy'), { template: good, config });
  assert.ok(lstatSync(join(lxcpath, 'busy/rootfs')).isDirectory());
});

test('a partial marker that others may have written names nothing that is removed', async () => {
  const victim = join(root, 'victim');
  mkdirSync(victim);
  mkdirSync(join(lxcpath, 'forged'));
  const marker = JSON.stringify({ rootfs: { path: victim, before: 'missing', parents: [] } });
  writeFileSync(join(lxcpath, 'forged/partial'), marker, { mode: 0o600 });
  execFileSync('chown', ['1234', join(lxcpath, 'forged/partial')]);
  assert.deepEqual(await sweepLeftovers(lxcpath), ['forged']);
  assert.ok(existsSync(victim));
});
