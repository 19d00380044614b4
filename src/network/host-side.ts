/** The part of a nic that is on the host: runs in the manager, in the host's network namespace. */
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { listAddresses } from './addresses.ts';
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
import { type Netlink, withNetlink } from './netlink.ts';
import { type NicPlan, nicError, nicName, nicStep } from './nic-plan.ts';

/** A veth nic with everything decided: names, address, MTU, gateways. JSON, for the journal and for the stage. */
export interface ResolvedNic extends NicPlan {
  readonly name: string;
  readonly pair?: string | undefined;
}

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
    };
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
 * Makes the pair with the container's end inside its network namespace under its final name, and the host's end up
 * as a port of the bridge. `nic` comes from `resolveNic`. When a step fails, the pair is removed again.
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
    const bridge =
      nic.link === undefined ? undefined : nicStep(nic, 'link', () => getLink(netlink, nic.link!));
    nicStep(nic, 'type', () =>
      createVeth(
        netlink,
        { name: host, mac: hostEndMac(), mtu: nic.mtu },
        { name: nic.name, mac: nic.hwaddr, mtu: nic.mtu },
        namespace,
        bridge?.index,
      ),
    );
    try {
      const link = getLink(netlink, host);
      // Before it goes up: that is when the kernel makes the address.
      if (bridge) nicStep(nic, 'link', () => dropLinkLocal(netlink, link));
      nicStep(nic, 'link', () => changeLink(netlink, link, { up: true }));
      return { host, hostIndex: link.index, bridge: bridge?.name, mtu: link.mtu };
    } catch (error) {
      deleteLink(netlink, host);
      throw error;
    }
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
