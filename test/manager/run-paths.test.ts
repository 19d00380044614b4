/** The run directory is ours alone, and rubbish on a socket ends that connection only. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runPaths } from '../../src/manager/process/run-paths.ts';
import { JsonLines } from '../../src/manager/wire/rpc.ts';

test('a run directory that others could write or that is a link', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tslxc-run-'));
  const before = process.env.TSLXC_RUNDIR;
  t.after(() => {
    rmSync(folder, { recursive: true });
    if (before === undefined) delete process.env.TSLXC_RUNDIR;
    else process.env.TSLXC_RUNDIR = before;
  });
  const directory = join(folder, 'run');
  process.env.TSLXC_RUNDIR = directory;
  mkdirSync(directory);
  chmodSync(directory, 0o777);
  assert.equal(runPaths().directory, directory);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  process.env.TSLXC_RUNDIR = join(folder, 'link');
  symlinkSync(directory, process.env.TSLXC_RUNDIR);
  assert.throws(() => runPaths(), { code: 'NOT_PERMITTED' });
});

test('what is no JSON object ends the connection', async () => {
  for (const rubbish of ['null\n', '7\n', '{\n', `${'x'.repeat(2 << 20)}`]) {
    const heard: unknown[] = [];
    const server = createServer((socket) => {
      new JsonLines(
        socket,
        (message) => heard.push(message),
        () => server.close(),
      );
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(rubbish);
    await new Promise((done) => socket.once('close', done));
    assert.deepEqual(heard, []);
  }
});
