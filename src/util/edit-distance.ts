/**
 * The number of insertions, deletions, replacements and swaps of neighbours that turn one word into
 * the other (optimal string alignment).
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
}

/** Longer words are not compared. */
const LONGEST = 200;

/** Returns the candidate most like `word`, ignoring case, that is at most `most` edits away. */
export function nearestOf(word: string, candidates: Iterable<string>, most: number): string | undefined {
  if (word.length > LONGEST) return undefined;
  const lower = word.toLowerCase();
  let nearest: string | undefined;
  let least = most + 1;
  let begun: string | undefined;
  for (const candidate of candidates) {
    if (misleads(lower, candidate.toLowerCase())) continue;
    // What was begun and not finished is what was meant, however much is missing.
    const goesOn =
      lower.length >= SHORTEST_BEGINNING && !lower.endsWith('.') && candidate.toLowerCase().startsWith(lower);
    if (goesOn && (begun === undefined || candidate.length < begun.length)) begun = candidate;
    if (Math.abs(candidate.length - lower.length) >= least) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return begun ?? nearest;
}

const SHORTEST_BEGINNING = 5;
const LIMITS = /(^|[._-])(limit|max|high)/;
/** Files of these names set a guarantee (cgroup v2), the very opposite of a limit. */
const GUARANTEES = /(^|[._-])(min|low)$/;

/** Whether a hint would lead from a limit to a guarantee, or from dropping to keeping. */
export function misleads(word: string, candidate: string): boolean {
  return LIMITS.test(word) && GUARANTEES.test(candidate);
}
