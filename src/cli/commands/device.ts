import { TslxcError } from '../../errors/tslxc-error.ts';
import { usage } from '../parse/getopt.ts';
import { command } from '../run/command.ts';
import { ACTIONS, spec } from './device.options.ts';

export default command(spec, async ({ operands, io, json, container }) => {
  const [word, device, path = device] = operands;
  const action = ACTIONS.find((known) => known === word);
  if (!action) throw usage(`'${word}' is not an action`, `actions are ${ACTIONS.join(' and ')}`);
  if (!device!.startsWith('/'))
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message: `'${device}' is not the path of a device node; moving network interfaces comes in a later version`,
      hint: 'a device node is named by its whole path, as /dev/fuse',
    });
  if (!path!.startsWith('/') || path!.endsWith('/'))
    throw usage(`'${path}' is not an absolute path for a node`, `as in: add ${device} /dev/name`);
  await (await container()).device({ action, device: device!, path: path! });
  if (json) io.print(`${JSON.stringify({ action, device, path })}\n`);
  return 0;
});
