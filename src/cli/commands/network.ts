import type { ContainerShape } from '../../api/container.ts';
import type { NicInfo, PublishedPortInfo } from '../../api/options.ts';
import { usage } from '../parse/getopt.ts';
import { jsonText } from '../render/json-output.ts';
import { tableText } from '../render/table.ts';
import { type Call, command } from '../run/command.ts';
import { ACTIONS, spec } from './network.options.ts';

type NetworkCall = Call<typeof spec.options>;
type Action = (typeof ACTIONS)[number];

interface Work {
  /** How many words follow the container: at least and at most. */
  readonly words: readonly [least: number, most: number];
  readonly example: string;
  run(container: ContainerShape, words: readonly string[], call: NetworkCall): Promise<void>;
}

const ANY = Number.POSITIVE_INFINITY;

const WORK: { readonly [A in Action]: Work } = {
  attach: {
    words: [1, ANY],
    example: 'type=veth link=tslxcbr0 flags=up',
    run: async (container, words, call) => {
      const bad = words.find((word) => !/^[\w.]+=/.test(word));
      if (bad !== undefined) throw usage(`'${bad}' is not of the form KEY=VALUE`, 'as in: link=tslxcbr0');
      showNics(call, [await container.attachNic(words, { save: call.values.save })], true);
    },
  },
  detach: {
    words: [1, 1],
    example: 'eth1',
    run: async (container, [nic], call) =>
      showNics(call, [await container.detachNic(nic!, { save: call.values.save })], true),
  },
  list: {
    words: [0, 0],
    example: '',
    run: async (container, _words, call) => showNics(call, await container.nics()),
  },
  publish: { words: [1, ANY], example: '8080:80', run: (...args) => change('add', ...args) },
  withdraw: { words: [1, ANY], example: '8080:80', run: (...args) => change('remove', ...args) },
  ports: {
    words: [0, 0],
    example: '',
    run: async (container, _words, call) => {
      const published = await container.publish();
      call.io.print(call.json ? jsonText('network', published) : portTable(published));
    },
  },
};

export default command(spec, async (call) => {
  const [word, ...rest] = call.operands;
  const action = ACTIONS.find((known) => known === word);
  if (!action) throw usage(`'${word}' is not an action`, `actions are ${ACTIONS.join(', ')}`);
  const [name, ...words] = call.values.name === undefined ? rest : [call.values.name, ...rest];
  const { example, words: count, run } = WORK[action];
  if (name === undefined) throw usage('no container is named', `as in: ${action} NAME ${example}`.trimEnd());
  if (words.length > count[1]) throw usage(`'${words[count[1]]}' is one operand too many`);
  if (words.length < count[0])
    throw usage(`'${action}' needs another operand`, `as in: ${action} ${name} ${example}`);
  await run(await call.library.container(name, await call.lxcpath()), words, call);
  return 0;
});

async function change(
  way: 'add' | 'remove',
  container: ContainerShape,
  ports: readonly string[],
  { values, io, json }: NetworkCall,
): Promise<void> {
  const nic = values.nic === undefined ? {} : { nic: values.nic };
  const published = await container.publish({ [way]: ports, ...nic, save: values.save });
  if (json) io.print(jsonText('network', published));
}

/** @param quiet what was done is told by the exit code alone */
function showNics({ io, json }: NetworkCall, nics: readonly NicInfo[], quiet = false): void {
  if (json) io.print(jsonText('network', nics));
  else if (!quiet) io.print(nicTable(nics));
}

function nicTable(nics: readonly NicInfo[]): string {
  const rows = nics.map(({ nic, type, name, link, host }) => [
    String(nic),
    type,
    name ?? '-',
    link ?? '-',
    host ?? '-',
  ]);
  return tableText(['NIC', 'TYPE', 'NAME', 'LINK', 'HOST'], rows);
}

function portTable(published: readonly PublishedPortInfo[]): string {
  const rows = published.map(({ nic, port, targets }) => [port, targets.join(', ') || '-', String(nic)]);
  return tableText(['PORT', 'TARGET', 'NIC'], rows);
}
