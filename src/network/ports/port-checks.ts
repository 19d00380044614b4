/** Faults of published ports that are known before anything is made. */
import { type PublishedPort, portsMeet, portText } from '../../config/values/published-port.ts';
import type { ErrorCode } from '../../errors/error-table.ts';
import type { TslxcError } from '../../errors/tslxc-error.ts';
import { HostView } from '../../util/host-view.ts';
import { hasInterface, type NicPlan, nicError, type PlannedPort } from '../nic-plan.ts';
import { listenerOn } from './host-listeners.ts';
import { publishedNics } from './port-registry.ts';

const portsOf = (nic: NicPlan): readonly PlannedPort[] => (hasInterface(nic) && nic.publish) || [];

function portError(
  nic: NicPlan,
  { origin }: PlannedPort,
  message: string,
  hint: string,
  code: ErrorCode = 'CONFIG_CONFLICT',
): TslxcError {
  const at = origin ? { ...nic, origins: { ...nic.origins, publish: origin } } : nic;
  return nicError(at, 'publish', code, message, hint);
}

/** Contradictions of the config alone. Pure. */
export function portFaults(nics: readonly NicPlan[]): TslxcError[] {
  const faults: TslxcError[] = [];
  const seen: { nic: NicPlan; port: PlannedPort }[] = [];
  for (const nic of nics) {
    if (nic.origins?.publish && nic.type !== 'veth')
      faults.push(
        nicError(
          nic,
          'publish',
          'CONFIG_CONFLICT',
          `the host does not forward packets to a nic of type ${nic.type}, so it can publish none of its ports`,
          'remove the line: such a container has an address of its own; or use type veth',
        ),
      );
    for (const port of nic.type === 'veth' ? portsOf(nic) : []) {
      const other = seen.find((one) => portsMeet(one.port, port));
      if (other)
        faults.push(
          portError(
            nic,
            port,
            `${portText(port)} is published by lxc.net.${other.nic.index} already (${portText(other.port)})`,
            'remove one of the two lines',
          ),
        );
      seen.push({ nic, port });
    }
  }
  return faults;
}

/** What holds a port of the host, in words; undefined for a free one. */
export function holderOf(
  port: PublishedPort,
  self: { readonly name: string; readonly lxcpath: string },
): string | undefined {
  for (const { name, lxcpath, ports } of publishedNics()) {
    const other = ports.find((one) => portsMeet(one, port));
    if (other && !(name === self.name && lxcpath === self.lxcpath))
      return `container "${name}" (${lxcpath}) publishes ${portText(other)}`;
  }
  const listener = listenerOn(port);
  return listener && `${listener.program} listens on port ${listener.port}`;
}

/**
 * Ports that another container or a program of the host has, and a host without nft.
 * @param nft path of the program
 */
export function portFaultsOnHost(
  nics: readonly NicPlan[],
  self: { readonly name: string; readonly lxcpath: string },
  nft = () => new HostView().program('nft'),
): TslxcError[] {
  const published = nics.flatMap((nic) => portsOf(nic).map((port) => ({ nic, port })));
  const [first] = published;
  if (first && nft() === undefined)
    return [
      portError(
        first.nic,
        first.port,
        'published ports need nft, which is not installed',
        'install the package nftables, or remove the line',
        'TOOL_MISSING',
      ),
    ];
  return published.flatMap(({ nic, port }) => {
    const holder = holderOf(port, self);
    if (!holder) return [];
    const hint = 'publish another port, or an address of the host on which the port is free';
    return [portError(nic, port, `${portText(port)} is taken: ${holder}`, hint)];
  });
}
