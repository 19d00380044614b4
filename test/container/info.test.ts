import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { containerInfo } from '../../src/container/observe/info.ts';
import { activeContainers, definedContainers, listContainers } from '../../src/container/state/list.ts';
import { identify, removeRecord, writeRecord } from '../../src/container/state/runtime-record.ts';

const root = mkdtempSync(join(tmpdir(), 'tslxc-info-'));
process.env.TSLXC_RUNDIR = join(root, 'run');
const lxcpath = join(root, 'lxc');
after(() => rmSync(root, { recursive: true }));

function define(name: string, config: string): void {
  mkdirSync(join(lxcpath, name), { recursive: true });
  writeFileSync(join(lxcpath, name, 'config'), config);
}

function run(name: string): void {
  writeRecord({
    version: 1,
    name,
    lxcpath,
    state: 'RUNNING',
    configFile: join(lxcpath, name, 'config'),
    overrides: { defines: ['lxc.group=defined'] },
    init: identify(process.pid)!,
    startedAt: new Date().toISOString(),
    nics: [
      { index: 0, type: 'veth', host: 'lo' },
      { index: 1, type: 'veth', host: 'nosuch0' },
    ],
    ttys: 0,
    unprivileged: true,
  });
}

test('listed are the defined and the running ones, not the half-made and hidden', async () => {
  define('b', '');
  define('a', '');
  define('half', '');
  writeFileSync(join(lxcpath, 'half/partial'), '');
  define('.c.destroying-00000000', '');
  mkdirSync(join(lxcpath, 'nothing'));
  run('undefined');
  assert.deepEqual(definedContainers(lxcpath), ['a', 'b']);
  assert.deepEqual(activeContainers(lxcpath), ['undefined']);
  assert.deepEqual(listContainers(lxcpath), ['a', 'b', 'undefined']);
  assert.deepEqual(activeContainers('/elsewhere'), []);
  removeRecord({ name: 'undefined', lxcpath });
  assert.deepEqual(listContainers(join(root, 'missing')), []);
});

test('a stopped container', async () => {
  define('stopped', 'lxc.start.auto = 1\nlxc.group = onboot web\nlxc.idmap = u 0 100000 10\n');
  assert.deepEqual(await containerInfo({ name: 'stopped', lxcpath }, { statistics: true, addresses: true }), {
    name: 'stopped',
    state: 'STOPPED',
    ips: [],
    autostart: true,
    groups: ['onboot', 'web'],
    interfaces: [],
    unprivileged: true,
    links: [],
  });
});

test('a running container; dear things only when asked for', async () => {
  define('running', '');
  run('running');
  const plain = await containerInfo({ name: 'running', lxcpath });
  assert.equal(plain.state, 'RUNNING');
  assert.equal(plain.pid, process.pid);
  assert.equal(plain.unprivileged, true);
  assert.deepEqual(plain.groups, ['defined']);
  assert.deepEqual(plain.ips, []);
  assert.deepEqual(plain.links, []);
  const full = await containerInfo({ name: 'running', lxcpath }, { statistics: true, addresses: true });
  assert.deepEqual(
    full.links.map(({ host }) => host),
    ['lo'],
  );
});

test('a config that cannot be read is a fault, not a failure', async () => {
  define('broken', 'lxc.start.auto = 1\nlxc.bogus = 1\n');
  const info = await containerInfo({ name: 'broken', lxcpath });
  assert.equal(info.fault?.code, 'CONFIG_UNKNOWN_KEY');
  assert.equal(info.fault?.line, 2);
  assert.equal(info.autostart, true);
});
