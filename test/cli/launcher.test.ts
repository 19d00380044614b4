/** bin/tslxc: finds the package however it is called, and says what is missing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const root = join(import.meta.dirname, '../..');
let folder: string;
let bin: string;

/** A package with a bundle that prints its arguments. */
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tslxc-launcher-'));
  const home = join(folder, 'pack age');
  bin = join(home, 'bin');
  mkdirSync(join(home, 'dist'), { recursive: true });
  mkdirSync(bin);
  copyFileSync(join(root, 'bin/tslxc'), join(bin, 'tslxc'));
  symlinkSync('tslxc', join(bin, 'tslxc-update-config'));
  writeFileSync(join(home, 'package.json'), '{}');
  writeFileSync(join(home, 'dist/cli.cjs'), 'console.log(JSON.stringify(process.argv.slice(2)))');
});
after(() => rmSync(folder, { recursive: true }));

function call(program: string, args: readonly string[], options: object = {}) {
  const env = { PATH: `${join(process.execPath, '..')}:/usr/bin:/bin` };
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8', env, ...options });
  return { stdout: stdout?.trimEnd(), stderr, status };
}

describe('launcher', () => {
  it('gives the command of the name it is called by', () => {
    assert.equal(
      call(join(bin, 'tslxc-update-config'), ['-c', 'a b']).stdout,
      '["update-config","-c","a b"]',
    );
    assert.equal(call(join(bin, 'tslxc'), ['start', '']).stdout, '["start",""]');
  });
  it('works through links elsewhere, in chains, under LXC’s name, and from the PATH', () => {
    const away = join(folder, 'away');
    mkdirSync(away);
    symlinkSync(join(bin, 'tslxc-update-config'), join(away, 'tslxc-update-config'));
    symlinkSync('tslxc-update-config', join(away, 'tslxc-ls'));
    symlinkSync(join(bin, 'tslxc'), join(away, 'lxc-ls'));
    assert.equal(call(join(away, 'tslxc-update-config'), []).stdout, '["update-config"]');
    assert.equal(call(join(away, 'tslxc-ls'), ['-f']).stdout, '["ls","-f"]');
    assert.equal(call(join(away, 'lxc-ls'), []).stdout, '["lxc-ls"]');
    const env = { PATH: `${away}:${join(process.execPath, '..')}:/usr/bin:/bin` };
    assert.equal(call('tslxc-ls', [], { env }).stdout, '["ls"]');
    assert.equal(call('./tslxc-ls', [], { cwd: away }).stdout, '["ls"]');
    assert.equal(call('sh', ['./tslxc-ls'], { cwd: away }).stdout, '["ls"]');
  });
  it('says that it is not built', () => {
    const bare = join(folder, 'bare');
    mkdirSync(bare);
    cpSync(bin, join(bare, 'bin'), { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(bare, 'package.json'), '{}');
    const { status, stderr } = call(join(bare, 'bin/tslxc'), []);
    assert.equal(status, 1);
    assert.match(stderr, /has not been built\n {2}hint: run 'npm install && npm run build' in /);
  });
  it('says which Node it wants', () => {
    const old = join(folder, 'old');
    mkdirSync(old);
    writeFileSync(join(old, 'node'), '#!/bin/sh\necho v20.1.0\n');
    chmodSync(join(old, 'node'), 0o755);
    const stale = call('/bin/sh', [join(bin, 'tslxc')], { env: { PATH: old } });
    assert.match(stale.stderr, /is Node 20\.1\.0; tslxc needs Node 22 or newer/);
    const none = call('/bin/sh', [join(bin, 'tslxc')], { env: { PATH: '/nonexistent' } });
    assert.match(none.stderr, /no Node runtime/);
    assert.deepEqual([stale.status, none.status], [1, 1]);
  });
});
