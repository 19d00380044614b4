import type { ContainerShape } from '../../api/container.ts';
import type { PublishedPortInfo } from '../../api/options.ts';
import { usage } from '../parse/getopt.ts';
import { jsonText } from '../render/json-output.ts';
import { tableText } from '../render/table.ts';
import { command } from '../run/command.ts';
import { ACTIONS, spec } from './network.options.ts';

export default command(spec, async (call) => {
  const { operands, values, io, json } = call;
  const [word, ...rest] = operands;
  const action = ACTIONS.find((known) => known === word);
  if (!action) throw usage(`'${word}' is not an action`, `actions are ${ACTIONS.join(', ')}`);
  const [name, ...ports] = call.name === undefined ? rest : [call.name, ...rest];
  if (name === undefined) throw usage('no container is named', `as in: ${action} NAME`);
  if (action === 'ports' && ports.length > 0) throw usage(`'${ports[0]}' is one operand too many`);
  if (action !== 'ports' && ports.length === 0)
    throw usage('no port is named', `as in: ${action} ${name} 8080:80`);
  const container: ContainerShape = await call.library.container(name, await call.lxcpath());
  const published = await container.publish({
    ...(action === 'publish' ? { add: ports } : {}),
    ...(action === 'withdraw' ? { remove: ports } : {}),
    ...(values.nic === undefined ? {} : { nic: values.nic }),
    ...(values.save ? { save: true } : {}),
  });
  if (json) io.print(jsonText('network', published));
  else if (action === 'ports') io.print(tableOf(published));
  return 0;
});

function tableOf(published: readonly PublishedPortInfo[]): string {
  const rows = published.map(({ nic, port, targets }) => [port, targets.join(', ') || '-', String(nic)]);
  return tableText(['PORT', 'TARGET', 'NIC'], rows);
}
