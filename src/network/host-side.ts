/** The part of a nic that is on the host: runs in the manager, in the host's network namespace. */
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { listAddresses } from './addresses.ts';
import { setPortVlans } from './bridge-vlans.ts';
import { randomHostName } from './interface-name.ts';
import type { Family } from './ip-address.ts';
import {
  changeLink,
  createVeth,
  deleteLink,
  findLink,
  getLink,
  type Link,
  type NetworkNamespace,
} from './links.ts';
import { hostEndMac, resolveMac } from './mac-address.ts';
import { addProxy, deleteProxy, listProxies, type ProxiedAddress } from './neighbours.ts';
import { type Netlink, withNetlink } from './netlink.ts';
import { type NicPlan, nicError, nicName, nicStep, type ResolvedNic } from './nic-plan.ts';
import { addHostRoutes, isRouted, routeToContainer } from './veth-router.ts';

export interface HostSide {
  /** Name of the host's end. */
  readonly host: string;
  readonly hostIndex: number;
  /** The bridge that it is a port of. */
  readonly bridge: string | undefined;
  readonly mtu: number;
}

/** Scope of the kernel's `global` addresses: not those of the link, nor of the host alone. */
const GLOBAL = 0;

function bridgeAddress(netlink: Netlink, nic: NicPlan, bridge: Link, family: Family): string {
  const found = listAddresses(netlink, bridge.index).find(
    (address) => address.family === family && address.scope === GLOBAL,
  );
  if (!found)
    throw nicError(
      nic,
      `ipv${family}.gateway`,
      'NETWORK_FAILED',
      `"auto" takes the address of bridge "${bridge.name}", which has no IPv${family} address`,
      `give the address of the gateway, or give the bridge one: \`ip address add ADDRESS dev ${bridge.name}\``,
    );
  return found.address;
}

/**
 * Decides what the config leaves open: host name, random digits of the MAC, the bridge's MTU, `auto` gateways.
 * Makes nothing. The caller journals the result (its `pair` above all) before `createHostSide` makes the link.
 */
export function resolveNic(kernel: Kernel, nic: NicPlan): ResolvedNic {
  if (nic.type !== 'veth') return { ...nic, name: nicName(nic) };
  return withNetlink(kernel, (netlink) => {
    const bridge =
      nic.link === undefined ? undefined : nicStep(nic, 'link', () => getLink(netlink, nic.link!));
    const gateway = (family: Family, given: string | undefined) =>
      given === 'auto' && bridge ? bridgeAddress(netlink, nic, bridge, family) : given;
    return {
      ...nic,
      name: nicName(nic),
      pair: nic.pair ?? randomHostName('veth', (name) => findLink(netlink, name) !== undefined),
      hwaddr: nic.hwaddr === undefined ? undefined : resolveMac(nic.hwaddr),
      mtu: nic.mtu ?? bridge?.mtu,
      ipv4Gateway: gateway(4, nic.ipv4Gateway),
      ipv6Gateway: gateway(6, nic.ipv6Gateway),
      ...(nic.l2proxy && bridge ? { proxied: newProxies(netlink, nic, bridge) } : {}),
    };
  });
}

function newProxies(netlink: Netlink, nic: NicPlan, link: Link): ProxiedAddress[] {
  return ([4, 6] as const).flatMap((family) => {
    const there = listProxies(netlink, family, link.index);
    const own = (family === 4 ? nic.ipv4 : nic.ipv6).map(({ address }) => address);
    return own.filter((address) => !there.includes(address)).map((address) => ({ family, address }));
  });
}

/** A bridge's port has no link-local address. Hosts without IPv6, or with an MTU too small for it, have none anyway. */
function dropLinkLocal(netlink: Netlink, link: Link): void {
  try {
    changeLink(netlink, link, { withoutLinkLocal: true });
  } catch (error) {
    if (!(error instanceof TslxcError) || error.errno !== 'EAFNOSUPPORT') throw error;
  }
}

/**
 * Makes the pair with the container's end inside its network namespace under its final name, and the host's end up,
 * as a port of the bridge or with routes to the container. `nic` comes from `resolveNic`. When a step fails, the pair is removed again.
 *
 * Null for nics that have nothing on the host.
 */
export function createHostSide(
  kernel: Kernel,
  nic: ResolvedNic,
  namespace: NetworkNamespace,
): HostSide | null {
  if (nic.type !== 'veth') return null;
  const host = nic.pair;
  if (host === undefined) throw nicError(nic, 'veth.pair', 'INTERNAL', 'the nic was not resolved');
  return withNetlink(kernel, (netlink) => {
    const parent =
      nic.link === undefined ? undefined : nicStep(nic, 'link', () => getLink(netlink, nic.link!));
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
      return { host, hostIndex: link.index, bridge: bridge?.name, mtu: link.mtu };
    } catch (error) {
      deleteLink(netlink, host);
      throw error;
    }
  });
}

function joinBridge(netlink: Netlink, nic: ResolvedNic, link: Link, bridge: Link): void {
  nicStep(nic, 'link', () => dropLinkLocal(netlink, link));
  if (nic.vlan === undefined && nic.taggedVlans === undefined) return;
  nicStep(nic, nic.vlan === undefined ? 'veth.vlan.tagged.id' : 'veth.vlan.id', () =>
    setPortVlans(netlink, link, bridge, { untagged: nic.vlan, tagged: nic.taggedVlans ?? [] }),
  );
}

/** Takes back what `l2proxy` has added. A link that is gone has taken it along. */
export function deleteProxies(kernel: Kernel, name: string, proxied: readonly ProxiedAddress[]): void {
  withNetlink(kernel, (netlink) => {
    const link = findLink(netlink, name);
    if (link) for (const one of proxied) deleteProxy(netlink, link, one);
  });
}

/** Removes the pair by its host name. False when it was gone: it goes with the container's namespace as well. */
export function deleteHostSide(kernel: Kernel, host: string): boolean {
  return withNetlink(kernel, (netlink) => {
    const link = findLink(netlink, host);
    // Only ever a veth: a journal may be old, and the name may be somebody else's by now.
    return link?.kind === 'veth' ? deleteLink(netlink, host) : false;
  });
}
