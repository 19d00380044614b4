/** The default bridge as an interface: brought to what the state says, and taken back. */
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { addAddress, deleteAddress, type ListedAddress, listAddresses } from './addresses.ts';
import { changeLink, createBridge, deleteLink, findLink, isBridge, type Link, listLinks } from './links.ts';
import { type Netlink, withNetlink } from './netlink.ts';
import type { ServiceState } from './service-state.ts';
import { setInterfaceSysctl } from './sysctl.ts';

/** Scope of the kernel's `global` addresses. */
const GLOBAL = 0;

/** The first IPv4 address that a bridge has. */
export function ipv4Of(netlink: Netlink, link: Link | undefined): ListedAddress | undefined {
  if (!link) return undefined;
  return listAddresses(netlink, link.index).find(({ family, scope }) => family === 4 && scope === GLOBAL);
}

function addOnce(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof TslxcError) || error.errno !== 'EEXIST') throw error;
  }
}

/** Makes the missing parts of the bridge, its addresses and its being up. */
export function applyBridge(kernel: Kernel, { settings }: ServiceState): void {
  const { bridge, mac, address, prefix, ipv6 } = settings;
  withNetlink(kernel, (netlink) => {
    if (!findLink(netlink, bridge)) addOnce(() => createBridge(netlink, bridge, mac));
    // No other host is on this network when it comes up, and a container must not wait for its
    // gateway.
    setInterfaceSysctl(6, bridge, 'accept_dad', '0');
    if (ipv6) setInterfaceSysctl(6, bridge, 'autoconf', '0');
    const link = findLink(netlink, bridge)!;
    addOnce(() => addAddress(netlink, link, { family: 4, address, prefix }));
    if (ipv6)
      addOnce(() => addAddress(netlink, link, { family: 6, address: ipv6.address, prefix: ipv6.prefix }));
    if (!link.up) changeLink(netlink, link, { up: true });
  });
}

/** Removes the bridge if we made it; of any other bridge, only the addresses that we added. */
export function undoBridge(kernel: Kernel, { settings, createdBridge, addedAddress }: ServiceState): void {
  const { bridge, address, prefix, ipv6 } = settings;
  withNetlink(kernel, (netlink) => {
    const link = findLink(netlink, bridge);
    if (!link || !isBridge(link)) return;
    if (createdBridge) {
      deleteLink(netlink, bridge);
      return;
    }
    const there = listAddresses(netlink, link.index);
    const ours = [
      ...(addedAddress ? [{ family: 4 as const, address, prefix }] : []),
      ...(ipv6 ? [{ family: 6 as const, address: ipv6.address, prefix: ipv6.prefix }] : []),
    ];
    for (const one of ours)
      if (there.some((other) => other.address === one.address)) deleteAddress(netlink, link, one);
  });
}

/** Names of the interfaces on a bridge. */
export function portsOf(kernel: Kernel, bridge: string): string[] {
  return withNetlink(kernel, (netlink) => {
    const link = findLink(netlink, bridge);
    return link ? listLinks(netlink, link.index).map(({ name }) => name) : [];
  });
}
