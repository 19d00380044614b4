/** All benches, by the name that `npm run bench -- NAME` takes. */
import type { Bench } from './bench.ts';

export const BENCHES = {
  life: () => import('./life.ts'),
  many: () => import('./many.ts'),
  storage: () => import('./storage.ts'),
} as const satisfies Record<string, () => Promise<{ readonly default: Bench }>>;

export type BenchName = keyof typeof BENCHES;

export function isBench(name: string): name is BenchName {
  return Object.hasOwn(BENCHES, name);
}
