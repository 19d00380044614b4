import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { copiedConfig } from '../../src/container/copies/copied-config.ts';
import { movePaths } from '../../src/container/rootfs/move-paths.ts';
import { hiddenName, parseHiddenName } from '../../src/container/state/hidden-name.ts';

const root = mkdtempSync(join(tmpdir(), 'tslxc-copied-'));
after(() => rmSync(root, { recursive: true }));

test('directories are replaced where they are one, once', () => {
  const moves = [
    ['/c/a/rootfs', '/c/a/snaps/s/rootfs'],
    ['/c/a', '/c/a/snaps/s'],
  ] as const;
  assert.equal(movePaths('/c/a/x /c/ab /c/a', moves), '/c/a/snaps/s/x /c/ab /c/a/snaps/s');
  assert.equal(movePaths('dir:/c/a/rootfs/etc', moves), 'dir:/c/a/snaps/s/rootfs/etc');
  assert.equal(movePaths('/d/c/a/x', moves), '/d/c/a/x');
  assert.equal(movePaths('/c.a/x', [['/c+a', '/z']]), '/c.a/x');
  assert.equal(movePaths('a=/c+a:b', [['/c+a', '/$&']]), 'a=/$&:b');
});

test('a copy of a config: own place and identity, everything else as written', () => {
  const from = { name: 'a', lxcpath: root };
  const to = { name: 'b', lxcpath: root };
  mkdirSync(join(root, 'a'));
  writeFileSync(join(root, 'a/up.sh'), '');
  const text = `# comment; stays
lxc.uts.name = "a"
lxc.rootfs = ${root}/a/rootfs
lxc.net.0.type = veth
lxc.net.0.hwaddr = 02:00:00:aa:bb:cc
lxc.hook.start-host = ${root}/a/up.sh --dir=${root}/a/data
lxc.hook.stop = ${root}/a/gone.sh
lxc.log.file = ${root}/a/a.log
lxc.mount.entry = ${root}/a/data ${root}/a/rootfs/data none bind 0 0
`;
  writeFileSync(join(root, 'a/config'), text);
  const volume = { type: 'dir', path: `${root}/b/rootfs` } as const;
  const common = { from, to, moves: [[`${root}/a/rootfs`, volume.path]] as const, volume };
  const own = copiedConfig({ ...common, newName: true, newMac: true });
  assert.deepEqual(own.files, ['up.sh']);
  const made = own.document.toString();
  assert.match(made, /hwaddr = 02:00:00:(?!aa:bb:cc)/);
  assert.equal(
    made.replace(/hwaddr = .*/, 'hwaddr'),
    `# comment; stays
lxc.uts.name = b
lxc.net.0.type = veth
lxc.net.0.hwaddr
lxc.hook.start-host = ${root}/b/up.sh --dir=${root}/b/data
lxc.hook.stop = ${root}/a/gone.sh
lxc.log.file = ${root}/b/a.log
lxc.mount.entry = ${root}/a/data ${root}/b/rootfs/data none bind 0 0
lxc.rootfs.path = dir:${root}/b/rootfs
`,
  );
  const same = copiedConfig({ ...common, newName: false, newMac: false }).document.toString();
  assert.ok(same.includes('lxc.uts.name = "a"\n') && same.includes('hwaddr = 02:00:00:aa:bb:cc\n'));
});

test('hidden names lead back to what they hide, however long', () => {
  assert.deepEqual(parseHiddenName(hiddenName('a.b', 'destroying')), { name: 'a.b', purpose: 'destroying' });
  assert.equal(parseHiddenName('.bashrc'), undefined);
  assert.equal(parseHiddenName('a.destroying-00000000'), undefined);
  assert.ok(Buffer.byteLength(hiddenName('ä'.repeat(200), 'creating')) <= 255);
});
