import { readDocument } from '../config/document-file.ts';
import { typeFirst } from '../container/run/hot-plug.ts';
import { editConfig } from '../container/state/edit-config.ts';
import { type ContainerRef, configFile } from '../container/state/paths.ts';
import { liveRecord, type RecordedNic } from '../container/state/runtime-record.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';
import type { NicInfo } from './options.ts';

const NIC_KEY = /^lxc\.net\.(\d+)(?:\.|$)/;

const infoOf = ({ index, type, name, link, host }: RecordedNic): NicInfo => ({
  nic: index,
  type,
  name,
  link,
  host,
});

/** @throws TslxcError NOT_RUNNING */
export function listNics(ref: ContainerRef): NicInfo[] {
  const record = liveRecord(ref);
  if (record) return record.nics.map(infoOf);
  throw new TslxcError({ code: 'NOT_RUNNING', container: ref.name, message: 'it is not running' });
}

/**
 * Gives a running container a nic.
 * @param save whether to write it to the config, for later starts
 * @throws TslxcError NOT_RUNNING, CONFIG_*, INTERFACE_MISSING, BRIDGE_MISSING, NETWORK_FAILED
 */
export async function attachNic(
  context: RequestContext,
  { name, lxcpath }: ContainerRef,
  settings: readonly string[],
  save: boolean,
): Promise<NicInfo> {
  const ref = { name, lxcpath };
  const index = freeIndex(ref);
  const { nic } = await withManager(context, 'attach a nic to a container', (manager) =>
    manager.request('attach-nic', { ...ref, index, settings }),
  );
  if (save)
    await editConfig(ref, (document) => {
      for (const setting of typeFirst(settings)) {
        const equals = setting.indexOf('=');
        document.append(
          `lxc.net.${index}.${setting.slice(0, equals).trim()}`,
          setting.slice(equals + 1).trim(),
        );
      }
    });
  return infoOf(nic);
}

/** A number that neither the running container nor its config has. */
function freeIndex(ref: ContainerRef): number {
  const used = new Set(liveRecord(ref)?.nics.map(({ index }) => index));
  try {
    for (const { key } of readDocument(configFile(ref)).settings())
      used.add(Number(NIC_KEY.exec(key)?.[1] ?? -1));
  } catch {
    // Started with another config file: the manager tells the rest.
  }
  let index = 0;
  while (used.has(index)) index++;
  return index;
}

/** @throws TslxcError NOT_RUNNING, CONFIG_VALUE for a nic that it does not have */
export async function detachNic(
  context: RequestContext,
  { name, lxcpath }: ContainerRef,
  wanted: string,
  save: boolean,
): Promise<NicInfo> {
  const ref = { name, lxcpath };
  const { nic } = await withManager(context, 'detach a nic of a container', (manager) =>
    manager.request('detach-nic', { ...ref, nic: wanted }),
  );
  if (save)
    await editConfig(ref, (document) => {
      const isOfNic = (key: string) => NIC_KEY.exec(key)?.[1] === String(nic.index);
      for (const key of new Set(document.settings().map((setting) => setting.key)))
        if (isOfNic(key)) document.remove(key);
    });
  return infoOf(nic);
}
