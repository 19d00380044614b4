import { editDistance, misleads } from '../../util/edit-distance.ts';

/** The candidate that a mistyped word most likely meant, if any is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  return nearestAll(word, candidates)[0];
}

/** All close candidates: those that the word begins first, then the closest. */
export function nearestAll(word: string, candidates: readonly string[]): string[] {
  const limit = Math.max(1, Math.floor(word.length / 3));
  const begun = (candidate: string) => word.length > 2 && candidate.startsWith(word);
  return candidates
    .filter((candidate) => !misleads(word.toLowerCase(), candidate.toLowerCase()))
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= limit || begun(candidate))
    .sort((a, b) => Number(begun(b.candidate)) - Number(begun(a.candidate)) || a.distance - b.distance)
    .map(({ candidate }) => candidate);
}
