import { test } from 'node:test';
import { folderWith } from './config-folder.ts';
import { ConfigFuzz } from './config-fuzz.ts';

/** A sample. `npm run fuzz:config` does 100,000. */
const ROUNDS = 2000;

test(`${ROUNDS} mutated files: no crash, no error without a place, reading and writing is the identity`, (t) => {
  const fuzz = new ConfigFuzz(folderWith(t), 20260814);
  for (let round = 0; round < ROUNDS; round++) fuzz.round(round);
});
