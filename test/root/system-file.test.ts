/** What the system file says, seen by commands that find one where it belongs: in a mount namespace of theirs. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { covers } from '../register/covers.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, run } from './harness/run-command.ts';

const host = new ContainerHost();

/** Runs shell commands, with our commands first on the path, for which /etc/tslxc/tslxc.conf has this text. */
async function withSystemFile(text: string, script: string) {
  const etc = join(host.root, 'etc');
  mkdirSync(join(etc, 'tslxc'), { recursive: true });
  writeFileSync(join(etc, 'tslxc/tslxc.conf'), text);
  // A resident process would look into the file of its own namespace.
  const env = host.env;
  const mounted = `mount -t overlay -o ro,lowerdir=${etc}:/etc etc /etc && PATH=${BIN}:$PATH; ${script}`;
  return run('unshare', ['-m', 'sh', '-c', mounted], { env });
}

test('lxc.lxcpath and lxc.default_config', { skip }, async () => {
  covers('lxc.lxcpath', 'lxc.default_config');
  const elsewhere = join(host.root, 'elsewhere');
  mkdirSync(elsewhere);
  const initial = join(host.root, 'initial.conf');
  writeFileSync(initial, '# begins here\nlxc.net.0.type = empty\nlxc.group = early\n');
  const file = `lxc.lxcpath = ${elsewhere}/\nlxc.default_config = ${initial}\n`;
  const made = await withSystemFile(
    file,
    'tslxc-create -n made -t none && tslxc-ls -1 && tslxc-config lxc.lxcpath && tslxc-info -n made -H -c lxc.group',
  );
  assert.equal(made.code, 0, made.stderr);
  assert.equal(made.stdout, `made\n${elsewhere}/\nearly\n\n`);
  const given = await withSystemFile(
    file,
    `tslxc-ls -1 -P ${host.lxcpath}; tslxc-destroy -n made; tslxc-ls -1`,
  );
  assert.deepEqual([given.stdout, given.stderr], ['', '']);
  const missing = await withSystemFile('lxc.lxcpath = /nowhere/at/all\n', 'tslxc-ls -1; tslxc-start -n x');
  assert.match(missing.stderr, /x: .*\/nowhere\/at\/all/);
});

test('a mistake in the system file is told with its line', { skip }, async () => {
  const wrong = [
    [
      'lxc.lxcpath = containers',
      'tslxc-ls -1',
      /tslxc\.conf:2:15[\s\S]*lxc\.lxcpath: "containers"[\s\S]*absolute/,
    ],
    [
      'lxc.default_config = /no/such',
      'tslxc-create -n x -t none',
      /tslxc\.conf:2:22[\s\S]*\/no\/such does not exist/,
    ],
    ['lxc.bdev.lvm.vg = a/b', 'tslxc-create -n x -t busybox -B lvm', /tslxc\.conf:2:20[\s\S]*LVM name/],
  ] as const;
  for (const [line, command, words] of wrong) {
    const { code, stderr } = await withSystemFile(
      `# ours\n${line}\n`,
      `${command} ${line.startsWith('lxc.lxcpath') ? '' : `-P ${host.lxcpath}`}`,
    );
    assert.equal(code, 1, stderr);
    assert.match(stderr, words);
  }
});
