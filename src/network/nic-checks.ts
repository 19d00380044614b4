/** Checks before a start: everything about the nics that can be known to fail, fails here, and nothing was touched. */
import type { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { interfaceNameFault } from './interface-name.ts';
import { type Family, parseAddress } from './ip-address.ts';
import { findLink, isBridge, type Link } from './links.ts';
import { macFault } from './mac-address.ts';
import { type Netlink, withNetlink } from './netlink.ts';
import { type NicAddress, type NicKey, type NicPlan, nicError, nicName } from './nic-plan.ts';
import { vethFaults, vethFaultsOnHost } from './veth-checks.ts';
import { isRouted } from './veth-router.ts';

/** An IPv4 host must take packets of 68 bytes (RFC 791); the kernel allows no more than 65535 for a veth. */
const MTU_RANGE = [68, 65535] as const;
/** Below this the kernel takes IPv6 off the interface (RFC 8200). */
const IPV6_MIN_MTU = 1280;
const GATEWAY_WORDS = new Set(['auto', 'dev']);
const PREFIX_MAX: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

/** A fault of one nic alone: the key, what is wrong with it. */
type Rule = (nic: NicPlan) => { key: NicKey; message: string } | undefined;

function nameFault(name: string): string | undefined {
  return interfaceNameFault(name) ?? (name === 'lo' ? 'is the loopback interface' : undefined);
}

function nameRule(key: NicKey, nameOf: (nic: NicPlan) => string | undefined): Rule {
  return (nic) => {
    const name = nameOf(nic);
    if (name === undefined) return undefined;
    const fault = nameFault(name);
    return fault ? { key, message: `interface name "${name}" ${fault}` } : undefined;
  };
}

function addressRule(family: Family, listOf: (nic: NicPlan) => readonly NicAddress[]): Rule {
  return (nic) => {
    for (const { address, prefix, broadcast } of listOf(nic)) {
      const key: NicKey = `ipv${family}.address`;
      if (!parseAddress(family, address))
        return { key, message: `"${address}" is not an IPv${family} address` };
      if (!Number.isInteger(prefix) || prefix < 0 || prefix > PREFIX_MAX[family])
        return { key, message: `prefix length ${prefix} is not between 0 and ${PREFIX_MAX[family]}` };
      if (broadcast !== undefined && !parseAddress(4, broadcast))
        return { key, message: `broadcast "${broadcast}" is not an IPv4 address` };
    }
    return undefined;
  };
}

function gatewayRule(family: Family, gatewayOf: (nic: NicPlan) => string | undefined): Rule {
  return (nic) => {
    const gateway = gatewayOf(nic);
    const key: NicKey = `ipv${family}.gateway`;
    if (gateway === undefined) return undefined;
    if (gateway === 'auto' && nic.link === undefined)
      return {
        key,
        message: `"auto" is the address of the bridge, and lxc.net.${nic.index}.link names none`,
      };
    return GATEWAY_WORDS.has(gateway) || parseAddress(family, gateway)
      ? undefined
      : { key, message: `"${gateway}" is neither an IPv${family} address nor auto nor dev` };
  };
}

const VETH_RULES: readonly Rule[] = [
  nameRule('name', nicName),
  nameRule('veth.pair', (nic) => nic.pair),
  nameRule('link', (nic) => nic.link),
  ({ hwaddr }) => {
    const fault = hwaddr === undefined ? undefined : macFault(hwaddr);
    return fault ? { key: 'hwaddr', message: `"${hwaddr}" ${fault}` } : undefined;
  },
  ({ mtu }) =>
    mtu === undefined || (Number.isInteger(mtu) && mtu >= MTU_RANGE[0] && mtu <= MTU_RANGE[1])
      ? undefined
      : { key: 'mtu', message: `${mtu} is not between ${MTU_RANGE.join(' and ')}` },
  addressRule(4, (nic) => nic.ipv4),
  addressRule(6, (nic) => nic.ipv6),
  gatewayRule(4, (nic) => nic.ipv4Gateway),
  gatewayRule(6, (nic) => nic.ipv6Gateway),
];

/** What the nics say, without looking at the host. Returns all faults, in the order of the nics. Pure. */
export function nicFaults(nics: readonly NicPlan[]): TslxcError[] {
  const faults: TslxcError[] = [];
  const owners = {
    name: new Map<string, NicPlan>(),
    'veth.pair': new Map<string, NicPlan>(),
    hwaddr: new Map<string, NicPlan>(),
  };
  for (const nic of nics) {
    if (nic.type === 'none' && nics.length > 1)
      faults.push(
        nicError(
          nic,
          'type',
          'CONFIG_CONFLICT',
          "none shares the host's network, so there can be no other nic",
        ),
      );
    if (nic.type !== 'veth') continue;
    for (const rule of VETH_RULES) {
      const fault = rule(nic);
      if (fault) faults.push(nicError(nic, fault.key, 'CONFIG_VALUE', fault.message));
    }
    faults.push(...vethFaults(nic));
    if (nic.ipv6.length > 0 && nic.mtu !== undefined && nic.mtu < IPV6_MIN_MTU)
      faults.push(
        nicError(
          nic,
          'mtu',
          'CONFIG_CONFLICT',
          `IPv6 needs an MTU of ${IPV6_MIN_MTU}, and ${nic.mtu} is given`,
        ),
      );
    for (const [key, name] of [
      ['name', nicName(nic)],
      ['veth.pair', nic.pair],
      // Digits still to be drawn make two addresses of one text.
      ['hwaddr', /x/i.test(nic.hwaddr ?? 'x') ? undefined : nic.hwaddr?.toLowerCase()],
    ] as const) {
      if (name === undefined) continue;
      const other = owners[key].get(name);
      const what = key === 'hwaddr' ? 'address' : 'name';
      if (other)
        faults.push(
          nicError(nic, key, 'CONFIG_CONFLICT', `"${name}" is the ${what} of lxc.net.${other.index} already`),
        );
      else owners[key].set(name, nic);
    }
  }
  return faults;
}

function linkFault(nic: NicPlan, link: Link | undefined): TslxcError | undefined {
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

function hostFaults(netlink: Netlink, nic: NicPlan, coming: ReadonlySet<string>): TslxcError[] {
  const faults: TslxcError[] = [];
  if (nic.link !== undefined && !interfaceNameFault(nic.link)) {
    const link = findLink(netlink, nic.link);
    const fault = link || !coming.has(nic.link) ? linkFault(nic, link) : undefined;
    if (fault) faults.push(fault);
    else if (link) faults.push(...vethFaultsOnHost(nic, link));
  }
  if (nic.pair !== undefined && !nameFault(nic.pair) && findLink(netlink, nic.pair))
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
 * What this host lacks for the nics. Run in the host's network namespace, after `ensureBridge`.
 * An empty list means that only the kernel itself can still say no.
 * @param coming bridges that need not be there yet
 */
export function nicFaultsOnHost(
  kernel: Kernel,
  nics: readonly NicPlan[],
  coming: ReadonlySet<string> = new Set(),
): TslxcError[] {
  const veths = nics.filter((nic) => nic.type === 'veth');
  if (veths.length === 0) return [];
  return withNetlink(kernel, (netlink) => veths.flatMap((nic) => hostFaults(netlink, nic, coming)));
}

/** Throws the first fault. */
export function checkNics(
  kernel: Kernel,
  nics: readonly NicPlan[],
  coming: ReadonlySet<string> = new Set(),
): void {
  const [fault] = [...nicFaults(nics), ...nicFaultsOnHost(kernel, nics, coming)];
  if (fault) throw fault;
}
