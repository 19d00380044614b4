/**
 * Checks before a start: everything about the nics that can be known to fail, fails here, and
 * nothing was touched.
 */
import type { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { interfaceNameFault } from './interface-name.ts';
import { type Family, parseAddress } from './ip-address.ts';
import { macFault } from './mac-address.ts';
import { withNetlink } from './netlink.ts';
import {
  hasInterface,
  type InterfaceNic,
  type NicAddress,
  type NicKey,
  type NicPlan,
  nicError,
  nicName,
  sharesHost,
} from './nic-plan.ts';
import { driverOf } from './nics/nics.ts';
import { portFaults } from './ports/port-checks.ts';

/**
 * An IPv4 host must take packets of 68 bytes (RFC 791); the kernel allows no more than 65535 for an
 * interface.
 */
const MTU_RANGE = [68, 65535] as const;
/** Below this the kernel takes IPv6 off the interface (RFC 8200). */
const IPV6_MIN_MTU = 1280;
const GATEWAY_WORDS = new Set(['auto', 'dev']);
const PREFIX_MAX: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

/** A fault of one nic alone: the key, a message, and what to do. */
type Rule = (nic: InterfaceNic) => { key: NicKey; message: string; hint?: string } | undefined;

function nameFault(name: string): string | undefined {
  return interfaceNameFault(name) ?? (name === 'lo' ? 'is the loopback interface' : undefined);
}

function nameRule(key: NicKey, nameOf: (nic: InterfaceNic) => string | undefined): Rule {
  return (nic) => {
    const name = nameOf(nic);
    if (name === undefined) return undefined;
    const fault = nameFault(name);
    return fault ? { key, message: `interface name "${name}" ${fault}` } : undefined;
  };
}

function addressRule(family: Family, listOf: (nic: InterfaceNic) => readonly NicAddress[]): Rule {
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

function gatewayRule(family: Family, gatewayOf: (nic: InterfaceNic) => string | undefined): Rule {
  return (nic) => {
    const gateway = gatewayOf(nic);
    const key: NicKey = `ipv${family}.gateway`;
    if (gateway === undefined) return undefined;
    if (gateway === 'auto' && nic.link === undefined)
      return {
        key,
        message: `"auto" is the address of the bridge, and lxc.net.${nic.index}.link names none`,
      };
    if (!GATEWAY_WORDS.has(gateway) && !parseAddress(family, gateway))
      return { key, message: `"${gateway}" is neither an IPv${family} address nor auto nor dev` };
    if (!nic.up)
      return {
        key,
        message: `a gateway needs the interface up, and lxc.net.${nic.index}.flags does not say so`,
        hint: `add \`lxc.net.${nic.index}.flags = up\``,
      };
    return undefined;
  };
}

const RULES: readonly Rule[] = [
  nameRule('name', nicName),
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

/**
 * What the nics say, without looking at the host. Returns all faults, in the order of the nics.
 * Pure.
 */
export function nicFaults(nics: readonly NicPlan[]): TslxcError[] {
  const faults: TslxcError[] = [];
  const owners = {
    name: new Map<string, NicPlan>(),
    'veth.pair': new Map<string, NicPlan>(),
    hwaddr: new Map<string, NicPlan>(),
  };
  const routers = new Map<NicKey, NicPlan>();
  for (const nic of nics) {
    if (sharesHost(nic) && nics.length > 1)
      faults.push(
        nicError(
          nic,
          'type',
          'CONFIG_CONFLICT',
          "none shares the host's network, so there can be no other nic",
        ),
      );
    faults.push(...driverOf(nic).faults(nic));
    if (!hasInterface(nic)) continue;
    for (const rule of RULES) {
      const fault = rule(nic);
      if (fault) faults.push(nicError(nic, fault.key, 'CONFIG_VALUE', fault.message, fault.hint));
    }
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
      ['veth.pair', driverOf(nic).hostInterface(nic)],
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
    for (const key of gatewayKeys(nic)) {
      const other = routers.get(key);
      if (other) faults.push(secondGateway(nic, other, key));
      else routers.set(key, nic);
    }
  }
  return [...faults, ...portFaults(nics)];
}

const gatewayKeys = (nic: InterfaceNic): NicKey[] => [
  ...(nic.ipv4Gateway === undefined ? [] : ['ipv4.gateway' as const]),
  ...(nic.ipv6Gateway === undefined ? [] : ['ipv6.gateway' as const]),
];

/**
 * The kernel has one default route of a family and a metric: a second one is refused with EEXIST.
 */
function secondGateway(nic: NicPlan, other: NicPlan, key: NicKey): TslxcError {
  return nicError(
    nic,
    key,
    'CONFIG_CONFLICT',
    `the default route of the container is already that of lxc.net.${other.index}.${key}`,
    'keep one gateway; add routes of other interfaces in the container, or by lxc.net.N.script.up',
  );
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
  const made = nics.filter(hasInterface);
  if (made.length === 0) return [];
  return withNetlink(kernel, (netlink) =>
    made.flatMap((nic) => driverOf(nic).faultsOnHost(netlink, nic, coming)),
  );
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
