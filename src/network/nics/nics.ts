/** The table of nic types, and what the other rooms ask of a nic of any type. */
import type { NicConfig } from '../../config/nic-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { deleteLink, findLink, type NetworkNamespace } from '../links.ts';
import { deleteProxy } from '../neighbours.ts';
import { type Netlink, withNetlink } from '../netlink.ts';
import { hasInterface, type NicPlan, type NicType, nicName, type ResolvedNic } from '../nic-plan.ts';
import { withdraw } from '../ports/publish.ts';
import { commonSettings } from './common-settings.ts';
import { IPVLAN } from './ipvlan.ts';
import { takeBack } from './lent-interface.ts';
import { MACVLAN } from './macvlan.ts';
import type { NicClaim, NicDriver } from './nic-driver.ts';
import { PHYS } from './phys.ts';
import { EMPTY, NONE } from './plain.ts';
import { VETH } from './veth.ts';
import { VLAN } from './vlan.ts';

const NICS: { readonly [T in NicType]: NicDriver<Extract<NicPlan, { type: T }>> } = {
  veth: VETH,
  macvlan: MACVLAN,
  ipvlan: IPVLAN,
  vlan: VLAN,
  phys: PHYS,
  empty: EMPTY,
  none: NONE,
};

export function driverOf({ type }: { readonly type: NicType }): NicDriver {
  return NICS[type];
}

/** The config's `lxc.net.N.*` as a plan. */
export function planNic(config: NicConfig): NicPlan {
  const driver = driverOf({ type: config.type?.value ?? 'empty' });
  return driver.parse(config, commonSettings(config));
}

/** Bridges that the nics need. */
export function bridgesOf(nics: readonly NicPlan[]): string[] {
  return nics.flatMap((nic) => driverOf(nic).bridge(nic) ?? []);
}

/**
 * Decides what the config leaves open, and lists what `createNic` will make on the host. Makes
 * nothing.
 */
export function resolveNic(
  kernel: Kernel,
  nic: NicPlan,
  directory: string,
): { nic: ResolvedNic; claims: NicClaim[] } {
  if (!hasInterface(nic)) return { nic: { ...nic, name: nicName(nic) }, claims: [] };
  const driver = driverOf(nic);
  const resolve = (netlink: Netlink) => {
    const resolved = driver.resolve(netlink, nic);
    return { nic: resolved, claims: driver.claims(netlink, resolved, directory) };
  };
  return withNetlink(kernel, resolve);
}

/**
 * Makes the nic in the container's network namespace, and its part on the host. The claims are
 * written down by now.
 */
export function createNic(
  kernel: Kernel,
  nic: ResolvedNic,
  namespace: NetworkNamespace,
  claims: readonly NicClaim[],
): void {
  driverOf(nic).create(kernel, nic, namespace, claims);
}

/** How each claim is released. Each may be done twice, or where the thing was never made. */
const RELEASE: {
  readonly [T in NicClaim['type']]: (
    kernel: Kernel,
    claim: Extract<NicClaim, { type: T }>,
  ) => void | Promise<void>;
} = {
  veth(kernel, { host }) {
    withNetlink(kernel, (netlink) => {
      // Only ever a veth: the journal may be old, and the name may be another interface's by now.
      if (findLink(netlink, host)?.kind === 'veth') deleteLink(netlink, host);
    });
  },
  proxies(kernel, { link: name, proxied }) {
    withNetlink(kernel, (netlink) => {
      // A link that is gone has taken them along.
      const link = findLink(netlink, name);
      if (link) for (const one of proxied) deleteProxy(netlink, link, one);
    });
  },
  ports(kernel, claim) {
    return withdraw(kernel, claim);
  },
  lent(kernel, { lent }) {
    takeBack(kernel, lent);
  },
};

/** @throws TslxcError what the kernel says */
export async function releaseNicClaim(kernel: Kernel, claim: NicClaim): Promise<void> {
  if (!Object.hasOwn(RELEASE, claim.type))
    throw new TslxcError({ code: 'INTERNAL', message: `the journal has an unknown claim "${claim.type}"` });
  await RELEASE[claim.type](kernel, claim as never);
}
