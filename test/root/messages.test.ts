/** What a newcomer is told: each message says what is wrong and what to do, and its hint can be pasted as it is. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, run } from './harness/run-command.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const P = host.lxcpath.replaceAll('/', '\\/');

/** Words after `tslxc` with `@web` for the name, and what the user reads. */
const CASES: readonly (readonly [args: string[], message: RegExp])[] = [
  [['info', '-P', host.lxcpath, '@web', '@web2'], /one container at a time/],
  [['exex', 'web'], /did you mean exec/],
  [['rename', 'a', 'b'], /here it is: tslxc copy NAME -R -N NEWNAME/],
  [['clone', 'a'], /tslxc copy NAME -s -N NEWNAME/],
  [['stats'], /tslxc top/],
  [['snapshot', '-P', host.lxcpath, '@web'], new RegExp(`tslxc-stop -P ${P} -n \\S+web\\n`)],
  [
    ['start', '-P', host.lxcpath, '@off', '-s', 'lxc.cgroup.memory.limit=1G'],
    /did you mean lxc\.cgroup\.memory\.limit_in_bytes\?/,
  ],
  [
    ['attach', '-P', host.lxcpath, '@web', 'ls', '-l', '/'],
    /put -- before a COMMAND.*: tslxc-attach -P \S+ \S+web -- ls -l \/\n/,
  ],
  [['logs', '-P', host.lxcpath, '@web', '-n', '3'], /-n is the name; the last lines are --lines 3/],
  [
    ['create', '-P', host.lxcpath, '-n', '@web', '-t', 'none'],
    /already exists, and is running\n {2}hint: choose another name/,
  ],
  [
    ['copy', '-P', host.lxcpath, '@web', '-N', 'web9'],
    /tslxc-stop -P \S+ -n \S+web\), or copy it as it runs \(tslxc-copy -P \S+ -a -n/,
  ],
  [
    ['attach', '-P', host.lxcpath, '@off'],
    /it is not running\n {2}hint: start it first: tslxc-start -P \S+ -n \S+off\n/,
  ],
  [['console', '-P', host.lxcpath, '@off'], /start it first: tslxc-start -P/],
  [['freeze', '-P', host.lxcpath, '@off'], /start it first: tslxc-start -P/],
  [['cgroup', '-P', host.lxcpath, '@off', 'memory.max'], /start it first \(tslxc-start -P/],
  [['cgroup', '-P', host.lxcpath, '@web', 'memory.maxx'], /did you mean \S*memory\.max/],
  [
    ['import', '/nonexistent.tar'],
    /^tslxc-import: the archive \/nonexistent\.tar cannot be read: it does not exist\n/,
  ],
  [['ls', '-P', '/nonexistent'], /warning: there is no directory \/nonexistent/],
  [
    ['info', '-P', host.lxcpath, '@web', '-c', 'lxc.nett'],
    /there is no key "lxc\.nett"\n {2}hint: did you mean lxc\.net\?/,
  ],
];

test('messages of mistakes', { skip }, async () => {
  await busybox.make('off');
  await busybox.start('web', '', []);
  for (const [args, message] of CASES) {
    const words = args.map((word) => word.replace(/^@/, `${host.mark}-`));
    const { stderr } = await run(join(BIN, 'tslxc'), words, { env: host.env });
    assert.match(stderr, message, words.join(' '));
    assert.doesNotMatch(stderr, /^\s+at |INTERNAL|Error:/m, words.join(' '));
  }
});

test('options of every command may stand in front of the word', { skip }, async () => {
  const json = await run(join(BIN, 'tslxc'), ['--json', '-P', host.lxcpath, 'ls'], { env: host.env });
  assert.equal(json.code, 0, json.stderr);
  assert.ok((JSON.parse(json.stdout) as { name: string }[]).some(({ name }) => name === host.name('web')));
});

test('a full device is told in words, by a process of the pool and without one', { skip }, async () => {
  await busybox.start('full');
  for (const pool of ['1', '0']) {
    const env = { ...host.env, TSLXC_POOL: pool };
    const { code, stderr } = await run('/bin/sh', ['-c', `${join(BIN, 'tslxc')} --help >/dev/full`], { env });
    assert.equal(code, 1);
    assert.equal(stderr, 'tslxc: standard output cannot be written: no space is left there\n');
  }
});

test('snapshots in JSON: a path of its own, ISO 8601, a comment as text', { skip }, async () => {
  await host.ok('snapshot', ['-n', '@off', '--message', 'before the upgrade']);
  const [snapshot] = JSON.parse(await host.ok('snapshot', ['-n', '@off', '-L', '--json'])) as Record<
    string,
    string
  >[];
  assert.equal(snapshot?.path, join(host.lxcpath, host.name('off'), 'snaps/snap0'));
  assert.equal(new Date(snapshot?.timestamp ?? '').toISOString(), snapshot?.timestamp);
  assert.equal(snapshot?.comment, 'before the upgrade');
  await host.ok('copy', ['@off', host.name('copied')]);
  await host.ok('info', ['-n', '@copied', '-s']);
});
