/** A veth that is routed to instead of being a port of a bridge: what the host needs for that. */
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Family } from './ip-address.ts';
import type { Link } from './links.ts';
import { addProxy } from './neighbours.ts';
import type { Netlink } from './netlink.ts';
import { nicStep, type Resolved, type VethNic } from './nic-plan.ts';
import { addRoute } from './routes.ts';
import { setInterfaceSysctl } from './sysctl.ts';

const FAMILIES = [4, 6] as const;
const HOST_PREFIX: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

export const isRouted = (nic: VethNic): boolean => nic.mode === 'router';
const addressesOf = (nic: VethNic, family: Family) => (family === 4 ? nic.ipv4 : nic.ipv6);
const gatewayOf = (nic: VethNic, family: Family) => (family === 4 ? nic.ipv4Gateway : nic.ipv6Gateway);

/**
 * Two addresses of the container may share a route of the host, and a route may be asked for twice.
 */
function addOnce(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof TslxcError) || error.errno !== 'EEXIST') throw error;
  }
}

/**
 * The host end forwards, each address of the container has a route to it, and the host answers for
 * the gateway, which need not exist. The link is up by now. All of it goes with the link.
 */
export function routeToContainer(netlink: Netlink, nic: Resolved<VethNic>, host: Link): void {
  for (const family of FAMILIES) {
    const gateway = gatewayOf(nic, family);
    const addresses = addressesOf(nic, family);
    if (gateway === undefined && addresses.length === 0) continue;
    nicStep(nic, 'veth.mode', () => prepareForwarding(family, host.name, gateway));
    for (const { address } of addresses)
      nicStep(nic, `ipv${family}.address`, () =>
        addOnce(() => addRoute(netlink, host, { family, destination: address, prefix: HOST_PREFIX[family] })),
      );
    if (gateway !== undefined && gateway !== 'dev')
      nicStep(nic, `ipv${family}.gateway`, () => addProxy(netlink, host, { family, address: gateway }));
  }
}

function prepareForwarding(family: Family, name: string, gateway: string | undefined): void {
  setInterfaceSysctl(family, name, 'forwarding', '1');
  if (family === 6) setInterfaceSysctl(6, name, 'proxy_ndp', '1');
  // Without a gateway the container asks for each address that it wants to reach.
  else if (gateway === 'dev') setInterfaceSysctl(4, name, 'proxy_arp', '1');
}

/** `lxc.net.N.veth.ipv4.route` and `.ipv6.route`: networks behind the container, in either mode. */
export function addHostRoutes(netlink: Netlink, nic: Resolved<VethNic>, host: Link): void {
  for (const family of FAMILIES)
    for (const { network, prefix } of (family === 4 ? nic.ipv4Routes : nic.ipv6Routes) ?? [])
      nicStep(nic, `veth.ipv${family}.route`, () =>
        addRoute(netlink, host, { family, destination: network, prefix }),
      );
}
