import { type ErrorDetails, TslxcError } from '../errors/tslxc-error.ts';
import { nearestKey } from './nearest-key.ts';

/**
 * The error for a key that does not exist; the hint is the key that was meant, if one is like it.
 * @param likeness whether one is looked for
 */
export function unknownKey(
  key: string,
  place: Pick<ErrorDetails, 'file' | 'line' | 'column'> = {},
  likeness = true,
): TslxcError {
  const nearest = likeness ? nearestKey(key) : undefined;
  const elsewise = key.startsWith('lxc.')
    ? 'the keys are listed in tslxc.container.conf(5)'
    : 'write KEY=VALUE; all keys start with "lxc."';
  return new TslxcError({
    code: 'CONFIG_UNKNOWN_KEY',
    message: `there is no key ${JSON.stringify(key)}`,
    ...place,
    hint: nearest ? `did you mean ${nearest}?` : elsewise,
  });
}
