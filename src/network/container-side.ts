/**
 * The part of the nics inside the container: runs in the stage, which has joined the new network
 * namespace and is a forked child, so everything here is synchronous.
 */
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { addAddress } from './addresses.ts';
import type { Family } from './ip-address.ts';
import { changeLink, findLink, getLink, type Link } from './links.ts';
import { type Netlink, withNetlink } from './netlink.ts';
import {
  hasInterface,
  type InterfaceNic,
  nicStep,
  type Resolved,
  type ResolvedNic,
  sharesHost,
} from './nic-plan.ts';
import { addDefaultRoute } from './routes.ts';

/**
 * Name, MAC and MTU as planned. The host side made them so; a link that came another way is brought
 * to it here.
 */
function shape(netlink: Netlink, nic: Resolved<InterfaceNic>): Link {
  const link = nicStep(nic, 'name', () => getLink(netlink, nic.name));
  if (nic.hwaddr !== undefined && link.mac !== nic.hwaddr)
    nicStep(nic, 'hwaddr', () => changeLink(netlink, link, { mac: nic.hwaddr! }));
  if (nic.mtu !== undefined && link.mtu !== nic.mtu)
    nicStep(nic, 'mtu', () => changeLink(netlink, link, { mtu: nic.mtu! }));
  return link;
}

/** An address that is given twice is there after the first time. */
function addOnce(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof TslxcError) || error.errno !== 'EEXIST') throw error;
  }
}

function addAddresses(netlink: Netlink, nic: Resolved<InterfaceNic>, link: Link): void {
  for (const family of [4, 6] as const)
    for (const address of family === 4 ? nic.ipv4 : nic.ipv6)
      nicStep(nic, `ipv${family}.address`, () =>
        addOnce(() => addAddress(netlink, link, { family, ...address })),
      );
}

function addGateway(netlink: Netlink, nic: Resolved<InterfaceNic>, link: Link, family: Family): void {
  const gateway = family === 4 ? nic.ipv4Gateway : nic.ipv6Gateway;
  if (gateway === undefined) return;
  const key = `ipv${family}.gateway` as const;
  nicStep(nic, key, () => {
    addDefaultRoute(netlink, link, family, gateway === 'dev' ? undefined : gateway);
  });
}

/** Loopback up, as every container has it. */
export function bringLoopbackUp(kernel: Kernel): void {
  withNetlink(kernel, loopbackUp);
}

function loopbackUp(netlink: Netlink): void {
  const loopback = findLink(netlink, 'lo');
  if (loopback && !loopback.up) changeLink(netlink, loopback, { up: true });
}

/**
 * Loopback up, unless `isUp` says that it is, and every interface with its addresses, up if it is
 * to be, and with its default routes.
 */
export function configureContainerSide(kernel: Kernel, nics: readonly ResolvedNic[], isUp = false): void {
  // The container shares the host's network, which is not changed.
  if (nics.some(sharesHost)) return;
  if (isUp && !nics.some(hasInterface)) return;
  withNetlink(kernel, (netlink) => {
    if (!isUp) loopbackUp(netlink);
    for (const nic of nics) {
      if (!hasInterface(nic)) continue;
      const link = shape(netlink, nic);
      addAddresses(netlink, nic, link);
      if (nic.up) nicStep(nic, 'flags', () => changeLink(netlink, link, { up: true }));
      for (const family of [4, 6] as const) addGateway(netlink, nic, link, family);
    }
  });
}
