import { BadValue } from './bad-value.ts';
import { wholeNumber } from './number.ts';
import type { ValueType } from './value-type.ts';

/** The names of setrlimit(2), lower case without RLIMIT_. */
// biome-ignore format: a list of words
export const RESOURCES = [
  'as', 'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss',
  'rtprio', 'rttime', 'sigpending', 'stack',
] as const;

export type LimitValue = number | 'unlimited';

export interface ResourceLimit {
  readonly soft: LimitValue;
  readonly hard: LimitValue;
}

function limitValue(text: string, offset: number): LimitValue {
  const bare = text.trim();
  // The kernel's number for it, and as a signed one.
  if (['unlimited', '-1', '18446744073709551615'].includes(bare)) return 'unlimited';
  const number = wholeNumber(bare);
  if (number === undefined || number < 0) {
    throw new BadValue(`"${bare}" is neither a number nor "unlimited"`, offset + text.indexOf(bare));
  }
  return number;
}

export const resourceLimit: ValueType<ResourceLimit> = {
  name: 'SOFT[:HARD]',
  valid:
    'a number or "unlimited", for the soft and the hard limit, with a colon between; one alone sets both',
  parse(text) {
    const colon = text.indexOf(':');
    if (colon < 0) {
      const both = limitValue(text, 0);
      return { soft: both, hard: both };
    }
    // Like LXC, a missing soft limit is 0, and a missing hard limit is the soft one.
    const soft = limitValue(text.slice(0, colon).trim() || '0', 0);
    const after = text.slice(colon + 1);
    const hard = after.trim() === '' ? soft : limitValue(after, colon + 1);
    const above = hard !== 'unlimited' && (soft === 'unlimited' || soft > hard);
    if (above) throw new BadValue(`the soft limit ${soft} is above the hard limit ${hard}`);
    return { soft, hard };
  },
  print: ({ soft, hard }) => (soft === hard ? `${soft}` : `${soft}:${hard}`),
};
