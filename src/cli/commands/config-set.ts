import { toTslxcError } from '../../errors/tslxc-error.ts';
import { usage } from '../parse/getopt.ts';
import type { Call } from '../run/command.ts';
import type { spec } from './config.options.ts';

/** `tslxc-config set NAME KEY=VALUE...`: writes to the config of a container. */
export async function set(call: Call<typeof spec.options>): Promise<number> {
  const { values, operands, library } = call;
  const [, ...words] = operands;
  const name = values.name ?? words.shift();
  if (name === undefined) throw usage('the name of the container is missing');
  if (words.length === 0) throw usage('there is nothing to set', 'write KEY=VALUE; KEY= removes the key');
  const changes = words.map((word) => {
    const [, key, value] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
    if (key === undefined || value === undefined)
      throw usage(`'${word}' has no '='`, 'write KEY=VALUE; KEY= removes the key');
    return { key: key.trim(), value: value.trim() === '' ? null : value.trim() };
  });
  const container = await library.container(name, await call.lxcpath());
  try {
    await container.setConfig(changes);
  } catch (error) {
    throw toTslxcError(error, 'CONFIG_WRITE').with({ container: name });
  }
  return 0;
}
