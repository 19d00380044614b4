import type { BridgeStatus } from '../../network/bridge-status.ts';

/**
 * The status of the default bridge for people: a label and a value in a line, in the layout of
 * tslxc-info.
 */
export function statusText(status: BridgeStatus): string {
  const state = status.up ? 'up' : status.started ? 'started, but not up' : 'stopped';
  const rows: [label: string, value: string | undefined][] = [
    ['Bridge', status.bridge],
    ['State', status.enabled ? state : `${state} (disabled by USE_TSLXC_BRIDGE)`],
    ['Address', status.address],
    ['IPv6', status.ipv6Address],
    ['Network', status.network],
    ['Domain', status.domain || undefined],
    ['DHCP', dhcp(status)],
    [
      'Firewall',
      status.firewall && `${status.firewall}${status.firewallActive ? '' : ' (rules are missing)'}`,
    ],
    ['Ports', status.ports.join(', ') || undefined],
    ...status.leases.map((lease): [string, string] => [
      'Lease',
      `${lease.address} ${lease.mac} ${lease.name ?? '-'}`,
    ]),
    ...status.warnings.flatMap((warning): [string, string | undefined][] => [
      ['Warning', warning.message],
      [' remedy', warning.fix],
    ]),
  ];
  return rows
    .filter(([, value]) => value !== undefined)
    .map(([label, value]) => `${`${label}:`.padEnd(15)} ${value}\n`)
    .join('');
}

function dhcp({ started, dhcpPid, dhcpRange }: BridgeStatus): string | undefined {
  if (dhcpPid === undefined) return started ? 'not running' : undefined;
  return `running, pid ${dhcpPid}${dhcpRange ? `, ${dhcpRange.join(' to ')}` : ''}`;
}
