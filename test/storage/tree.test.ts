import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { copyTree } from '../../src/storage/copy-tree.ts';
import { tellsOfFullDisk } from '../../src/storage/disk-full.ts';
import { mountsBelow } from '../../src/storage/mount-table.ts';
import { removeTree } from '../../src/storage/remove-tree.ts';
import { runTool } from '../../src/storage/run-tool.ts';

const root = mkdtempSync(join(tmpdir(), 'tslxc-tree-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('mounts at and below a directory, with their odd characters', () => {
  const line = (point: string) => `36 35 98:0 / ${point} rw,noatime master:1 - ext3 /dev/root rw\n`;
  const table = ['/', root, `${root}/a\\040b\\012c`, `${root}x`].map(line).join('');
  assert.deepEqual(mountsBelow(root, table), [root, `${root}/a b\nc`]);
  assert.deepEqual(mountsBelow(join(root, 'a'), table), []);
  assert.equal(mountsBelow('/', table).length, 4);
});

test('a full disk is known by errno and by words', () => {
  assert.ok(tellsOfFullDisk(Object.assign(new Error('x'), { code: 'ENOSPC' })));
  assert.ok(tellsOfFullDisk("cp: error writing 'a': No space left on device"));
  assert.ok(tellsOfFullDisk('cp: Disk quota exceeded'));
  assert.ok(!tellsOfFullDisk(new Error('no')));
});

test('a tree is removed with what its symlinks are, not with what they point to', async () => {
  const tree = join(root, 'tree');
  mkdirSync(join(tree, 'deep'), { recursive: true });
  writeFileSync(join(root, 'kept'), 'kept');
  symlinkSync(join(root, 'kept'), join(tree, 'deep/link'));
  symlinkSync(root, join(tree, 'directory'));
  await removeTree(tree);
  assert.equal(existsSync(tree), false);
  assert.equal(readFileSync(join(root, 'kept'), 'utf8'), 'kept');
  symlinkSync(root, tree);
  await removeTree(tree);
  await removeTree(tree);
  assert.ok(existsSync(root));
});

test('names that look like options, and a copy that cannot be made', async () => {
  const odd = join(root, '-rf');
  mkdirSync(odd);
  await copyTree(odd, join(root, '--help'));
  assert.ok(existsSync(join(root, '--help')));
  await removeTree(odd);
  await assert.rejects(copyTree(join(root, '--help'), join(root, 'no/where')), {
    code: 'STORAGE',
    message: /No such file/,
  });
});

test('a tool that is not installed, one that is broken off', async () => {
  const missing = { tool: 'tslxc-no-such-tool', args: [], package: 'nowhere' };
  await assert.rejects(runTool(missing), { code: 'TOOL_MISSING', hint: /nowhere/ });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(runTool({ tool: 'sleep', args: ['60'], package: 'coreutils', signal }), {
    name: 'TimeoutError',
  });
  const failed = await runTool({ tool: 'sh', args: ['-c', 'echo why >&2; exit 3'], package: 'dash' });
  assert.deepEqual(failed, { code: 3, complaints: ['why'] });
});
