/** What bin/tslxc and the resident process have to agree on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { isResidentCommand, RESIDENT_COMMANDS } from '../../src/cli/resident/resident-commands.ts';
import { SLOTS } from '../../src/cli/resident/slots.ts';

const launcher = readFileSync(join(import.meta.dirname, '../../bin/tslxc'), 'utf8');

it('the launcher asks for the resident commands', () => {
  const [, list] = /^case \$\{1#lxc-\} in\n {2}(.+)\)$/m.exec(launcher) ?? [];
  assert.deepEqual(list?.split(' | '), Object.keys(RESIDENT_COMMANDS).sort());
});

it('the launcher knows how many slots there are', () => {
  const [, list] = /for free in ([\d ]+); do/.exec(launcher) ?? [];
  assert.deepEqual(
    list?.split(' ').map(Number),
    Array.from({ length: SLOTS }, (_, i) => i),
  );
});

it('takes no call that needs the caller’s terminal, and any that is a mistake', async () => {
  assert.equal(await isResidentCommand(['start', '-n', 'c', '-d']), true);
  assert.equal(await isResidentCommand(['start', '-n', 'c', '-F']), false);
  assert.equal(await isResidentCommand(['start', 'c', '--foreg']), false);
  assert.equal(await isResidentCommand(['start', '-n', 'c', '--dry-run']), false);
  assert.equal(await isResidentCommand(['start', '--nonsense']), true);
  assert.equal(await isResidentCommand(['attach', '-n', 'c']), false);
  assert.equal(await isResidentCommand(['lxc-start', '-n', 'c']), true);
  assert.equal(await isResidentCommand(['lxc-start', '-n', 'c', '-F']), false);
  assert.equal(await isResidentCommand(['constructor']), false);
  assert.equal(await isResidentCommand([]), false);
});
