/** What nics that are on an interface of the host have in common. */

import type { TslxcError } from '../../errors/tslxc-error.ts';
import { HostView } from '../../util/host-view.ts';
import { listAddresses } from '../addresses.ts';
import type { Family } from '../ip-address.ts';
import { findLink, getLink, type Link, type LinkKind, makeLink, type NetworkNamespace } from '../links.ts';
import { resolveMac } from '../mac-address.ts';
import { listProxies, type ProxiedAddress } from '../neighbours.ts';
import type { Netlink } from '../netlink.ts';
import { type InterfaceNic, nicError, nicName, nicStep, type Resolved } from '../nic-plan.ts';

/** Scope of the kernel's `global` addresses: not those of the link, nor of the host alone. */
const GLOBAL = 0;

function addressOf(netlink: Netlink, nic: InterfaceNic, link: Link, family: Family): string {
  const found = listAddresses(netlink, link.index).find(
    (address) => address.family === family && address.scope === GLOBAL,
  );
  if (found) return found.address;
  const what = link.kind === 'bridge' ? 'bridge' : 'interface';
  throw nicError(
    nic,
    `ipv${family}.gateway`,
    'NETWORK_FAILED',
    `"auto" takes the address of ${what} "${link.name}", which has no IPv${family} address`,
    `give the address of the gateway, or give the ${what} one: \`ip address add ADDRESS dev ${link.name}\``,
  );
}

/** The link as it is now. @throws TslxcError INTERFACE_MISSING with the config's line */
export function linkOf(netlink: Netlink, nic: InterfaceNic): Link | undefined {
  return nic.link === undefined ? undefined : nicStep(nic, 'link', () => getLink(netlink, nic.link!));
}

/** Name, random digits of the MAC, the link's MTU, `auto` gateways. */
export function resolveOn<Nic extends InterfaceNic>(
  netlink: Netlink,
  nic: Nic,
  link: Link | undefined,
): Resolved<Nic> {
  const gateway = (family: Family, given: string | undefined) =>
    given === 'auto' && link ? addressOf(netlink, nic, link, family) : given;
  return {
    ...nic,
    name: nicName(nic),
    hwaddr: nic.hwaddr === undefined ? undefined : resolveMac(nic.hwaddr),
    mtu: nic.mtu ?? link?.mtu,
    ipv4Gateway: gateway(4, nic.ipv4Gateway),
    ipv6Gateway: gateway(6, nic.ipv6Gateway),
  } as Resolved<Nic>;
}

/** Addresses of the container that the host does not answer for on the link yet. */
export function newProxies(netlink: Netlink, nic: InterfaceNic, link: Link): ProxiedAddress[] {
  return ([4, 6] as const).flatMap((family) => {
    const there = listProxies(netlink, family, link.index);
    const own = (family === 4 ? nic.ipv4 : nic.ipv6).map(({ address }) => address);
    return own.filter((address) => !there.includes(address)).map((address) => ({ family, address }));
  });
}

/** A type that needs a link has to have one, and it has to be there. */
export function needsLink(netlink: Netlink, nic: InterfaceNic): { link?: Link; faults: TslxcError[] } {
  if (nic.link === undefined) return { faults: [] };
  const link = findLink(netlink, nic.link);
  if (link) return { link, faults: [] };
  return { faults: [nicError(nic, 'link', 'INTERFACE_MISSING', `the host has no interface "${nic.link}"`)] };
}

/** For types that stand on an interface of the host. */
export function withoutLink(nic: InterfaceNic): TslxcError[] {
  if (nic.link !== undefined) return [];
  return [
    nicError(
      nic,
      'type',
      'CONFIG_VALUE',
      `a nic of type ${nic.type} needs an interface of the host`,
      `name it with lxc.net.${nic.index}.link`,
    ),
  ];
}

let host: HostView | undefined;

/** A part of the kernel that is surely missing. */
export function missingPart(
  nic: InterfaceNic,
  { module, option }: { readonly module: string; readonly option: string },
): TslxcError[] {
  host ??= new HostView();
  if (host.part(module, option) !== 'absent') return [];
  const message = `this kernel has no ${nic.type} interfaces (module ${module}, CONFIG_${option})`;
  return [nicError(nic, 'type', 'NOT_SUPPORTED', message, 'use a kernel that has them, or another type')];
}

/**
 * Makes an interface on the link, inside the container under its final name: it is never seen on
 * the host.
 */
export function makeOnLink(
  netlink: Netlink,
  nic: Resolved<InterfaceNic>,
  namespace: NetworkNamespace,
  kind: LinkKind,
): void {
  const link = linkOf(netlink, nic)!;
  const { name, hwaddr: mac, mtu } = nic;
  nicStep(nic, 'type', () => makeLink(netlink, { name, mac, mtu, kind, on: link.index, namespace }));
}
