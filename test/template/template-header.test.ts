import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { templateHeader } from '../../src/template/template-header.ts';

const folder = mkdtempSync(join(tmpdir(), 'tslxc-header-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const script = join(folder, 'tslxc-x');
writeFileSync(script, '#!/bin/sh\nexit 0\n', { mode: 0o755 });

test('says which template made the container, and how', async () => {
  const header = await templateHeader(script, ['-r', 'trixie', '--packages=a,b', "it's"]);
  assert(header.includes(script));
  assert(header.includes(`-r trixie --packages=a,b 'it'\\''s'`));
  assert(header.includes(createHash('sha256').update('#!/bin/sh\nexit 0\n').digest('hex')));
  assert(header.endsWith('\n\n'));
});

test('is nothing but comments, whatever the arguments are', async () => {
  const header = await templateHeader(`${folder}/no\nlxc.a = b`, ['x\nlxc.rootfs.path = /', 'y\r\u2028z']);
  for (const line of header.split(/[\n\r\u2028]/)) assert.match(line, /^(#.*)?$/);
});

test('keeps passwords to itself', async () => {
  const header = await templateHeader(script, ['--root-password', 'geheim', '--password=geheim', '-r', 'x']);
  assert(!header.includes('geheim'));
  assert(header.includes('-r x'));
});

test('a template without arguments', async () => {
  assert.match(await templateHeader(script, []), /Arguments given to the template: none/);
});
