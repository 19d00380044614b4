import type { ContainerShape } from '../../api/container.ts';
import { usage } from '../parse/getopt.ts';
import { command } from '../run/command.ts';
import { ACTIONS, spec } from './device.options.ts';

export default command(spec, async ({ operands, io, json, container }) => {
  const [word, device, path = device] = operands;
  const action = ACTIONS.find((known) => known === word);
  if (!action) throw usage(`'${word}' is not an action`, `actions are ${ACTIONS.join(' and ')}`);
  if (!device!.startsWith('/')) {
    await moveInterface(await container(), action, device!, operands[2]);
    if (json) io.print(`${JSON.stringify({ action, device, path })}\n`);
    return 0;
  }
  if (!path!.startsWith('/') || path!.endsWith('/'))
    throw usage(`'${path}' is not an absolute path for a node`, `as in: add ${device} /dev/name`);
  await (await container()).device({ action, device: device!, path: path! });
  if (json) io.print(`${JSON.stringify({ action, device, path })}\n`);
  return 0;
});

/** An interface of the host moves into the container, or returns under its old name. */
async function moveInterface(
  container: ContainerShape,
  action: 'add' | 'del',
  name: string,
  newName: string | undefined,
): Promise<void> {
  if (action === 'add')
    await container.attachNic([
      'type=phys',
      `link=${name}`,
      ...(newName === undefined ? [] : [`name=${newName}`]),
    ]);
  else if (newName === undefined) await container.detachNic(name);
  else throw usage(`'${newName}' is one operand too many`, 'an interface returns under its old name');
}
