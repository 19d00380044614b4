/** Paths in config lines and fstab files that follow a directory to its new place. */

/** Directories and what they become, the inner ones before those that they are in. */
export type Moves = readonly (readonly [from: string, to: string])[];

/** Replaces directories where a path in the text is one of them or is below it. */
export function movePaths(text: string, moves: Moves): string {
  if (moves.length === 0) return text;
  const places = moves.map(([from]) => from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  // In one pass: a new place may lie below an old one.
  const path = new RegExp(`(?<=^|[\\s"'=:,])(?:${places})(?=$|[/\\s"',:])`, 'gm');
  return text.replace(path, (found) => moves.find(([from]) => from === found)![1]);
}
