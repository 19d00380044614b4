/**
 * What one nic of a container is to be: plain data that crosses pipes as JSON. The config's
 * `lxc.net.N.*` map to it.
 */

import type { PublishedPort } from '../config/values/published-port.ts';
import type { ErrorCode } from '../errors/error-table.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { ProxiedAddress } from './neighbours.ts';

export interface NicAddress {
  readonly address: string;
  readonly prefix: number;
  /** IPv4 only; computed when it is not given. */
  readonly broadcast?: string | undefined;
}

/** The part of `lxc.net.N.` that a fault is about. */
export type NicKey =
  | 'type'
  | 'link'
  | 'name'
  | 'hwaddr'
  | 'mtu'
  | 'veth.pair'
  | 'veth.mode'
  | 'veth.n_rxqueues'
  | 'veth.n_txqueues'
  | 'veth.ipv4.route'
  | 'veth.ipv6.route'
  | 'veth.vlan.id'
  | 'veth.vlan.tagged.id'
  | 'l2proxy'
  | 'macvlan.mode'
  | 'ipvlan.mode'
  | 'ipvlan.isolation'
  | 'vlan.id'
  | 'flags'
  | 'ipv4.address'
  | 'ipv4.gateway'
  | 'ipv6.address'
  | 'ipv6.gateway'
  | 'publish'
  | 'script.up'
  | 'script.down';

export interface NicRoute {
  readonly network: string;
  readonly prefix: number;
}

export interface NicOrigin {
  readonly file: string;
  readonly line: number;
  /** From 1; where the value begins. */
  readonly column?: number | undefined;
}

/** A port that the config publishes, and its line. */
export interface PlannedPort extends PublishedPort {
  readonly origin?: NicOrigin | undefined;
}

/** Fields of every nic. */
interface NicBase {
  /** N of `lxc.net.N`. */
  readonly index: number;
  /** Interface of the host: see the type. */
  readonly link?: string | undefined;
  /** Name inside; see `nicName` for the default. */
  readonly name?: string | undefined;
  readonly scriptUp?: string | undefined;
  readonly scriptDown?: string | undefined;
  /** Where each key was given, so that an error can point there. */
  readonly origins?: Readonly<Partial<Record<NicKey, NicOrigin>>> | undefined;
}

/** A network namespace with loopback only. */
export interface EmptyNic extends NicBase {
  readonly type: 'empty';
}

/** The host's network namespace. */
export interface NoneNic extends NicBase {
  readonly type: 'none';
}

/** Fields of every nic that is an interface in the container. */
export interface InterfaceSettings extends NicBase {
  /** May hold `x` for random digits until `resolveNic` drew them. */
  readonly hwaddr?: string | undefined;
  /** The link's when not given. */
  readonly mtu?: number | undefined;
  readonly up: boolean;
  readonly ipv4: readonly NicAddress[];
  /**
   * An address, `auto` (the link's first address; `resolveNic` puts it here) or `dev` (no gateway,
   * the link itself).
   */
  readonly ipv4Gateway?: string | undefined;
  readonly ipv6: readonly NicAddress[];
  readonly ipv6Gateway?: string | undefined;
  /** Ports of the host that lead here. */
  readonly publish?: readonly PlannedPort[] | undefined;
}

/**
 * `link`: bridge that the host's end is made a port of; without it the host's end stands alone. In
 * router mode any interface, for its address and MTU, and for `l2proxy`.
 */
export interface VethNic extends InterfaceSettings {
  readonly type: 'veth';
  /** Name of the host's end; drawn by `resolveNic` when not given. */
  readonly pair?: string | undefined;
  /** Whether the host's end is a port of the bridge (unless given) or is routed to. */
  readonly mode?: 'bridge' | 'router' | undefined;
  /** Limits of the container's end; they are the other way round on the host's end. */
  readonly rxQueues?: number | undefined;
  readonly txQueues?: number | undefined;
  /** Networks that the host reaches through the container. */
  readonly ipv4Routes?: readonly NicRoute[] | undefined;
  readonly ipv6Routes?: readonly NicRoute[] | undefined;
  /** VLAN of the bridge for untagged packets. */
  readonly vlan?: number | 'none' | undefined;
  readonly taggedVlans?: readonly number[] | undefined;
  /** The host answers for the container's addresses on the link. */
  readonly l2proxy?: boolean | undefined;
}

/** `link`: the interface that it is on. */
export interface MacvlanNic extends InterfaceSettings {
  readonly type: 'macvlan';
  readonly mode: 'private' | 'vepa' | 'bridge' | 'passthru';
}

/** `link`: the interface that it is on. */
export interface IpvlanNic extends InterfaceSettings {
  readonly type: 'ipvlan';
  readonly mode: 'l2' | 'l3' | 'l3s';
  readonly isolation: 'bridge' | 'private' | 'vepa';
  /** The host answers for the container's addresses on the link. */
  readonly l2proxy?: boolean | undefined;
}

/** `link`: the interface that carries the tagged packets. */
export interface VlanNic extends InterfaceSettings {
  readonly type: 'vlan';
  readonly id: number | undefined;
}

/** `link`: the interface that moves into the container, and back at the end. */
export interface PhysNic extends InterfaceSettings {
  readonly type: 'phys';
}

export type InterfaceNic = VethNic | MacvlanNic | IpvlanNic | VlanNic | PhysNic;
/** Each type has a driver: src/network/nics. */
export type NicPlan = InterfaceNic | EmptyNic | NoneNic;
export type NicType = NicPlan['type'];

/** What `resolveNic` has decided. */
interface Decided {
  readonly name: string;
  /**
   * For what the host is to answer on the link and does not yet (`l2proxy`): to be taken back at
   * the end.
   */
  readonly proxied?: readonly ProxiedAddress[] | undefined;
}

/**
 * A nic with everything decided: names, address, MTU, gateways. JSON, for the journal and for the
 * stage.
 */
export type Resolved<Nic extends NicPlan> = Nic & Decided;
export type ResolvedNic = Resolved<NicPlan>;

/** Nothing of the host's own network may be changed. */
export const sharesHost = ({ type }: NicPlan): boolean => type === 'none';

export function hasInterface<Nic extends NicPlan>(nic: Nic): nic is Nic & InterfaceNic {
  return nic.type !== 'empty' && nic.type !== 'none';
}

/** The interface's name inside. A moved one keeps its name. */
export function nicName({ type, index, name, link }: NicPlan): string {
  return name ?? (type === 'phys' && link !== undefined ? link : `eth${index}`);
}

/**
 * Names the interfaces that have none `eth0`, `eth1` … in their order, as the kernel does for LXC:
 * the numbers of the config may have gaps, and names that are given are not taken twice. A name
 * with `%d` is a pattern of that kind. A borrowed interface keeps its name.
 */
export function nameNics(nics: readonly NicPlan[]): NicPlan[] {
  const taken = new Set(nics.map(({ name, type, link }) => name ?? (type === 'phys' ? link : undefined)));
  /** The lowest number that may be free. */
  const next = new Map<string, number>();
  return nics.map((nic) => {
    if (nic.type === 'empty' || nic.type === 'none') return nic;
    const pattern = nic.name ?? (nic.type === 'phys' && nic.link !== undefined ? nic.link : 'eth%d');
    if (!pattern.includes('%d')) return { ...nic, name: pattern };
    const numbered = (n: number) => pattern.replace('%d', String(n));
    let number = next.get(pattern) ?? 0;
    while (taken.has(numbered(number))) number++;
    next.set(pattern, number + 1);
    const name = numbered(number);
    taken.add(name);
    return { ...nic, name };
  });
}

/** `lxc.net.0.link` */
export function nicKey(nic: NicPlan, key: NicKey): string {
  return `lxc.net.${nic.index}.${key}`;
}

/** An error about one key of one nic: names both, and the line of the config if that is known. */
export function nicError(
  nic: NicPlan,
  key: NicKey,
  code: ErrorCode,
  message: string,
  hint?: string,
): TslxcError {
  const origin = nic.origins?.[key] ?? nic.origins?.type;
  return new TslxcError({
    code,
    message: `${nicKey(nic, key)}: ${message}`,
    file: origin?.file,
    line: origin?.line,
    column: origin?.column,
    hint,
  });
}

/** Does a step of setting up a nic; a failure gets the key in front and the config's line. */
export function nicStep<T>(nic: NicPlan, key: NicKey, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    const error = thrown as Error & Partial<TslxcError>;
    const origin = nic.origins?.[key] ?? nic.origins?.type;
    throw new TslxcError({
      code: thrown instanceof TslxcError ? thrown.code : 'NETWORK_FAILED',
      message: `${nicKey(nic, key)}: ${error.message}`,
      errno: error.errno ?? (error.code?.startsWith('E') ? error.code : undefined),
      file: origin?.file,
      line: origin?.line,
      column: origin?.column,
      hint: error.hint,
      cause: thrown,
    });
  }
}
