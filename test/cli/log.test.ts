/** -q, -o, -l and --logpriority, as with LXC. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadCommand } from '../../src/cli/run/command-table.ts';
import { fakeIo } from './fake-io.ts';
import { fakeLibrary } from './fake-library.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tslxc-log-'));
});
after(() => rmSync(folder, { recursive: true }));

async function call(name: 'info' | 'ls' | 'wait', args: readonly string[]) {
  const io = fakeIo({ cwd: folder });
  const code = await (await loadCommand(name)).run(args, io, fakeLibrary({ web: {} }));
  return { code, err: io.err() };
}

const log = (file: string) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
/** Program, container, UTC time, level and text. */
const LINE = /^(\S+) (\S+) (\d{14}\.\d{3}) ([A-Z]+) +(.*)$/;

describe('log options', () => {
  it('write errors with program, container, time and level', async () => {
    const { code, err } = await call('info', ['-n', 'none', '-o', 'errors.log']);
    assert.equal(code, 1);
    assert.match(err, /^tslxc-info: /);
    const [, program, container, time, level, text] = LINE.exec(log('errors.log').join('\n'))!;
    assert.deepEqual([program, container, level], ['tslxc-info', 'none', 'ERROR']);
    assert.match(text!, /^CONTAINER_MISSING - there is no such container/);
    const at = time!.replace(/(....)(..)(..)(..)(..)(.*)/, '$1-$2-$3T$4:$5:$6Z');
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000, 'in UTC');
  });

  it('add to what is there, from the level up that is asked for, in any case of letters', async () => {
    for (const level of ['debug', '0', 'ERROR', '8'])
      await call('info', ['-n', 'web', '-s', '-o', 'all.log', '--logpriority', level]);
    const levels = log('all.log').map((line) => LINE.exec(line)![4]);
    assert.deepEqual(levels, ['DEBUG', 'DEBUG', 'DEBUG', 'DEBUG']);
    assert.match(log('all.log')[0]!, /called with: -n web -s/);
    assert.match(log('all.log')[1]!, /ended with exit status 0/);
  });

  it('write to the log of the container without -o', async () => {
    await call('info', ['-n', 'web', '-s', '-l', 'DEBUG', '-P', folder]);
    assert.match(log('web/web.log')[0]!, /^tslxc-info web \d+\.\d+ DEBUG/);
  });

  it('are silent with -q, but in the log', async () => {
    const { code, err } = await call('info', ['-n', 'none', '-q', '-o', 'quiet.log']);
    assert.deepEqual([code, err], [1, '']);
    assert.equal(log('quiet.log').length, 1);
  });

  it('know no other level, and say so', async () => {
    const { code, err } = await call('wait', ['-n', 'web', '-s', 'STOPPED', '-l', 'LOUD']);
    assert.equal(code, 1);
    assert.match(err, /'LOUD' is not a log level\n.*FATAL/s);
  });
});
