import { TslxcError, together } from './tslxc-error.ts';

/** The most faults that one report tells: more than a user corrects at once. */
export const MOST_FAULTS = 1000;

/**
 * Like `map`, but goes on after an item that fails, so that all faults are told at once.
 * @throws TslxcError the first fault, with the others
 */
export function mapAll<Item, Result>(items: readonly Item[], work: (item: Item) => Result): Result[] {
  const faults: TslxcError[] = [];
  const results: Result[] = [];
  for (const item of items)
    try {
      results.push(work(item));
    } catch (error) {
      if (!(error instanceof TslxcError)) throw error;
      faults.push(error);
      if (faults.length === MOST_FAULTS) break;
    }
  const fault = together(faults);
  if (fault) throw fault;
  return results;
}
