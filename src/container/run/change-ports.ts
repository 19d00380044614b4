/** Ports of a running container, published and withdrawn. */
import { type PublishedPort, portsMeet, portText } from '../../config/values/published-port.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { NicClaim } from '../../network/nics/nic-driver.ts';
import { holderOf } from '../../network/ports/port-checks.ts';
import { type PublishedNic, publishedNics } from '../../network/ports/port-registry.ts';
import type { Attachable } from '../plan/attach-request.ts';
import type { StartHost } from '../start/start-host.ts';
import type { ContainerRef } from '../state/paths.ts';
import type { RecordedNic, RuntimeRecord } from '../state/runtime-record.ts';

export interface PortsRequest extends ContainerRef {
  readonly add: readonly PublishedPort[];
  readonly remove: readonly PublishedPort[];
  /** N of `lxc.net.N`; by default the first nic of type veth. */
  readonly nic?: number;
}

/** A running container that releases its claims at its end. */
export interface PortOwner {
  attachable(): Attachable;
  claim(claim: NicClaim): void;
}

/**
 * Changes what a nic publishes.
 * @returns everything that the container publishes then
 * @throws TslxcError CONFIG_CONFLICT naming the holder of a port, CONFIG_VALUE, NOT_RUNNING
 */
export async function changePorts(
  host: StartHost,
  owner: PortOwner,
  request: PortsRequest,
): Promise<PublishedNic[]> {
  const { record } = owner.attachable();
  if (request.add.length > 0 || request.remove.length > 0) {
    const id = { name: record.name, lxcpath: record.lxcpath, index: nicOf(record, request.nic).index };
    await host.publish(id, (known) => {
      // The container may have ended during the wait for other changes.
      const now = known ?? newlyPublished(owner.attachable().record, id.index);
      const ports = changedPorts(record, now.ports, request);
      if (!known) owner.claim({ type: 'ports', ...id });
      return { ...now, ports };
    });
  }
  return publishedNics().filter(({ name, lxcpath }) => name === record.name && lxcpath === record.lxcpath);
}

/** @throws TslxcError CONFIG_VALUE for an unpublished port, CONFIG_CONFLICT for a taken one */
function changedPorts(
  record: RuntimeRecord,
  before: readonly PublishedPort[],
  { add, remove }: PortsRequest,
): PublishedPort[] {
  const isSame = (one: PublishedPort, other: PublishedPort) => portText(one) === portText(other);
  const missing = remove.find((one) => !before.some((port) => isSame(one, port)));
  if (missing) throw fault(record, 'CONFIG_VALUE', `it does not publish ${portText(missing)}`);
  const ports = before.filter((port) => !remove.some((one) => isSame(one, port)));
  for (const port of add) {
    const other = ports.find((one) => portsMeet(one, port));
    const holder = other ? `it publishes ${portText(other)} itself` : holderOf(port, record);
    if (holder) throw fault(record, 'CONFIG_CONFLICT', `${portText(port)} is taken: ${holder}`);
    ports.push(port);
  }
  return ports;
}

function nicOf(record: RuntimeRecord, wanted: number | undefined): RecordedNic {
  const isMeant = ({ index, type }: RecordedNic) =>
    type === 'veth' && (wanted === undefined || index === wanted);
  const nic = record.nics.find(isMeant);
  if (nic) return nic;
  const which =
    wanted === undefined ? 'no nic of type veth' : `no nic of type veth with the number ${wanted}`;
  throw fault(record, 'CONFIG_VALUE', `it has ${which}, and the host leads to no other`);
}

function newlyPublished(record: RuntimeRecord, wanted: number): PublishedNic {
  const { name, lxcpath, init } = record;
  const { index, host = '', link, routed, name: inside } = nicOf(record, wanted);
  return {
    name,
    lxcpath,
    index,
    pid: init!.pid,
    interface: inside ?? `eth${index}`,
    link: link === undefined || routed ? host : link,
    pair: host,
    ports: [],
  };
}

function fault(
  { name }: ContainerRef,
  code: 'CONFIG_VALUE' | 'CONFIG_CONFLICT',
  message: string,
): TslxcError {
  return new TslxcError({ code, container: name, message });
}
