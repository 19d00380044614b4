import { BadValue } from './bad-value.ts';
import { wholeNumber } from './number.ts';
import type { ValueType } from './value-type.ts';

/** When a container that has ended is started again, and how often in a row; no limit: for ever. */
export interface RestartPolicy {
  readonly when: 'no' | 'on-failure' | 'always';
  readonly limit?: number;
}

const MOST = 1_000_000;

export const restartPolicy: ValueType<RestartPolicy> = {
  name: 'POLICY',
  valid: 'no, on-failure, on-failure:N (N restarts in a row at most) or always',
  parse(text) {
    if (text === 'no' || text === 'on-failure' || text === 'always') return { when: text };
    const [word, number, ...rest] = text.split(':');
    if (word !== 'on-failure' || number === undefined || rest.length > 0)
      throw new BadValue(`"${text}" is no restart policy`);
    const limit = wholeNumber(number);
    if (limit === undefined || limit < 1 || limit > MOST)
      throw new BadValue(`"${number}" is not a number of restarts`);
    return { when: word, limit };
  },
  print: ({ when, limit }) => (limit === undefined ? when : `${when}:${limit}`),
};
