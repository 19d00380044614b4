/** The part of the comparison with LXC (npm run test:peer) that programs and old configs rest on. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { CASES as CONFIG } from '../peer/cases/config.ts';
import { CASES as PROGRAMS } from '../peer/cases/programs.ts';
import { difference } from '../peer/difference.ts';
import { PeerWorld } from '../peer/world.ts';
import { skip as needsRoot } from './harness/container-host.ts';

const lxc = spawnSync('lxc-start', ['--version'], { encoding: 'utf8' });
// Another version of LXC may have come to another view.
const skip = needsRoot || (!lxc.stdout?.startsWith('5.0.') && 'LXC 5.0 is not installed');
let world: PeerWorld;

before(async () => {
  if (skip) return;
  world = new PeerWorld();
  await world.prepare();
});
after(() => world?.dispose());

// The versions alone are forty commands, and have a unit test.
for (const one of [...PROGRAMS.filter(({ title }) => title !== 'versions'), ...CONFIG])
  test(one.title, { skip }, async () => {
    const found = await difference(world, one);
    assert.equal(found === undefined, one.differs === undefined, found);
  });
