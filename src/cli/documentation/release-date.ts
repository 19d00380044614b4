import { readFileSync } from 'node:fs';

/** Shown by pages that are newer than the newest release. */
const BEFORE_THE_FIRST = '2026-12-01';

/** The date of the newest release, as the changelog has it: the date of the manual pages. */
export const RELEASED =
  /^## \[\d[^\]]*\] - (\d{4}-\d\d-\d\d)$/m.exec(
    readFileSync(new URL('../../../CHANGELOG.md', import.meta.url), 'utf8'),
  )?.[1] ?? BEFORE_THE_FIRST;
