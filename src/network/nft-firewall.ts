/**
 * The bridge's rules as one nftables table of our own: made, replaced and removed as a whole, in
 * one transaction.
 */
import { formatAddress, networkOf, parseAddress } from './ip-address.ts';
import type { ServiceSettings } from './service-state.ts';
import { runTool, tryTool } from './tool.ts';

/**
 * Deleting a table that is not there fails, and adding one that is there does not: so add, then
 * delete.
 */
const emptied = (table: string) => `add table inet ${table}\ndelete table inet ${table}\n`;

function networkText(family: 4 | 6, address: string, prefix: number): string {
  return `${formatAddress(networkOf(parseAddress(family, address)!, prefix))}/${prefix}`;
}

/**
 * The input for `nft -f -`. Names were checked when the settings were read: nothing in them ends a
 * word.
 */
export function nftRules(settings: ServiceSettings): string {
  const { bridge, table, address, prefix, ipv6 } = settings;
  const v4 = networkText(4, address, prefix);
  const masquerade = [`ip saddr ${v4} ip daddr != ${v4} counter masquerade`];
  if (ipv6?.nat) {
    const v6 = networkText(6, ipv6.address, ipv6.prefix);
    masquerade.push(`ip6 saddr ${v6} ip6 daddr != ${v6} counter masquerade`);
  }
  return `${emptied(table)}table inet ${table} {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "${bridge}" udp dport { 53, 67, 547 } accept comment "DNS and DHCP for containers"
    iifname "${bridge}" tcp dport 53 accept comment "DNS for containers"
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "${bridge}" accept comment "from containers"
    oifname "${bridge}" accept comment "to containers"
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
${masquerade.map((rule) => `    ${rule} comment "containers speak as the host"`).join('\n')}
  }
}
`;
}

export async function applyNft(settings: ServiceSettings): Promise<void> {
  await runTool('nft', ['-f', '-'], `make the nftables table inet ${settings.table}`, nftRules(settings));
}

export async function removeNft({ table }: ServiceSettings): Promise<void> {
  await runTool('nft', ['-f', '-'], `remove the nftables table inet ${table}`, emptied(table));
}

export async function nftPresent({ table }: ServiceSettings): Promise<boolean> {
  return (await tryTool('nft', ['list', 'table', 'inet', table])).exitCode === 0;
}
