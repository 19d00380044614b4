/** A short run of test/chaos, with a seed of its own each time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chaos } from '../chaos/chaos.ts';
import { ContainerHost, skip } from './harness/container-host.ts';

const host = new ContainerHost();
const STEPS = 25;

test(`${STEPS} random operations among kills and damaged files`, { skip }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const lines: string[] = [];
  const chaos = new Chaos(host, { seed, steps: STEPS, log: (line) => void lines.push(line) });
  assert.deepEqual(await chaos.run(), [], `\n${lines.join('\n')}\n`);
});
