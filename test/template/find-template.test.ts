import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { TslxcError } from '../../src/errors/tslxc-error.ts';
import { findTemplate, listTemplates, templateName } from '../../src/template/find-template.ts';

const folder = mkdtempSync(join(tmpdir(), 'tslxc-find-'));
after(() => rmSync(folder, { recursive: true, force: true }));

writeFileSync(join(folder, 'tslxc-one'), '#!/bin/sh\n', { mode: 0o755 });
writeFileSync(join(folder, 'tslxc-plain'), '#!/bin/sh\n', { mode: 0o644 });
writeFileSync(join(folder, 'functions.sh'), '', { mode: 0o755 });
symlinkSync('tslxc-one', join(folder, 'tslxc-two'));
mkdirSync(join(folder, 'tslxc-folder'));

async function fault(name: string): Promise<TslxcError> {
  const error = await findTemplate(name, folder).catch((thrown: unknown) => thrown);
  assert(error instanceof TslxcError, `${name} was found`);
  assert.equal(error.code, 'TEMPLATE_MISSING');
  return error;
}

test('a name stands for the script of that name, an absolute path for itself', async () => {
  assert.equal(await findTemplate('one', folder), join(folder, 'tslxc-one'));
  assert.equal(await findTemplate('two', folder), join(folder, 'tslxc-two'));
  assert.equal(await findTemplate(join(folder, 'functions.sh'), folder), join(folder, 'functions.sh'));
});

test('a name that we have no script for stands for the one of LXC', async () => {
  const lxc = mkdtempSync(join(tmpdir(), 'tslxc-find-lxc-'));
  try {
    for (const name of ['one', 'download']) writeFileSync(join(lxc, `lxc-${name}`), '', { mode: 0o755 });
    assert.equal(await findTemplate('download', folder, lxc), join(lxc, 'lxc-download'));
    assert.equal(await findTemplate('one', folder, lxc), join(folder, 'tslxc-one'));
    await assert.rejects(findTemplate('three', folder, lxc), { code: 'TEMPLATE_MISSING' });
  } finally {
    rmSync(lxc, { recursive: true });
  }
});

test('a missing template is named, with those that are there', async () => {
  const error = await fault('three');
  assert.match(error.message, /no template three/);
  assert.equal(error.hint, 'there are: one, two');
});

test('what cannot be run is not a template', async () => {
  assert.match((await fault('plain')).message, /is not executable/);
  assert.match((await fault('folder')).message, /is not a file/);
  assert.match((await fault('/nowhere/lxc-x')).message, /does not exist/);
});

test('a name cannot lead out of the folder', async () => {
  for (const name of ['../tslxc-one', 'a/b', '', '.', '-x', 'one\n']) await fault(name);
});

test('the shipped templates are found', async () => {
  const shipped = await listTemplates(resolve(import.meta.dirname, '../../templates'));
  for (const name of ['busybox', 'debian', 'fedora']) assert(shipped.includes(name), name);
  assert(!shipped.includes('functions.sh'));
});

test('a template is called what its user calls it', () => {
  assert.equal(templateName('/usr/share/lxc/templates/lxc-busybox'), 'busybox');
  assert.equal(templateName('/x/tslxc-debian'), 'debian');
  assert.equal(templateName('/home/me/my-template'), 'my-template');
});

test('a folder that is not executable for anybody hides nothing from the list', async () => {
  chmodSync(join(folder, 'tslxc-plain'), 0o600);
  assert.deepEqual(await listTemplates(folder), ['one', 'two']);
  assert.deepEqual(await listTemplates('/nowhere'), []);
});
