/**
 * `veth`: a pair of interfaces, one in the container, the other on the host: as a port of a bridge,
 * or routed to.
 */
import type { NicConfig } from '../../config/nic-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { setPortVlans } from '../bridge-vlans.ts';
import { interfaceNameFault, randomHostName } from '../interface-name.ts';
import {
  changeLink,
  createVeth,
  deleteLink,
  findLink,
  getLink,
  isBridge,
  type Link,
  type NetworkNamespace,
} from '../links.ts';
import { hostEndMac } from '../mac-address.ts';
import { addProxy } from '../neighbours.ts';
import { type Netlink, withNetlink } from '../netlink.ts';
import { type NicRoute, nicError, nicStep, type Resolved, type VethNic } from '../nic-plan.ts';
import { vethFaults, vethFaultsOnHost } from '../veth-checks.ts';
import { addHostRoutes, isRouted, routeToContainer } from '../veth-router.ts';
import type { NicClaim, NicDriver } from './nic-driver.ts';
import { linkOf, newProxies, resolveOn } from './on-link.ts';

export const VETH: NicDriver<VethNic> = {
  type: 'veth',
  scripts: { up: true, down: true },
  parse: (config, settings) => ({
    ...settings,
    type: 'veth',
    pair: config.vethPair?.value,
    ...settingsOf(config),
  }),
  faults: (nic) => [...pairFaults(nic), ...vethFaults(nic)],
  faultsOnHost: hostFaults,
  bridge: (nic) => (isRouted(nic) ? undefined : nic.link),
  resolve(netlink, nic) {
    const link = linkOf(netlink, nic);
    return {
      ...resolveOn(netlink, nic, link),
      pair: nic.pair ?? randomHostName('veth', (name) => findLink(netlink, name) !== undefined),
      ...(nic.l2proxy && link ? { proxied: newProxies(netlink, nic, link) } : {}),
    };
  },
  claims(_netlink, { pair, link, proxied }) {
    const claims: NicClaim[] = [{ type: 'veth', host: pair! }];
    if (link && proxied?.length) claims.push({ type: 'proxies', link, proxied });
    return claims;
  },
  create,
  hostInterface: ({ pair }) => pair,
  describe: (nic) => [
    nic.mode === 'router' ? 'routed to' : nic.link ? `on ${nic.link}` : 'on no bridge',
    ...(nic.pair ? [`host side ${nic.pair}`] : []),
    ...(nic.vlan === undefined ? [] : [`vlan ${nic.vlan}`]),
    ...(nic.taggedVlans ?? []).map((id) => `tagged vlan ${id}`),
    ...[...(nic.ipv4Routes ?? []), ...(nic.ipv6Routes ?? [])].map(
      ({ network, prefix }) => `route ${network}/${prefix}`,
    ),
    ...(nic.l2proxy ? [`proxy on ${nic.link}`] : []),
  ],
};

/** Settings beyond the ordinary: the plan of most nics has none of them. */
function settingsOf(nic: NicConfig): Partial<VethNic> {
  const values = (settings: readonly { value: NicRoute }[]) => settings.map(({ value }) => value);
  const said = {
    mode: nic.vethMode?.value,
    rxQueues: nic.vethNRxqueues?.value,
    txQueues: nic.vethNTxqueues?.value,
    vlan: nic.vethVlanId?.value,
    l2proxy: nic.l2proxy?.value || undefined,
    ipv4Routes: nic.vethIpv4Route.length > 0 ? values(nic.vethIpv4Route) : undefined,
    ipv6Routes: nic.vethIpv6Route.length > 0 ? values(nic.vethIpv6Route) : undefined,
    taggedVlans: nic.vethVlanTaggedId.length > 0 ? nic.vethVlanTaggedId.map(({ value }) => value) : undefined,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

function pairFault(name: string): string | undefined {
  return interfaceNameFault(name) ?? (name === 'lo' ? 'is the loopback interface' : undefined);
}

function pairFaults(nic: VethNic): TslxcError[] {
  const fault = nic.pair === undefined ? undefined : pairFault(nic.pair);
  return fault ? [nicError(nic, 'veth.pair', 'CONFIG_VALUE', `interface name "${nic.pair}" ${fault}`)] : [];
}

function linkFault(nic: VethNic, link: Link | undefined): TslxcError | undefined {
  const name = nic.link!;
  if (isRouted(nic))
    return link
      ? undefined
      : nicError(nic, 'link', 'INTERFACE_MISSING', `the host has no interface "${name}"`);
  if (!link)
    return nicError(
      nic,
      'link',
      'BRIDGE_MISSING',
      `bridge "${name}" does not exist`,
      `create it: \`ip link add ${name} type bridge\` and \`ip link set ${name} up\`; ` +
        'or name the default bridge, which `tslxc-net start` makes',
    );
  if (!isBridge(link))
    return nicError(
      nic,
      'link',
      'CONFIG_VALUE',
      `interface "${name}" is not a bridge${link.kind ? ` but a ${link.kind}` : ''}`,
      'a veth needs a bridge as its link, or none',
    );
  return undefined;
}

function hostFaults(netlink: Netlink, nic: VethNic, coming: ReadonlySet<string>): TslxcError[] {
  const faults: TslxcError[] = [];
  if (nic.link !== undefined && !interfaceNameFault(nic.link)) {
    const link = findLink(netlink, nic.link);
    const fault = link || !coming.has(nic.link) ? linkFault(nic, link) : undefined;
    if (fault) faults.push(fault);
    else if (link) faults.push(...vethFaultsOnHost(nic, link));
  }
  if (nic.pair !== undefined && !pairFault(nic.pair) && findLink(netlink, nic.pair))
    faults.push(
      nicError(
        nic,
        'veth.pair',
        'CONFIG_CONFLICT',
        `the host has an interface "${nic.pair}" already`,
        'leave lxc.net.N.veth.pair out, and a free name is drawn',
      ),
    );
  return faults;
}

/**
 * Makes the pair with the container's end inside its network namespace under its final name, and
 * the host's end up, as a port of the bridge or with routes to the container. When a step fails,
 * the pair is removed again.
 */
function create(kernel: Kernel, nic: Resolved<VethNic>, namespace: NetworkNamespace): void {
  const host = nic.pair;
  if (host === undefined) throw nicError(nic, 'veth.pair', 'INTERNAL', 'the nic was not resolved');
  withNetlink(kernel, (netlink) => {
    const parent = linkOf(netlink, nic);
    const bridge = isRouted(nic) ? undefined : parent;
    const { mtu, rxQueues, txQueues } = nic;
    nicStep(nic, 'type', () =>
      createVeth(
        netlink,
        { name: host, mac: hostEndMac(), mtu, rxQueues: txQueues, txQueues: rxQueues },
        { name: nic.name, mac: nic.hwaddr, mtu, rxQueues, txQueues },
        namespace,
        bridge?.index,
      ),
    );
    try {
      const link = getLink(netlink, host);
      // Before it goes up: that is when the kernel makes the address.
      if (bridge) joinBridge(netlink, nic, link, bridge);
      nicStep(nic, 'link', () => changeLink(netlink, link, { up: true }));
      if (isRouted(nic)) routeToContainer(netlink, nic, link);
      addHostRoutes(netlink, nic, link);
      if (parent)
        for (const proxied of nic.proxied ?? [])
          nicStep(nic, 'l2proxy', () => addProxy(netlink, parent, proxied));
    } catch (error) {
      deleteLink(netlink, host);
      throw error;
    }
  });
}

function joinBridge(netlink: Netlink, nic: Resolved<VethNic>, link: Link, bridge: Link): void {
  nicStep(nic, 'link', () => dropLinkLocal(netlink, link));
  if (nic.vlan === undefined && nic.taggedVlans === undefined) return;
  nicStep(nic, nic.vlan === undefined ? 'veth.vlan.tagged.id' : 'veth.vlan.id', () =>
    setPortVlans(netlink, link, bridge, { untagged: nic.vlan, tagged: nic.taggedVlans ?? [] }),
  );
}

/**
 * A bridge's port has no link-local address. Hosts without IPv6, or with an MTU too small for it,
 * have none anyway.
 */
function dropLinkLocal(netlink: Netlink, link: Link): void {
  try {
    changeLink(netlink, link, { withoutLinkLocal: true });
  } catch (error) {
    if (!(error instanceof TslxcError) || error.errno !== 'EAFNOSUPPORT') throw error;
  }
}
