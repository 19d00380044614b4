/** Help, manual, completions, launchers: all of them are what the specifications say. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { EXAMPLE } from '../../src/cli/documentation/container-conf-prose.ts';
import { generatedFiles } from '../../src/cli/documentation/generated-files.ts';
import type { CommandSpec } from '../../src/cli/parse/command-options.ts';
import { allOptions, helpText, usageText } from '../../src/cli/render/help.ts';
import { NOT_IMPLEMENTED } from '../../src/cli/run/command-groups.ts';
import { COMMANDS, type CommandName, loadCommand } from '../../src/cli/run/command-table.ts';
import { KEY_FAMILIES } from '../../src/config/key-table.ts';
import { SYSTEM_KEYS } from '../../src/config/system-keys.ts';
import { read } from '../config/config-folder.ts';

const root = join(import.meta.dirname, '../..');
/** Without the escapes of roff. */
const plainText = (page: string) =>
  page
    .replaceAll(/\\f[BIR]/g, '')
    .replaceAll(/\\\((aq|ha|ga|ti)/g, (_, name: string) => ({ aq: "'", ha: '^', ga: '`', ti: '~' })[name]!)
    .replaceAll('\\-', '-')
    .replaceAll('\\e', '\\')
    .replaceAll('\\&', '');

const NAMES = Object.keys(COMMANDS) as CommandName[];

describe('generated files', () => {
  let files: ReadonlyMap<string, string>;
  before(async () => {
    files = await generatedFiles();
  });

  it('are as the specifications make them (else run src/cli/documentation/generate.ts)', () => {
    for (const [path, content] of files) assert.equal(readFileSync(join(root, path), 'utf8'), content, path);
  });

  it('has no page of a command that is gone', () => {
    const pages = readdirSync(join(root, 'man/man1')).filter((file) => /^tslxc-.*\.1$/.test(file));
    assert.deepEqual(pages.sort(), NAMES.map((name) => `tslxc-${name}.1`).sort());
  });

  it('has pages with a date, and keywords as they are typed', () => {
    for (const [path, content] of files)
      if (path.startsWith('man/')) assert.match(content, /^\.TH \S+ \d "\d{4}-\d\d-\d\d" /m, path);
    const create = plainText(files.get('man/man1/tslxc-create.1')!);
    for (const text of ['\ndir: directory', '\nloop, lvm and rbd: filesystem', '\nLowest level that'])
      assert.ok(create.includes(text), text);
    assert.doesNotMatch(create, /^(Dir|Lvm|Rbd|Zfs|Loop):/m);
  });

  it('says of refused options in one sentence that they are', () => {
    const page = plainText(files.get('man/man1/tslxc-ls.1')!);
    assert.equal(page.match(/--rcfile/g)?.length, 1);
    assert.match(page, /^--rcfile of LXC is refused: this command always reads/m);
  });

  it('has an overview page that names all commands', () => {
    const page = readFileSync(join(root, 'man/man7/tslxc.7'), 'utf8').split('.Sh SEE ALSO')[1]!;
    const named = [...page.matchAll(/^\.Xr tslxc-(\S+) 1/gm)].map(([, name]) => name!);
    assert.deepEqual(named, [...NAMES].sort());
  });

  it('has pages that man finds from the PATH', { skip: !existsSync('/usr/bin/man') }, () => {
    const env = { LC_ALL: 'C.UTF-8', PATH: `${join(root, 'bin')}:${process.env.PATH}` };
    for (const page of ['man1/tslxc-start.1', 'man5/tslxc.conf.5', 'man7/tslxc.7']) {
      const name = page.slice('man1/'.length, -'.1'.length);
      const { stdout } = spawnSync('man', ['-w', name], { encoding: 'utf8', env });
      assert.equal(stdout.trim(), join(root, 'man', page));
    }
  });

  it('has pages without a warning from man', { skip: !existsSync('/usr/bin/man') }, () => {
    for (const path of files.keys()) {
      if (!path.startsWith('man/')) continue;
      const { stderr, status } = spawnSync('man', ['--warnings', '-l', join(root, path)], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C.UTF-8', MANPAGER: 'cat', MANWIDTH: '80' },
      });
      assert.deepEqual([stderr, status], ['', 0], path);
    }
  });

  it('has every key in the page of the config, with its example, and whether it has an effect', () => {
    const page = plainText(files.get('man/man5/tslxc.container.conf.5')!);
    const entries = page.split(/^\.TP\n/m);
    for (const { keys } of KEY_FAMILIES)
      for (const [key, row] of Object.entries(keys)) {
        const whole = key.startsWith('lxc.') ? key : `lxc.net.N.${key}`;
        const found = entries.filter((entry) => entry.startsWith(whole) && entry.includes(row.doc));
        const [entry = ''] = found;
        assert.equal(found.length, 1, whole);
        assert.ok(entry.includes(`Example: ${key.startsWith('lxc.') ? '' : 'lxc.net.0.'}`), whole);
        assert.ok(entry.includes(row.example), whole);
        assert.ok(
          entry.includes(row.extension ? `Since ${row.since}; LXC` : `Since LXC ${row.since}.`),
          whole,
        );
        assert.equal(entry.includes('not acted on in this version'), !row.acted, whole);
        assert.equal(entry.includes('Adds up.'), row.repeated, whole);
        assert.ok(entry.includes(`Default: ${row.without ?? (row.default || 'none')}.`), whole);
      }
  });

  it('has every key of the system file in its page, with default and example', () => {
    const entries = plainText(files.get('man/man5/tslxc.conf.5')!).split(/^\.TP\n/m);
    for (const [key, row] of Object.entries(SYSTEM_KEYS)) {
      const entry = entries.find((text) => text.startsWith(`${key} = `)) ?? '';
      assert.ok(entry.includes(row.doc), key);
      assert.ok(entry.includes(`Default: ${row.default({ uid: 0, home: '~' }) ?? ''}`), key);
      assert.ok(entry.includes(`Example: ${key} = ${row.example}`), key);
    }
  });

  it('has an example in the page of the config that is a config', (t) => {
    const { config, errors } = read(t, EXAMPLE.lines.join('\n'));
    assert.deepEqual(errors, []);
    assert.deepEqual(config.notActedOn(), []);
  });

  it('has examples of keys that are valid', () => {
    for (const { keys } of KEY_FAMILIES)
      for (const [key, { type, example }] of Object.entries(keys)) {
        const value = key.endsWith('.') ? example.slice(example.indexOf('= ') + 2) : example;
        for (const item of keys[key]!.repeated && keys[key]!.split
          ? keys[key]!.split!(value)
          : [{ text: value }])
          assert.doesNotThrow(() => type.parse(item.text, { env: {} }), key);
      }
  });

  it('has bash completion that bash reads, and that completes', () => {
    const script = `
      source ${join(root, 'config/completions/tslxc.bash')}
      tslxc() { [ "$1" = ls ] && printf 'deb\\nweb\\n' || printf 'snap0 (p) t\\nsnap1 (p) t\\n'; }
      complete_words() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _tslxc; echo "\${COMPREPLY[*]}"; }
      complete_words tslxc sta
      complete_words tslxc-stop w
      complete_words tslxc stop -n d
      complete_words tslxc-snapshot -n web -r ''
      complete_words tslxc-start --fore
      complete_words tslxc-net st
      complete_words tslxc-attach web w
      complete_words tslxc she
      complete_words tslxc exec w
    `;
    const words = execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n');
    assert.deepEqual(words, [
      ...['start', 'web', 'deb', 'snap0 snap1', '--foreground', 'start stop status'],
      ...['', 'shell', 'web'],
    ]);
  });
});

describe('launchers', () => {
  it('there is one for each command, linked to the one file', () => {
    const links = readdirSync(join(root, 'bin')).filter((file) => file.startsWith('tslxc-'));
    const names = [...NAMES, ...Object.keys(NOT_IMPLEMENTED)];
    assert.deepEqual(links.sort(), names.map((name) => `tslxc-${name}`).sort());
    for (const link of links) assert.equal(readlinkSync(join(root, 'bin', link)), 'tslxc');
  });
});

for (const name of NAMES) {
  describe(`specification of ${name}`, () => {
    let spec: CommandSpec;
    before(async () => {
      ({ spec } = await loadCommand(name));
    });

    it('has its own name, and no letter twice', () => {
      assert.equal(spec.name, name);
      const shorts = Object.values(allOptions(spec)).flatMap(({ short }) => short ?? []);
      assert.deepEqual([...new Set(shorts)], shorts);
    });

    it('refers to options and commands that exist', () => {
      for (const [option, { conflicts = [], requires = [], kind, argument }] of Object.entries(
        spec.options,
      )) {
        for (const other of [...conflicts, ...requires])
          assert.ok(other in spec.options, `${option}: ${other}`);
        assert.equal(
          kind === 'none',
          argument === undefined,
          `${option} has an argument name iff it has one`,
        );
      }
      for (const other of spec.seeAlso) assert.ok(/\(\d\)$/.test(other) || other in COMMANDS, other);
    });

    it('is told whole by help and usage', () => {
      const help = helpText(spec);
      const usage = usageText(spec);
      for (const option of Object.keys(allOptions(spec))) {
        assert.match(help, new RegExp(`--${option}\\b`));
        assert.match(usage, new RegExp(`--${option}\\b`));
      }
      for (const [code] of spec.exitCodes) assert.match(help, new RegExp(`^ {2}${code} `, 'm'));
      for (const line of help.split('\n')) assert.ok(line.length <= 100, line);
      assert.doesNotMatch(help, /[^\x20-\x7e\n]/);
    });
  });
}
