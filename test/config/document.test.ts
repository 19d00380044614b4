import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigDocument } from '../../src/config/config-document.ts';
import { load } from './config-folder.ts';

const TEXT = `# head

lxc.include = /usr/share/tslxc/config/common.conf
  lxc.uts.name   =  old    # not a comment
lxc.mount.entry = a a none bind
not ours
lxc.mount.entry = b b none bind
lxc.rootfs.path = "/with space "
`.replace('    # not a comment', '   ');

function edited(text: string, edit: (document: ConfigDocument) => void): string {
  const document = ConfigDocument.parse(text);
  edit(document);
  return document.toString();
}

test('what is not touched is not changed', () => {
  for (const text of [
    TEXT,
    '',
    '\n',
    '\n\n',
    'lxc.a',
    TEXT.replaceAll('\n', '\r\n'),
    TEXT.trimEnd(),
    '\uFEFF# x\n',
    '\0\x01',
  ]) {
    assert.equal(ConfigDocument.parse(text).toString(), text);
  }
});

test('a changed value keeps its line', () => {
  assert.equal(
    edited(TEXT, (d) => d.set('lxc.uts.name', 'new')),
    TEXT.replace('old', 'new'),
  );
  assert.equal(
    edited(TEXT, (d) => d.set('lxc.uts.name', 'old')),
    TEXT,
  );
  assert.equal(
    edited(TEXT, (d) => d.set('lxc.rootfs.path', '/x')),
    TEXT.replace('"/with space "', '/x'),
  );
  assert.equal(
    edited('lxc.uts.name =\n', (d) => d.set('lxc.uts.name', 'a')),
    'lxc.uts.name = a\n',
  );
  assert.equal(
    edited('lxc.uts.name=x\n', (d) => d.set('lxc.uts.name', 'a')),
    'lxc.uts.name=a\n',
  );
  assert.equal(
    edited('lxc.tty.max = 1\nlxc.tty.max = 2\n', (d) => d.set('lxc.tty.max', '3')),
    'lxc.tty.max = 1\nlxc.tty.max = 3\n',
  );
});

test('a new key goes to the end, with the line ends of the file', () => {
  assert.equal(
    edited(TEXT, (d) => d.set('lxc.tty.max', '3')),
    `${TEXT}lxc.tty.max = 3\n`,
  );
  assert.equal(
    edited('lxc.tty.max = 1', (d) => d.append('lxc.group', 'a')),
    'lxc.tty.max = 1\nlxc.group = a\n',
  );
  assert.equal(
    edited('# a\r\n', (d) => d.append('lxc.group', 'a')),
    '# a\r\nlxc.group = a\r\n',
  );
  assert.equal(
    edited('# a\r\nx', (d) => d.append('lxc.group', '')),
    '# a\r\nx\r\nlxc.group =\r\n',
  );
  assert.equal(
    edited('', (d) => d.append('lxc.group', 'a')),
    'lxc.group = a\n',
  );
});

test('a value that an include below may overrule moves below it', () => {
  const text = 'lxc.tty.max = 1\nlxc.include = /x\n# end\n';
  assert.equal(
    edited(text, (d) => d.set('lxc.tty.max', '2')),
    'lxc.include = /x\n# end\nlxc.tty.max = 2\n',
  );
  const nic = 'lxc.net.0.link = a\nlxc.net.0.type = veth\n';
  assert.equal(
    edited(nic, (d) => d.set('lxc.net.0.link', 'b')),
    'lxc.net.0.type = veth\nlxc.net.0.link = b\n',
  );
  assert.equal(
    edited(nic, (d) => d.set('lxc.net.0.type', 'empty')),
    nic.replace('veth', 'empty'),
  );
});

test('keys that add up: set leaves one line, append adds one, remove takes all', () => {
  const one = edited(TEXT, (d) => d.set('lxc.mount.entry', 'c c none bind'));
  assert.equal(one, TEXT.replace('lxc.mount.entry = a a none bind\n', '').replace('b b none', 'c c none'));
  assert.equal(
    edited(TEXT, (d) => d.append('lxc.mount.entry', 'c c none')),
    `${TEXT}lxc.mount.entry = c c none\n`,
  );
  const none = edited(TEXT, (d) => assert.equal(d.remove('lxc.mount.entry'), 2));
  assert.equal(none, TEXT.replaceAll(/lxc\.mount\.entry.*\n/g, ''));
});

test('a value reads back as it was given', (t) => {
  for (const value of [
    ' a ',
    '"a"',
    "'a'",
    '"',
    "'",
    '""',
    'a # b',
    '\ta',
    "it's",
    '"a" "b"',
    'ä\u2028b',
    '\u00a0a',
    '#',
  ]) {
    const text = edited('', (d) => d.set('lxc.init.cmd', value));
    assert.equal(load(t, text).get('lxc.init.cmd')?.value, value, text);
    assert.equal(ConfigDocument.parse(text).get('lxc.init.cmd'), value);
  }
});

test('what would add a line of its own, or could not be read, is refused and changes nothing', () => {
  const document = ConfigDocument.parse(TEXT);
  for (const value of ['a\nlxc.hook.start = /evil', 'a\rb', 'a\0', '\x1b[31m', '\x7f']) {
    for (const edit of ['set', 'append'] as const) {
      assert.throws(
        () => document[edit]('lxc.init.cmd', value),
        { code: 'CONFIG_VALUE' },
        JSON.stringify(value),
      );
      assert.throws(() => document[edit](`lxc.sysctl.${value}`, 'a'), /CONFIG_|Error/, JSON.stringify(value));
    }
  }
  assert.throws(() => document.set('lxc.tty.mx', '1'), {
    code: 'CONFIG_UNKNOWN_KEY',
    hint: 'did you mean lxc.tty.max?',
  });
  assert.throws(() => document.set('lxc.tty.max', 'many'), { code: 'CONFIG_VALUE', message: /"many"/ });
  assert.throws(() => document.append('lxc.cap.drop', 'chown bogus'), { code: 'CONFIG_VALUE' });
  document.set('lxc.environment', 'ONLY_KNOWN_LATER');
  assert.equal(document.get('lxc.environment'), 'ONLY_KNOWN_LATER');
  document.remove('lxc.environment');
  assert.equal(document.toString(), TEXT);
});
