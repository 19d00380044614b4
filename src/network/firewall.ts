/**
 * The bridge's firewall rules: nftables where there is nft, iptables otherwise; and what other
 * firewalls do to them.
 */
import { TslxcError } from '../errors/tslxc-error.ts';
import { applyIptables, iptablesPresent, removeIptables } from './iptables-firewall.ts';
import { applyNft, nftPresent, removeNft } from './nft-firewall.ts';
import type { FirewallKind, ServiceSettings } from './service-state.ts';
import { hasTool, tryTool } from './tool.ts';

export interface Firewall {
  apply(settings: ServiceSettings): Promise<void>;
  remove(settings: ServiceSettings): Promise<void>;
  present(settings: ServiceSettings): Promise<boolean>;
}

export const FIREWALLS: Readonly<Record<FirewallKind, Firewall>> = {
  nft: { apply: applyNft, remove: removeNft, present: nftPresent },
  iptables: { apply: applyIptables, remove: removeIptables, present: iptablesPresent },
};

/** Something of the host that keeps containers from the network, and the command that mends it. */
export interface NetworkWarning {
  readonly kind: 'forward-drop' | 'address-taken';
  readonly message: string;
  readonly fix?: string;
}

/**
 * Which firewall this host takes; TOOL_MISSING when it has none. `nft` counts only if the kernel
 * answers it.
 */
export async function chooseFirewall(useNft: boolean): Promise<FirewallKind> {
  if (useNft && (await hasTool('nft', 'list', 'tables'))) return 'nft';
  if (await hasTool('iptables', '-w', '-n', '-L', 'INPUT')) return 'iptables';
  throw new TslxcError({
    code: 'TOOL_MISSING',
    message: useNft ? 'neither nft nor iptables works on this host' : 'iptables does not work on this host',
    hint: useNft
      ? 'install the package nftables'
      : 'install the package iptables, or set TSLXC_USE_NFT="true"',
  });
}

interface NftChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

/** Docker's chain for rules of others: packets pass it first, and Docker never empties it. */
const DOCKER_USER_CHAIN = 'DOCKER-USER';

function nftFix(chain: NftChain, bridge: string): string {
  const to = `${chain.family} ${chain.table} ${chain.name}`;
  return `nft 'insert rule ${to} iifname "${bridge}" accept; insert rule ${to} oifname "${bridge}" accept'`;
}

/**
 * In nftables a packet must be accepted by every table that looks at it, so our own rules cannot
 * overrule another's `policy drop` on forwarded packets. Docker sets one (docker/for-linux#103), as
 * do firewalld and ufw.
 */
async function nftForwardDrops(settings: ServiceSettings): Promise<NetworkWarning[]> {
  const { bridge, table, ipv6 } = settings;
  const { stdout, exitCode } = await tryTool('nft', ['-j', 'list', 'chains']);
  if (exitCode !== 0) return [];
  const items = (JSON.parse(stdout) as { nftables: { chain?: NftChain }[] }).nftables;
  const chains = items.flatMap(({ chain }) => (chain ? [chain] : []));
  const families = new Set(['ip', 'inet', ...(ipv6 ? ['ip6'] : [])]);
  const drops = chains.filter(
    (chain) =>
      chain.hook === 'forward' &&
      chain.policy === 'drop' &&
      families.has(chain.family) &&
      !(chain.family === 'inet' && chain.table === table),
  );
  const warnings: NetworkWarning[] = [];
  for (const drop of drops) {
    const sameTable = chains.filter(({ family, table }) => family === drop.family && table === drop.table);
    const place = sameTable.find(({ name }) => name === DOCKER_USER_CHAIN) ?? drop;
    const rules = await tryTool('nft', ['list', 'chain', place.family, place.table, place.name]);
    if (rules.stdout.includes(`"${bridge}"`)) continue; // mended meanwhile
    const by = place === drop ? `table ${drop.family} ${drop.table}` : 'Docker';
    warnings.push({
      kind: 'forward-drop',
      message: `${by} drops forwarded packets, so containers on ${bridge} reach nothing but the host`,
      fix: nftFix(place, bridge),
    });
  }
  return warnings;
}

/**
 * With iptables our jumps stand first in the chain that has the policy, so they are heard before
 * it.
 */
export async function firewallWarnings(
  kind: FirewallKind,
  settings: ServiceSettings,
): Promise<NetworkWarning[]> {
  return kind === 'nft' ? nftForwardDrops(settings) : [];
}
