import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeUpName, parseImage } from '../../src/cli/words/image-name.ts';

const template = (name: string, ...args: string[]) => ({ kind: 'template', template: name, args });

test('the name of an image is a template with its release and architecture, or a container', () => {
  assert.deepEqual(parseImage('busybox'), template('busybox'));
  assert.deepEqual(parseImage('debian/12'), template('debian', '-r', 'bookworm'));
  assert.deepEqual(parseImage('debian/trixie/arm64'), template('debian', '-r', 'trixie', '-a', 'arm64'));
  assert.deepEqual(parseImage('fedora/42'), template('fedora', '-r', '42'));
  assert.deepEqual(parseImage('local:web'), { kind: 'copy', of: 'web' });
});

test('what is no name of an image is refused', () => {
  for (const text of ['', '/', 'debian/', 'debian//amd64', 'a/b/c/d', '-x', '../x', 'local:', 'Debian'])
    assert.throws(() => parseImage(text), {
      code: 'USAGE',
      message: `'${text}' is not the name of an image`,
    });
  assert.throws(() => parseImage('busybox/1'), { message: 'busybox has no releases' });
});

test('a made-up name begins with the distribution or the original', () => {
  assert.match(madeUpName(parseImage('debian/12')), /^debian-[a-z2-9]{4}$/);
  assert.match(madeUpName(parseImage('local:web')), /^web-[a-z2-9]{4}$/);
});
