/** Commands that are called by LXC's names, as programs that drive LXC call them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dispatch } from '../../src/cli/run/dispatch.ts';
import { version } from '../../src/cli/run/version.ts';
import { TslxcError } from '../../src/errors/tslxc-error.ts';
import { fakeIo } from './fake-io.ts';
import { fakeLibrary } from './fake-library.ts';

const RUNS = {
  start: async () => {
    throw new TslxcError({ code: 'ALREADY_RUNNING', message: 'it is running already', container: 'web' });
  },
};

async function call(line: string): Promise<{ status: number; out: string; err: string }> {
  const io = fakeIo();
  const library = fakeLibrary({ web: { ...RUNS, freeze: async () => {} } });
  const words = line.split(' ').map((word) => (word === "''" ? '' : word));
  const status = await dispatch(words, io, library);
  return { status, out: io.out(), err: io.err() };
}

describe("LXC's names", () => {
  it('--version is the version of LXC, and ours under our names', async () => {
    for (const name of ['start', 'info', 'checkconfig', 'checkpoint'])
      assert.equal((await call(`lxc-${name} --version`)).out, '5.0.2\n');
    assert.equal((await call('info --version')).out, `${version()}\n`);
  });
  it('start of a running container is a success with a warning, and an error under our name', async () => {
    for (const options of ['', ' -d', ' -q']) {
      const { status, err } = await call(`lxc-start -n web${options}`);
      assert.equal(status, 0);
      assert.equal(err, options === ' -q' ? '' : 'lxc-start: web: warning: Container is already running\n');
    }
    assert.equal((await call('start -n web')).status, 1);
  });
  it('a spare argument is passed over with a warning, and refused under our name', async () => {
    const { status, err } = await call('lxc-freeze web extra');
    assert.equal(status, 0);
    assert.match(err, /^lxc-freeze: warning: argument 'extra' is passed over\n$/);
    assert.equal((await call('info web extra')).status, 1);
  });
  it('an empty spare argument is silent under both', async () => {
    for (const name of ['lxc-freeze', 'freeze']) {
      const { status, err } = await call(`${name} -n web ''`);
      assert.deepEqual([status, err], [0, '']);
    }
  });
  it('an unknown command stays unknown', async () => {
    assert.equal((await call('lxc-nothing')).status, 1);
  });
});
