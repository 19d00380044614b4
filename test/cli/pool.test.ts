/** What bin/tslxc and the pool have to agree on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { SLOTS } from '../../src/cli/pool/meeting.ts';

const launcher = readFileSync(join(import.meta.dirname, '../../bin/tslxc'), 'utf8');

it('the launcher knows how many slots there are', () => {
  const [, list] = /for free in ([\d ]+); do/.exec(launcher) ?? [];
  assert.deepEqual(
    list?.split(' ').map(Number),
    Array.from({ length: SLOTS }, (_, i) => i),
  );
});
