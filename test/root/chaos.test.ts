/**
 * A short run of test/chaos, with a seed of its own each time. When a kill strikes decides what is tried, so a failure is
 * news of the program more often than of a change: the suite runs it on request, `TSLXC_TEST_CHAOS=25`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chaos } from '../chaos/chaos.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost();
const STEPS = Number(process.env.TSLXC_TEST_CHAOS ?? 0);
const unasked = STEPS > 0 ? skip : 'runs on request: TSLXC_TEST_CHAOS=25, or npm run chaos';

test(`${STEPS} random operations among kills and damaged files`, { skip: unasked }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const lines: string[] = [];
  const chaos = new Chaos(host, { seed, steps: STEPS, log: (line) => void lines.push(line) });
  assert.deepEqual(await chaos.run(), [], `\n${lines.join('\n')}\n`);
});
