import { loadSystemConfig } from '../../config/system-config.ts';
import { SYSTEM_KEYS, type SystemKey } from '../../config/system-keys.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { command } from '../command.ts';
import { usageText } from '../help.ts';
import { spec } from './config.spec.ts';

export default command(
  spec,
  ({ values, operands, io, json }) => {
    const keys = Object.keys(SYSTEM_KEYS) as SystemKey[];
    const listed = keys.filter((key) => SYSTEM_KEYS[key].listed);
    const [word] = operands;
    if (values.list) {
      io.print(json ? `${JSON.stringify(listed)}\n` : listed.map((key) => `${key}\n`).join(''));
      return 0;
    }
    if (word === undefined) {
      io.print(usageText(spec));
      return 0;
    }
    const key = keys.find((known) => known === word) ?? listed.find((known) => known.startsWith(word));
    if (!key)
      throw new TslxcError({
        code: 'CONFIG_UNKNOWN_KEY',
        message: `the system file has no key '${word}'`,
        hint: "'tslxc-config -l' lists the keys",
      });
    const value = loadSystemConfig().get(key);
    if (json) io.print(`${JSON.stringify({ key, value: value ?? null })}\n`);
    else io.print(value === undefined ? `${key} is not set.\n` : `${value}\n`);
    return 0;
  },
  { anyUser: true },
);
