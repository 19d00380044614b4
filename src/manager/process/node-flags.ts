/**
 * With which flags Node holds still enough to be forked (docs/fork-selftest.md), and may be asked
 * to collect garbage.
 */
export const NODE_FLAGS: readonly string[] = [
  '--single-threaded',
  '--v8-pool-size=0',
  '--expose-gc',
  '--disable-warning=ExperimentalWarning',
];
