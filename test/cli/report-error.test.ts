/** An error as the user sees it: program, container, place, message; then what else is known; the hint last. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorText, reportError } from '../../src/cli/render/report-error.ts';
import { errorFromJSON, TslxcError, together } from '../../src/errors/tslxc-error.ts';
import { fakeIo } from './fake-io.ts';

const BRIDGE = new TslxcError({
  code: 'BRIDGE_MISSING',
  container: 'deb',
  file: '/var/lib/tslxc/deb/config',
  line: 12,
  message: 'bridge "br9" does not exist',
  hint: 'create it, or use tslxcbr0',
});

describe('error text', () => {
  it('names program, container, file and line, then the hint', () => {
    assert.equal(
      errorText(BRIDGE, 'tslxc-start'),
      'tslxc-start: deb: /var/lib/tslxc/deb/config:12: bridge "br9" does not exist\n' +
        '  hint: create it, or use tslxcbr0\n',
    );
  });

  it('adds step, cause and errno where they are known', () => {
    const error = new TslxcError({
      code: 'MOUNT_FAILED',
      message: 'cannot mount /proc',
      step: 'mount /proc',
      errno: 'EPERM',
      cause: new Error('mount said no', { cause: new Error('seccomp') }),
    });
    assert.equal(
      errorText(error, 'tslxc-start'),
      'tslxc-start: cannot mount /proc\n  step: mount /proc\n  cause: mount said no\n  cause: seccomp\n  errno: EPERM\n',
    );
  });

  it('does not repeat what the message says', () => {
    const error = new TslxcError({
      code: 'CONFIG_READ',
      message: '/c/config does not exist (ENOENT)',
      file: '/c/config',
      errno: 'ENOENT',
    });
    assert.equal(errorText(error, 'tslxc-info'), 'tslxc-info: /c/config does not exist (ENOENT)\n');
  });

  it('lists all faults that an error stands for', () => {
    const second = new TslxcError({
      code: 'CONFIG_UNKNOWN_KEY',
      message: 'no key lxc.bogus',
      file: '/c',
      line: 3,
    });
    const first = new TslxcError({ code: 'CONFIG_VALUE', message: 'bad value', file: '/c', line: 1 });
    const all = together([first, second])!;
    const text = 'tslxc-start: deb: /c:1: bad value\ntslxc-start: deb: /c:3: no key lxc.bogus\n';
    assert.equal(errorText(all.with({ container: 'deb' }), 'tslxc-start'), text);
    const carried = errorFromJSON(JSON.parse(JSON.stringify(all.with({ container: 'deb' }))));
    assert.equal(errorText(carried, 'tslxc-start'), text, 'also after it came from the manager');
  });

  it('says how to find out where a bug is, and shows no stack', () => {
    const text = errorText(new TslxcError({ code: 'INTERNAL', message: 'oops' }), 'tslxc-ls');
    assert.match(text, /^tslxc-ls: oops\n {2}hint: this is a mistake of tslxc: .*-l DEBUG -o FILE.*\n$/);
  });

  it('tells errnos in words', () => {
    const said = (message: string) =>
      errorText(new TslxcError({ code: 'STORAGE', message }), 'x').slice(3, -1);
    assert.equal(said("ENOENT: no such file or directory, open '/a b'"), '/a b: it does not exist');
    assert.equal(said('pidfdSignal: ESRCH'), 'the process has ended');
    assert.equal(
      said('mount devpts on /dev/pts: openat2: ENOENT'),
      'mount devpts on /dev/pts: it does not exist',
    );
    assert.equal(said('ENOSPC: no space left on device, write'), 'no space is left there');
    assert.equal(said('LOUD: no errno of ours'), 'LOUD: no errno of ours');
  });

  it('says that a warning is one', () => {
    assert.match(errorText(BRIDGE, 'tslxc-start', 'warning'), /config:12: warning: bridge/);
  });
});

describe('reporting', () => {
  it('has colours on a terminal only', async () => {
    const pipe = fakeIo();
    await reportError(BRIDGE, pipe, { program: 'p' });
    assert.doesNotMatch(pipe.err(), /\x1b/);
    const terminal = fakeIo({ stderrIsTTY: true });
    await reportError(BRIDGE, terminal, { program: 'p' });
    assert.match(terminal.err(), /\x1b\[31mbridge/);
  });

  it('respects NO_COLOR and a dumb terminal', async () => {
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      const io = fakeIo({ stderrIsTTY: true, env });
      await reportError(BRIDGE, io, { program: 'p' });
      assert.doesNotMatch(io.err(), /\x1b/);
    }
  });

  it('is silent with -q, and JSON with --json', async () => {
    const io = fakeIo();
    await reportError(BRIDGE, io, { program: 'p', quiet: true });
    assert.equal(io.err(), '');
    await reportError(BRIDGE, io, { program: 'p', json: true });
    const { error } = JSON.parse(io.err());
    assert.deepEqual([error.code, error.line, error.container], ['BRIDGE_MISSING', 12, 'deb']);
  });
});
