import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.ts';
import { TslxcError } from '../../src/errors/tslxc-error.ts';
import { folderWith, load, located, read } from './config-folder.ts';

/** Text of a file -> value of lxc.uts.name or of lxc.init.cmd, as LXC 5.0.2 prints it. */
const LINES: readonly (readonly [string, string])[] = [
  ['lxc.init.cmd=a\nlxc.init.cmd = b\n', 'b'],
  ['  lxc.init.cmd = a', 'a'],
  ['\tlxc.init.cmd\t=\ta\t\n', 'a'],
  ['lxc.init.cmd = a # b ; c\n', 'a # b ; c'],
  ['lxc.init.cmd = "a # b"\n', 'a # b'],
  ["lxc.init.cmd = 'a b' # x\n", "'a b' # x"],
  ['lxc.init.cmd = "a\n', '"a'],
  ["lxc.init.cmd = '\n", "'"],
  ["lxc.init.cmd = ''\n", ''],
  ["lxc.init.cmd = ' a '\n", ' a '],
  ['lxc.init.cmd = \'"a"\'\n', '"a"'],
  ['lxc.init.cmd = a=b\n', 'a=b'],
  ['lxc.init.cmd = a\r\n', 'a'],
  ['lxc.init.cmd = a\\\nlxc.tty.max = 3\n', 'a\\'],
  ['  # lxc.init.cmd = a\n', ''],
  ['lxc = 5\nLXC.init.cmd = 5\n[section]\nanything at all', ''],
  ['\uFEFFlxc.init.cmd = a\n', 'a'],
  ['lxc.init.cmd = \u00a0a\n', '\u00a0a'],
];

test('lines are read as LXC reads them', (t) => {
  for (const [text, value] of LINES)
    assert.equal(load(t, text).format('lxc.init.cmd'), value, JSON.stringify(text));
});

test('a setting knows where it was written', (t) => {
  const config = load(t, '# first\n\n  lxc.init.cmd =  "/sbin/init x"\nlxc.cap.drop = chown  mknod\n');
  const { origin, text, key } = config.get('lxc.init.cmd') ?? assert.fail();
  assert.deepEqual(
    { ...origin, text, key },
    {
      file: config.file,
      line: 3,
      column: 20,
      text: '/sbin/init x',
      key: 'lxc.init.cmd',
    },
  );
  assert.deepEqual(
    config.getAll('lxc.cap.drop').map(({ value, origin: { column } }) => [value, column]),
    [
      ['chown', 16],
      ['mknod', 23],
    ],
  );
});

test('all errors of a file are reported at once, each with its place', (t) => {
  const { errors, config } = read(
    t,
    [
      'lxc.tty.max = 4',
      'lxc.tty.mx = 4',
      '  lxc.uts.name',
      'lxc.start.auto =  maybe',
      'lxc.prlimit.nofiles = 1',
      'lxc.init.cmd = a\x1bb',
    ].join('\n'),
  );
  assert.deepEqual(located(errors), [
    'CONFIG_UNKNOWN_KEY 2:1 there is no key "lxc.tty.mx"',
    'CONFIG_SYNTAX 3:15 "lxc.uts.name" has no "="',
    'CONFIG_VALUE 4:19 lxc.start.auto: "maybe" is neither 0 nor 1',
    'CONFIG_UNKNOWN_KEY 5:1 there is no key "lxc.prlimit.nofiles"',
    'CONFIG_SYNTAX 6:17 the control character \\x1b is not allowed',
  ]);
  assert.deepEqual(
    errors.map(({ hint }) => hint?.replace(/;.*/, '')),
    [
      'did you mean lxc.tty.max?',
      'a line is KEY = VALUE',
      'valid is 0 (off) or 1 (on)',
      'did you mean lxc.prlimit.nofile?',
      'a line is KEY = VALUE',
    ],
  );
  assert.ok(errors.every(({ file }) => file === config.file));
  assert.equal(config.format('lxc.tty.max'), '4', 'the rest of the file is still there');
});

test('loading throws the first error, and the others with it', (t) => {
  const file = join(folderWith(t, { config: 'lxc.a = 1\nlxc.b = 2\n' }), 'config');
  assert.throws(
    () => loadConfig(file, { name: 'web1' }),
    (error) => {
      assert.ok(error instanceof TslxcError);
      assert.deepEqual([error.code, error.line, error.container], ['CONFIG_UNKNOWN_KEY', 1, 'web1']);
      assert.deepEqual(
        error.also.map(({ line, container }) => [line, container]),
        [[2, 'web1']],
      );
      return true;
    },
  );
});

test('the list of faults survives a first fault with a cause of its own', (t) => {
  const file = join(folderWith(t, { config: 'lxc.include = none\nlxc.b = 2\n' }), 'config');
  assert.throws(
    () => loadConfig(file),
    (error) => error instanceof TslxcError && error.errno === 'ENOENT' && error.also.length === 1,
  );
});

test('a relative file starts at the folder given', (t) => {
  const cwd = folderWith(t, { config: 'lxc.tty.max = 2\n', more: 'lxc.pty.max = 3\n' });
  const config = loadConfig('config', { cwd, defines: ['lxc.include = more'] });
  assert.deepEqual([config.file, config.format('lxc.pty.max')], [join(cwd, 'config'), '3']);
});

test('a file that is not there', (t) => {
  const file = join(folderWith(t), 'config');
  assert.throws(() => loadConfig(file), {
    code: 'CONFIG_READ',
    errno: 'ENOENT',
    file,
    message: `${file} does not exist`,
  });
});

test('a typo gets the key that was meant', (t) => {
  const meant: Readonly<Record<string, string | undefined>> = {
    'lxc.net.3.lnik': 'lxc.net.3.link',
    'lxc.net.0.ipv4.adress': 'lxc.net.0.ipv4.address',
    'lxc.nett.0.type': 'lxc.net.0.type',
    'lxc.Rootfs.path': 'lxc.rootfs.path',
    'lxc.cgruop.memory.limit_in_bytes': 'lxc.cgroup.memory.limit_in_bytes',
    'lxc.cgroups2.memory.max': 'lxc.cgroup2.memory.max',
    'lxc.hook.prestart': 'lxc.hook.pre-start',
    'lxc.cgroup.dir.contaner': 'lxc.cgroup.dir.container',
    'lxc.uts.name.foo': 'lxc.uts.name',
    'lxc.something.else.entirely': undefined,
    [`lxc.${'x'.repeat(5000)}`]: undefined,
    'lxc.': undefined,
    'lxc.__proto__': undefined,
  };
  for (const [typo, key] of Object.entries(meant)) {
    const [error] = read(t, `${typo} = 1\n`).errors;
    assert.equal(error?.code, 'CONFIG_UNKNOWN_KEY', typo);
    assert.equal(/did you mean (.*)\?/.exec(error?.hint ?? '')?.[1], key, typo);
  }
});

test('settings of the command line come after the file', (t) => {
  const config = load(t, 'lxc.tty.max = 1\n', { defines: ['lxc.uts.name=a', 'lxc.tty.max = "2"'] });
  assert.deepEqual(config.get('lxc.tty.max')?.origin, { file: 'command line', line: 2, column: 16 });
  assert.equal(config.format('lxc.tty.max'), '2');
  const { errors } = read(t, '', { defines: ['lxc.tty.max', 'tty.max=3', 'lxc.tty.max=x'] });
  assert.deepEqual(located(errors), [
    'CONFIG_SYNTAX 1:12 "lxc.tty.max" has no "="',
    'CONFIG_UNKNOWN_KEY 2:1 there is no key "tty.max"',
    'CONFIG_VALUE 3:13 lxc.tty.max: "x" is not a whole number',
  ]);
  assert.ok(errors.every(({ file }) => file === 'command line'));
});

test('bytes that are not UTF-8 are refused in settings and ignored in comments', (t) => {
  const text = Buffer.concat([
    Buffer.from('# caf\xe9 ä\nlxc.init.cmd = /caf'),
    Buffer.from([0xe9]),
    Buffer.from('\n# '),
    Buffer.from([0xe9]),
  ]);
  const { errors } = read(t, text);
  assert.deepEqual(located(errors), ['CONFIG_SYNTAX 2:20 the line is not UTF-8']);
});

test('a word that is nearly a valid one is asked about', (t) => {
  const asked = (line: string) => read(t, `${line}\n`).errors[0]?.message.split('; ')[1];
  for (const [line, text] of [
    ['lxc.net.0.type = veht', 'did you mean "veth"?'],
    ['lxc.cap.drop = sys_modul', 'did you mean "sys_module"?'],
    ['lxc.cap.drop = CAP_SYS_ADMIN', 'write it as sys_admin'],
    ['lxc.signal.halt = PWR', 'write it as SIGPWR'],
    ['lxc.signal.halt = SIGKIL', 'did you mean "SIGKILL"?'],
    ['lxc.log.level = DEBG', 'did you mean "DEBUG"?'],
    ['lxc.arch = amd46', 'did you mean "amd64"?'],
    ['lxc.mount.auto = porc:mixed', 'did you mean "proc"?'],
    ['lxc.arch = vax', undefined],
    ['lxc.net.0.type = tokenring', undefined],
  ] as const)
    assert.equal(asked(line), text, line);
});

test('a comment behind a value is told of in the error that it makes', (t) => {
  const [error] = read(t, 'lxc.tty.max = 4 # four\n').errors;
  assert.match(error?.hint ?? '', /a comment needs a line of its own/);
});

test('a line that is passed over is told of when it is nearly a key', (t) => {
  const { config, errors } = read(
    t,
    'lxcc.tty.max = 1\n# x\n LXC.tty.max=2\nPATH = /bin\n[lxc]\nlxc_tty_max 3\n',
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(
    config.warnings.map(({ line, message, hint }) => [line, message.split(' ')[0], hint]),
    [
      [1, '"lxcc.tty.max"', 'did you mean lxc.tty.max?'],
      [3, '"LXC.tty.max"', 'did you mean lxc.tty.max?'],
    ],
  );
});
