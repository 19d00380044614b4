/**
 * The bridge's rules in iptables chains of our own, for hosts without nft. A rule that is not in
 * our chains is one jump each.
 */
import { formatAddress, networkOf, parseAddress } from './ip-address.ts';
import type { ServiceSettings } from './service-state.ts';
import { runTool, type Tool, tryTool } from './tool.ts';

interface Chain {
  readonly table: 'filter' | 'nat';
  /** The built-in chain that jumps to ours. */
  readonly from: string;
  readonly name: string;
  readonly rules: readonly string[];
}

interface Program {
  readonly tool: Tool;
  readonly restore: Tool;
  readonly chains: readonly Chain[];
}

function chainsOf(settings: ServiceSettings, network: string | undefined): Chain[] {
  const { bridge, table } = settings;
  const ports = [
    ['udp', 53],
    ['udp', 67],
    ['udp', 547],
    ['tcp', 53],
  ] as const;
  const filter: Chain[] = [
    {
      table: 'filter',
      from: 'INPUT',
      name: `${table}-input`,
      rules: ports.map(
        ([protocol, port]) => `-i ${bridge} -p ${protocol} -m ${protocol} --dport ${port} -j ACCEPT`,
      ),
    },
    {
      table: 'filter',
      from: 'FORWARD',
      name: `${table}-forward`,
      rules: [`-i ${bridge} -j ACCEPT`, `-o ${bridge} -j ACCEPT`],
    },
  ];
  if (network === undefined) return filter;
  const rules = [`-s ${network} ! -d ${network} -j MASQUERADE`];
  return [...filter, { table: 'nat', from: 'POSTROUTING', name: `${table}-postrouting`, rules }];
}

function programs(settings: ServiceSettings): Program[] {
  const { address, prefix, ipv6 } = settings;
  const network = (family: 4 | 6, own: string, length: number) =>
    `${formatAddress(networkOf(parseAddress(family, own)!, length))}/${length}`;
  const v4 = chainsOf(settings, network(4, address, prefix));
  if (!ipv6) return [{ tool: 'iptables', restore: 'iptables-restore', chains: v4 }];
  const v6 = chainsOf(settings, ipv6.nat ? network(6, ipv6.address, ipv6.prefix) : undefined);
  return [
    { tool: 'iptables', restore: 'iptables-restore', chains: v4 },
    { tool: 'ip6tables', restore: 'ip6tables-restore', chains: v6 },
  ];
}

const jump = ({ name }: Chain): string[] => ['-m', 'comment', '--comment', 'tslxc', '-j', name];

/** For iptables-restore: naming a chain makes or empties it. One commit for each table. */
export function restoreInput(chains: readonly Chain[]): string {
  return [...new Set(chains.map(({ table }) => table))]
    .map((table) => {
      const own = chains.filter((chain) => chain.table === table);
      const names = own.map(({ name }) => `:${name} - [0:0]`);
      const rules = own.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name} ${rule}`));
      return [`*${table}`, ...names, ...rules, 'COMMIT', ''].join('\n');
    })
    .join('');
}

export async function applyIptables(settings: ServiceSettings): Promise<void> {
  for (const { tool, restore, chains } of programs(settings)) {
    await runTool(restore, ['-w', '--noflush'], 'make the iptables chains', restoreInput(chains));
    for (const chain of chains) {
      const where = ['-w', '-t', chain.table];
      const there = await tryTool(tool, [...where, '-C', chain.from, ...jump(chain)]);
      if (there.exitCode !== 0)
        await runTool(tool, [...where, '-I', chain.from, ...jump(chain)], `jump to the chain ${chain.name}`);
    }
  }
}

/** Each step may find its object gone: a crash may have come between. */
export async function removeIptables(settings: ServiceSettings): Promise<void> {
  for (const { tool, chains } of programs(settings))
    for (const chain of chains) {
      const where = ['-w', '-t', chain.table];
      while ((await tryTool(tool, [...where, '-D', chain.from, ...jump(chain)])).exitCode === 0);
      await tryTool(tool, [...where, '-F', chain.name]);
      await tryTool(tool, [...where, '-X', chain.name]);
    }
}

export async function iptablesPresent(settings: ServiceSettings): Promise<boolean> {
  for (const { tool, chains } of programs(settings))
    for (const chain of chains) {
      const args = ['-w', '-t', chain.table, '-C', chain.from, ...jump(chain)];
      if ((await tryTool(tool, args)).exitCode !== 0) return false;
    }
  return true;
}
