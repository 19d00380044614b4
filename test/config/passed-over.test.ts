/** Parts of values that LXC passes over: one warning each, and an error with lxc.strict. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { load, located, read } from './config-folder.ts';

const NIC = 'lxc.net.0.type = veth\n';

/** Line, what the warning is about, key to print, what holds. */
const LINES: readonly (readonly [line: string, about: string, key: string, holds: string])[] = [
  ['lxc.uts.name = a b', '" "', 'lxc.uts.name', 'a b'],
  ['lxc.mount.entry = /a b none bind 0 0 # shared', '"# shared"', 'lxc.tty.max', '0'],
  ['lxc.mount.entry = /a b none bind x 0', '"x" is not a number', 'lxc.tty.max', '0'],
  ['lxc.mount.entry = /a b none create=directory', 'create=dir', 'lxc.tty.max', '0'],
  ['lxc.hook.version = 1 # c', '0 is taken', 'lxc.hook.version', '0'],
  ['lxc.seccomp.allow_nesting = yes', '0 is taken', 'lxc.seccomp.allow_nesting', '0'],
  ['lxc.autodev.tmpfs.size = big', '500000 is taken', 'lxc.autodev.tmpfs.size', '500000'],
  [`${NIC}lxc.net.0.veth.pair = verylonginterface`, 'cut', 'lxc.net.0.veth.pair', 'verylonginterfa'],
  [`${NIC}lxc.net.0.hwaddr = 0:16:3e:1:2:3 x`, '"x"', 'lxc.net.0.hwaddr', '0:16:3e:1:2:3 x'],
];

test('a part of a value that LXC passes over gives one warning that names the line', (t) => {
  for (const [line, about, key, holds] of LINES) {
    const config = load(t, `# first\n${line}\n`);
    assert.equal(config.warnings.length, 1, line);
    const [{ message, hint, line: number, file }] = config.warnings as [(typeof config.warnings)[0]];
    assert.ok(message.includes(about), message);
    assert.equal(number, line.split('\n').length + 1);
    assert.equal(file, config.file);
    assert.equal(hint, undefined);
    assert.equal(config.format(key), holds);
  }
});

test('with lxc.strict each of them is an error, wherever that line is', (t) => {
  covers('lxc.strict');
  for (const [line, about] of LINES)
    for (const text of [`lxc.strict = 1\n${line}\n`, `${line}\nlxc.strict = 1\n`]) {
      const { errors } = read(t, text);
      assert.equal(errors.length, 1, text);
      assert.ok(errors[0]?.message.includes(about), errors[0]?.message);
      assert.match(errors[0]?.hint ?? '', /^valid is /);
    }
  const { errors, config } = read(t, 'lxc.strict = 1\nlxc.strict = 0\nlxc.uts.name = a b\n');
  assert.deepEqual(located(errors), []);
  assert.equal(config.warnings.length, 1);
});

test('a comment as a mount entry is none, options keep what has a meaning', (t) => {
  const config = load(
    t,
    'lxc.mount.entry = # /a b\nlxc.mount.entry = /a b none create=directory,ro,create=x\n',
  );
  assert.deepEqual(
    config.getAll('lxc.mount.entry').map(({ value }) => value.options),
    [['create=dir', 'ro']],
  );
});

test('hardware addresses may have bytes of one digit', (t) => {
  const [nic] = load(t, `${NIC}lxc.net.0.hwaddr = 0:16:3e:x:2:A\n`).nics();
  assert.equal(nic?.hwaddr?.value.pattern, '00:16:3e:0x:02:0a');
  const [bare] = load(t, `${NIC}lxc.net.0.hwaddr = 00163E0000xx\nlxc.net.0.mtu = 0\n`).nics();
  assert.equal(bare?.hwaddr?.value.pattern, '00:16:3e:00:00:xx');
  assert.equal(bare?.mtu?.value, 0);
});

test('security modules that confine nothing, as the config wants it, are not told of', (t) => {
  assert.equal(load(t, 'lxc.apparmor.profile = unconfined\n').notActedOn().length, 0);
  assert.equal(load(t, 'lxc.apparmor.profile = some\n').notActedOn().length, 1);
});
