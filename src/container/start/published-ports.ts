/** The ports of a nic, published at its start or while it runs. */
import { hasInterface, type ResolvedNic } from '../../network/nic-plan.ts';
import { driverOf } from '../../network/nics/nics.ts';
import type { PublishedNic } from '../../network/ports/port-registry.ts';
import type { ContainerRef } from '../state/paths.ts';
import type { StartContext } from './start-context.ts';

/** Publishes what the config says. Without an address the container has to get one first. */
export function publishPorts({ host, plan, journal }: StartContext, nic: ResolvedNic, pid: number): void {
  if (nic.type !== 'veth' || !nic.publish) return;
  const { name, lxcpath } = plan;
  journal.add({ kind: 'nic', claim: { type: 'ports', name, lxcpath, index: nic.index } });
  host.publish(toPublish(plan, nic, pid));
}

/** What the registry is told of the nic. */
export function toPublish({ name, lxcpath }: ContainerRef, nic: ResolvedNic, pid: number): PublishedNic {
  const pair = driverOf(nic).hostInterface(nic);
  return {
    name,
    lxcpath,
    index: nic.index,
    pid,
    interface: nic.name,
    link: driverOf(nic).bridge(nic) ?? pair ?? '',
    pair,
    ports: (hasInterface(nic) && nic.publish?.map(({ origin: _origin, ...port }) => port)) || [],
    target4: hasInterface(nic) ? nic.ipv4[0]?.address : undefined,
    target6: hasInterface(nic) ? nic.ipv6[0]?.address : undefined,
  };
}
