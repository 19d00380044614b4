/** Ports of a running container, published and withdrawn. */
import { type PublishedPort, portsMeet, portText } from '../../config/values/published-port.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { NicClaim } from '../../network/nics/nic-driver.ts';
import { holderOf } from '../../network/ports/port-checks.ts';
import { type PublishedNic, publishedNic, publishedNics } from '../../network/ports/port-registry.ts';
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
export function changePorts(host: StartHost, owner: PortOwner, request: PortsRequest): PublishedNic[] {
  const { record } = owner.attachable();
  const { add, remove } = request;
  if (add.length > 0 || remove.length > 0) {
    const before = nicOf(record, request.nic);
    const kept = before.ports.filter((port) => !remove.some((one) => portText(one) === portText(port)));
    const missing = remove.find((one) => !before.ports.some((port) => portText(one) === portText(port)));
    if (missing) throw fault(record, 'CONFIG_VALUE', `it does not publish ${portText(missing)}`);
    for (const port of add) {
      const other = kept.find((one) => portsMeet(one, port));
      const holder = other ? `it publishes ${portText(other)} itself` : holderOf(port, record);
      if (holder) throw fault(record, 'CONFIG_CONFLICT', `${portText(port)} is taken: ${holder}`);
      kept.push(port);
    }
    if (!publishedNic(before)) {
      const { name, lxcpath, index } = before;
      owner.claim({ type: 'ports', name, lxcpath, index });
    }
    host.publish({ ...before, ports: kept });
  }
  return publishedNics().filter(({ name, lxcpath }) => name === record.name && lxcpath === record.lxcpath);
}

function nicOf(record: RuntimeRecord, wanted: number | undefined): PublishedNic {
  const { name, lxcpath, init } = record;
  const isMeant = ({ index, type }: RecordedNic) =>
    type === 'veth' && (wanted === undefined || index === wanted);
  const nic = record.nics.find(isMeant);
  if (!nic) {
    const which =
      wanted === undefined ? 'no nic of type veth' : `no nic of type veth with the number ${wanted}`;
    throw fault(record, 'CONFIG_VALUE', `it has ${which}, and the host leads to no other`);
  }
  const { index, host = '', link } = nic;
  const known = publishedNic({ name, lxcpath, index });
  const routed = link === undefined || nic.routed === true;
  return (
    known ?? {
      name,
      lxcpath,
      index,
      pid: init!.pid,
      interface: nic.name ?? `eth${index}`,
      link: routed ? host : link,
      pair: host,
      ports: [],
    }
  );
}

function fault(
  { name }: ContainerRef,
  code: 'CONFIG_VALUE' | 'CONFIG_CONFLICT',
  message: string,
): TslxcError {
  return new TslxcError({ code, container: name, message });
}
