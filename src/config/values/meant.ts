import { nearestOf } from '../../util/edit-distance.ts';

/**
 * For the end of a message about a word that is not one of those: `; did you mean "veth"?`, or
 * nothing.
 */
export function meant(text: string, words: readonly string[]): string {
  const word = nearestOf(text, words, Math.max(1, Math.floor(text.length / 3)));
  return word === undefined ? '' : `; did you mean "${word}"?`;
}
