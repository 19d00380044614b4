/**
 * The nftables text of published ports. A port is an element of a map, so a packet costs one
 * look-up however many containers there are. Pure.
 */
import type { PublishedNic } from './port-registry.ts';

/** A key of a map, and what it leads to. */
export interface PortElement {
  /** `any` for all addresses of the host, `own` for one; with the family. */
  readonly map: 'any4' | 'any6' | 'own4' | 'own6';
  readonly key: string;
  readonly value: string;
}

/** 15 before `dstnat` and `srcnat`: a rule of Docker for the same port comes later. */
const BEFORE_DNAT = -115;
const BEFORE_SNAT = 85;

/**
 * Makes the table or repairs it; its elements stay. Packets from elsewhere to 127.0.0.0/8 are
 * dropped, because the bridge's route_localnet would let containers reach services that listen on
 * the loopback only (CVE-2020-8558). Connections between addresses that are near (the loopback, and
 * the networks of containers with ports) are masqueraded: the answer would otherwise go straight to
 * the asking container. Interfaces do not tell them apart: with br_netfilter the one that a packet
 * came by is unknown here.
 */
export function tableText(table: string): string {
  const chains = ['guard', 'prerouting', 'output', 'local', 'postrouting'];
  const nat = `    dnat ip to ip daddr . meta l4proto . th dport map @own4
    dnat ip6 to ip6 daddr . meta l4proto . th dport map @own6
    fib daddr type local jump local`;
  return `table inet ${table} {
  map any4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map any6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
  map own4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
  map own6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }
  set near4 { type ipv4_addr; flags interval; auto-merge; }
  set near6 { type ipv6_addr; flags interval; auto-merge; }
  chain guard { type filter hook prerouting priority raw; policy accept; }
  chain prerouting { type nat hook prerouting priority ${BEFORE_DNAT}; policy accept; }
  chain output { type nat hook output priority ${BEFORE_DNAT}; policy accept; }
  chain local { }
  chain postrouting { type nat hook postrouting priority ${BEFORE_SNAT}; policy accept; }
}
${chains.map((chain) => `flush chain inet ${table} ${chain}`).join('\n')}
table inet ${table} {
  chain guard {
    iifname != "lo" ip daddr 127.0.0.0/8 drop
  }
  chain prerouting {
${nat}
  }
  chain output {
${nat}
  }
  chain local {
    dnat ip to meta l4proto . th dport map @any4
    dnat ip6 to meta l4proto . th dport map @any6
  }
  chain postrouting {
    ct status dnat ip saddr @near4 ip daddr @near4 masquerade
    ct status dnat ip6 saddr @near6 ip6 daddr @near6 masquerade
  }
}
`;
}

/** The elements of a nic, as far as the container has addresses. */
export function elementsOf({ ports, target4, target6 }: PublishedNic): PortElement[] {
  const elements: PortElement[] = [];
  for (const { address, first, last, to, protocol } of ports)
    for (const [family, target] of [
      [4, target4],
      [6, target6],
    ] as const) {
      if (target === undefined || (address !== undefined && address.includes(':') !== (family === 6)))
        continue;
      for (let port = first; port <= last; port++)
        elements.push({
          map: `${address === undefined ? 'any' : 'own'}${family}`,
          key: `${address === undefined ? '' : `${address} . `}${protocol} . ${port}`,
          value: `${target} . ${to + port - first}`,
        });
    }
  return elements;
}

/** Commands that add or delete elements. */
export function elementText(table: string, verb: 'add' | 'delete', elements: readonly PortElement[]): string {
  return [...new Set(elements.map(({ map }) => map))]
    .map((map) => {
      const own = elements.filter((element) => element.map === map);
      const items = own.map(({ key, value }) => (verb === 'add' ? `${key} : ${value}` : key));
      return `${verb} element inet ${table} ${map} { ${items.join(', ')} }\n`;
    })
    .join('');
}

/** Commands that add networks whose connections to each other are masqueraded. */
export function nearText(table: string, networks: readonly string[]): string {
  const sets = [
    ['near4', ['127.0.0.0/8', ...networks.filter((network) => !network.includes(':'))]],
    ['near6', networks.filter((network) => network.includes(':'))],
  ] as const;
  return sets
    .filter(([, members]) => members.length > 0)
    .map(([set, members]) => `add element inet ${table} ${set} { ${members.join(', ')} }\n`)
    .join('');
}
