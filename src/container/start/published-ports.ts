/** The ports of a nic, published at its start or while it runs. */
import { hasInterface, type ResolvedNic } from '../../network/nic-plan.ts';
import type { NicClaim } from '../../network/nics/nic-driver.ts';
import { driverOf } from '../../network/nics/nics.ts';
import type { PublishedNic } from '../../network/ports/port-registry.ts';
import type { ContainerRef } from '../state/paths.ts';
import type { StartHost } from './start-host.ts';

/**
 * Publishes what the config says. Without an address the container has to get one first.
 * @param pid of the container's init
 * @param claim journals the ports, before they are published
 */
export async function publishPorts(
  host: Pick<StartHost, 'publish'>,
  { name, lxcpath }: ContainerRef,
  nic: ResolvedNic,
  pid: number,
  claim: (claim: NicClaim) => void,
): Promise<void> {
  if (!hasInterface(nic) || !nic.publish) return;
  const published = publishedBy({ name, lxcpath }, nic, pid);
  claim({ type: 'ports', name, lxcpath, index: nic.index });
  await host.publish(published, () => published);
}

function publishedBy(ref: ContainerRef, nic: ResolvedNic, pid: number): PublishedNic {
  const pair = driverOf(nic).hostInterface(nic);
  const own = hasInterface(nic) ? nic : undefined;
  return {
    ...ref,
    index: nic.index,
    pid,
    interface: nic.name,
    link: driverOf(nic).bridge(nic) ?? pair ?? '',
    pair,
    ports: (own?.publish ?? []).map(({ origin: _origin, ...port }) => port),
    target4: own?.ipv4[0]?.address,
    target6: own?.ipv6[0]?.address,
  };
}
