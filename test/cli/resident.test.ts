/** What bin/tslxc and the resident process have to agree on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { SLOTS } from '../../src/cli/resident/slots.ts';
import { isTaken, TAKEN } from '../../src/cli/resident/taken.ts';

const launcher = readFileSync(join(import.meta.dirname, '../../bin/tslxc'), 'utf8');

it('the launcher asks for the commands that are taken', () => {
  const [, list] = /^case \$\{1#lxc-\} in\n {2}(.+)\)$/m.exec(launcher) ?? [];
  assert.deepEqual(list?.split(' | '), Object.keys(TAKEN).sort());
});

it('the launcher knows how many slots there are', () => {
  const [, list] = /for free in ([\d ]+); do/.exec(launcher) ?? [];
  assert.deepEqual(
    list?.split(' ').map(Number),
    Array.from({ length: SLOTS }, (_, i) => i),
  );
});

it('takes no call that needs the caller’s terminal, and any that is a mistake', async () => {
  assert.equal(await isTaken(['start', '-n', 'c', '-d']), true);
  assert.equal(await isTaken(['start', '-n', 'c', '-F']), false);
  assert.equal(await isTaken(['start', 'c', '--foreg']), false);
  assert.equal(await isTaken(['start', '-n', 'c', '--dry-run']), false);
  assert.equal(await isTaken(['start', '--nonsense']), true);
  assert.equal(await isTaken(['attach', '-n', 'c']), false);
  assert.equal(await isTaken(['lxc-start', '-n', 'c']), true);
  assert.equal(await isTaken(['lxc-start', '-n', 'c', '-F']), false);
  assert.equal(await isTaken(['constructor']), false);
  assert.equal(await isTaken([]), false);
});
