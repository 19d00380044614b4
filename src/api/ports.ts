import { BadValue } from '../config/values/bad-value.ts';
import { type PublishedPort, portText, publishedPort } from '../config/values/published-port.ts';
import { editConfig } from '../container/state/edit-config.ts';
import type { ContainerRef } from '../container/state/paths.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { PublishedNic } from '../network/ports/port-registry.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';
import type { PortChange, PublishedPortInfo } from './options.ts';

/**
 * Publishes ports of a running container, or withdraws them.
 * @returns all that it publishes then
 * @throws TslxcError NOT_RUNNING, CONFIG_VALUE, CONFIG_CONFLICT for a port that is taken
 */
export async function changePublished(
  context: RequestContext,
  ref: ContainerRef,
  { add = [], remove = [], nic, save }: PortChange,
): Promise<PublishedPortInfo[]> {
  const { name, lxcpath } = ref;
  const request = { name, lxcpath, add: add.map(parsed), remove: remove.map(parsed) };
  const { published } = await withManager(context, 'publish ports of a container', (manager) =>
    manager.request('ports', { ...request, ...(nic === undefined ? {} : { nic }) }),
  );
  if (save) await savePorts(ref, request, nic ?? published[0]?.index ?? 0);
  return published.flatMap(infoOf);
}

function infoOf({ index, ports, target4, target6 }: PublishedNic): PublishedPortInfo[] {
  const targets = [target4, target6].filter((address) => address !== undefined);
  return ports.map((port) => ({ nic: index, port: portText(port), targets }));
}

function parsed(text: string): PublishedPort {
  try {
    return publishedPort.parse(text, { env: undefined });
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new TslxcError({
      code: 'CONFIG_VALUE',
      message: error.message,
      hint: `give ${publishedPort.valid}`,
    });
  }
}

interface Changed {
  readonly add: readonly PublishedPort[];
  readonly remove: readonly PublishedPort[];
}

async function savePorts(ref: ContainerRef, { add, remove }: Changed, index: number): Promise<void> {
  const key = `lxc.net.${index}.publish`;
  const gone = new Set(remove.map(portText));
  await editConfig(ref, (document) => {
    const kept = document
      .settings()
      .filter((setting) => setting.key === key)
      .map(({ value }) => value)
      .filter((value) => value !== '' && !gone.has(portText(publishedPort.parse(value, { env: undefined }))));
    document.remove(key);
    for (const value of [...kept, ...add.map(portText)]) document.append(key, value);
  });
}
