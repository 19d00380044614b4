/** What one nic of a container is to be: plain data that crosses pipes as JSON. The config's `lxc.net.N.*` map to it. */

import type { ErrorCode } from '../errors/error-table.ts';
import { TslxcError } from '../errors/tslxc-error.ts';

/** `empty`: a network namespace with loopback only. `none`: the host's network namespace. */
export type NicType = 'veth' | 'empty' | 'none';

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
  | 'flags'
  | 'ipv4.address'
  | 'ipv4.gateway'
  | 'ipv6.address'
  | 'ipv6.gateway'
  | 'script.up'
  | 'script.down';

export interface NicOrigin {
  readonly file: string;
  readonly line: number;
}

export interface NicPlan {
  /** N of `lxc.net.N`. */
  readonly index: number;
  readonly type: NicType;
  /** Bridge that the host's end is made a port of. Without it the host's end stands alone. */
  readonly link?: string | undefined;
  /** Name inside; `ethN` when not given. */
  readonly name?: string | undefined;
  /** May hold `x` for random digits until `resolveNic` drew them. */
  readonly hwaddr?: string | undefined;
  /** The bridge's when not given. */
  readonly mtu?: number | undefined;
  readonly up: boolean;
  /** Name of the host's end; drawn by `resolveNic` when not given. */
  readonly pair?: string | undefined;
  readonly ipv4: readonly NicAddress[];
  /** An address, `auto` (the bridge's first address; `resolveNic` puts it here) or `dev` (no gateway, the link itself). */
  readonly ipv4Gateway?: string | undefined;
  readonly ipv6: readonly NicAddress[];
  readonly ipv6Gateway?: string | undefined;
  readonly scriptUp?: string | undefined;
  readonly scriptDown?: string | undefined;
  /** Where each key was given, so that an error can point there. */
  readonly origins?: Readonly<Partial<Record<NicKey, NicOrigin>>> | undefined;
}

export function nicName(nic: NicPlan): string {
  return nic.name ?? `eth${nic.index}`;
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
      hint: error.hint,
      cause: thrown,
    });
  }
}
