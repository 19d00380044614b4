/** How the bridge service is doing, as data: for `tslxc-net status` and its `--json`. */
import { ipv4Of, portsOf } from './bridge-link.ts';
import type { BridgeService } from './bridge-plan.ts';
import { dhcpServerPid, type Lease, readLeases } from './dhcp-server.ts';
import { FIREWALLS, firewallWarnings, type NetworkWarning } from './firewall.ts';
import { formatAddress, networkOf, overlaps, parseAddress } from './ip-address.ts';
import { findLink, type Link } from './links.ts';
import { type Netlink, withNetlink } from './netlink.ts';
import { type FirewallKind, readState, type ServiceState } from './service-state.ts';
import { usedNetworks } from './subnet.ts';

export interface BridgeStatus {
  readonly enabled: boolean;
  /** Started by us and not stopped. Whether all of it still is there: see the other members. */
  readonly started: boolean;
  readonly bridge: string;
  readonly exists: boolean;
  readonly up: boolean;
  /** `10.0.4.1/24` */
  readonly address: string | undefined;
  readonly network: string | undefined;
  readonly ipv6Address: string | undefined;
  readonly domain: string;
  /** Interfaces on the bridge. */
  readonly ports: readonly string[];
  readonly dhcpPid: number | undefined;
  readonly dhcpRange: readonly [string, string] | undefined;
  readonly leases: readonly Lease[];
  readonly firewall: FirewallKind | undefined;
  /** Whether our rules are there. */
  readonly firewallActive: boolean;
  readonly warnings: readonly NetworkWarning[];
}

function takenWarnings(netlink: Netlink, link: Link | undefined, state: ServiceState): NetworkWarning[] {
  const { address, prefix, bridge } = state.settings;
  const other = usedNetworks(netlink, link?.index).find(
    (used) =>
      used.prefix >= prefix &&
      overlaps(parseAddress(4, used.address)!, used.prefix, parseAddress(4, address)!, prefix),
  );
  if (!other) return [];
  const message = `the network of ${bridge} (${address}/${prefix}) meets ${other.address}/${other.prefix}, which the host has elsewhere`;
  return [{ kind: 'address-taken', message, fix: 'set TSLXC_ADDR in /etc/default/tslxc-net' }];
}

/** How the service is doing. Changes nothing. */
export async function bridgeStatus({ kernel, settings, runDirectory }: BridgeService): Promise<BridgeStatus> {
  const state = readState(runDirectory);
  const bridge = state?.settings.bridge ?? settings.bridge;
  const { link, own, taken } = withNetlink(kernel, (netlink) => {
    const link = findLink(netlink, bridge);
    const taken = state ? takenWarnings(netlink, link, state) : [];
    return { link, own: ipv4Of(netlink, link), taken };
  });
  const cidr = ({ address, prefix }: { address: string; prefix: number }) => `${address}/${prefix}`;
  const network = own && {
    address: formatAddress(networkOf(parseAddress(4, own.address)!, own.prefix)),
    prefix: own.prefix,
  };
  return {
    enabled: settings.enabled,
    started: state !== undefined,
    bridge,
    exists: link !== undefined,
    up: link?.up ?? false,
    address: own && cidr(own),
    network: network && cidr(network),
    ipv6Address: state?.settings.ipv6 && cidr(state.settings.ipv6),
    domain: (state?.settings ?? settings).domain,
    ports: portsOf(kernel, bridge),
    dhcpPid: state && dhcpServerPid(state.dhcp),
    dhcpRange: state?.settings.dhcpRange,
    leases: state ? readLeases(state.dhcp) : [],
    firewall: state?.firewall,
    firewallActive: state ? await FIREWALLS[state.firewall].present(state.settings) : false,
    warnings: state ? [...taken, ...(await firewallWarnings(state.firewall, state.settings))] : [],
  };
}
