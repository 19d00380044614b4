/** The interface of a nic type. A type is a file beside this one, and a row in nics.ts. */
import type { NicConfig } from '../../config/nic-config.ts';
import type { TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { NetworkNamespace } from '../links.ts';
import type { ProxiedAddress } from '../neighbours.ts';
import type { Netlink } from '../netlink.ts';
import type { InterfaceSettings, NicPlan, Resolved } from '../nic-plan.ts';
import type { NicId } from '../ports/port-registry.ts';

/** An interface of the host that was lent to a container, as it was before. */
export interface LentInterface {
  readonly name: string;
  readonly index: number;
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  /**
   * File that the container's network namespace is mounted on: it lives until the interface is
   * back.
   */
  readonly pin: string;
}

/**
 * Something on the host that a nic needs, written down before it is made so that it can be
 * released. JSON.
 */
export type NicClaim =
  | { readonly type: 'veth'; readonly host: string }
  | { readonly type: 'proxies'; readonly link: string; readonly proxied: readonly ProxiedAddress[] }
  | ({ readonly type: 'ports' } & NicId)
  | { readonly type: 'lent'; readonly lent: LentInterface };

export interface NicDriver<Nic extends NicPlan = NicPlan> {
  readonly type: Nic['type'];
  /** Part of the kernel that the type needs: its module and its CONFIG_ word. */
  readonly needs?: { readonly module: string; readonly option: string };
  /** Which of its scripts LXC runs. */
  readonly scripts: { readonly up: boolean; readonly down: boolean };
  /** The nic as its part of the config says. `settings`: what all interfaces have. */
  parse(config: NicConfig, settings: InterfaceSettings): Nic;
  /** Contradictions of the config, found without looking at the host. */
  faults(nic: Nic): TslxcError[];
  /** What the host lacks. @param coming bridges that need not be there yet */
  faultsOnHost(netlink: Netlink, nic: Nic, coming: ReadonlySet<string>): TslxcError[];
  /** The bridge that it needs, if any. */
  bridge(nic: Nic): string | undefined;
  /** Decides what the config leaves open. Makes nothing. */
  resolve(netlink: Netlink, nic: Nic): Resolved<Nic>;
  /**
   * What `create` will make on the host. @param directory for files of this container below the run
   * directory
   */
  claims(netlink: Netlink, nic: Resolved<Nic>, directory: string): NicClaim[];
  /**
   * Makes the interface inside `namespace`, under its final name, and its other end on the host.
   */
  create(kernel: Kernel, nic: Resolved<Nic>, namespace: NetworkNamespace, claims: readonly NicClaim[]): void;
  /** Name of the interface on the host that belongs to it: what scripts get as its peer. */
  hostInterface(nic: Nic): string | undefined;
  /** Words about what only this type has, for a dry run. */
  describe(nic: Nic): string[];
}
