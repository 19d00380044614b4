/**
 * What a first start of the bridge service will make: decided whole, then written down, then made.
 */

import { join } from 'node:path';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { ownVariable } from '../util/own-process.ts';
import { ipv4Of } from './bridge-link.ts';
import { type BridgeSettings, readBridgeSettings } from './bridge-settings.ts';
import { chooseFirewall } from './firewall.ts';
import { findLink, isBridge } from './links.ts';
import { withNetlink } from './netlink.ts';
import { type ServiceState, serviceDirectory } from './service-state.ts';
import { dhcpRangeOf, freeNetwork, usedNetworks } from './subnet.ts';
import { forwardingChanges } from './sysctl.ts';
import { runTool } from './tool.ts';

/** What the service works with; tests give other names and folders. */
export interface BridgeService {
  readonly kernel: Kernel;
  readonly settings: BridgeSettings;
  /** State and lock are in its `net` folder. */
  readonly runDirectory: string;
  /** Leases (they outlast a reboot) and names; dnsmasq's user must be able to enter it. */
  readonly leaseDirectory: string;
}

export const DEFAULT_RUN_DIRECTORY = '/run/tslxc';

export const ownRunDirectory = (): string => ownVariable('TSLXC_RUNDIR') ?? DEFAULT_RUN_DIRECTORY;
export const DEFAULT_LEASE_DIRECTORY = '/var/lib/misc';

/** The service of this host, by its settings file; TSLXC_RUNDIR says where state is kept. */
export function bridgeService(kernel: Kernel, options: Partial<BridgeService> = {}): BridgeService {
  return {
    kernel,
    settings: options.settings ?? readBridgeSettings(),
    runDirectory: options.runDirectory ?? ownRunDirectory(),
    leaseDirectory: options.leaseDirectory ?? DEFAULT_LEASE_DIRECTORY,
  };
}

/** Decides all that the settings leave open, and looks at the host as it is. Makes nothing. */
export async function planService({
  kernel,
  settings,
  runDirectory,
  leaseDirectory,
}: BridgeService): Promise<ServiceState> {
  const { bridge, table } = settings;
  await runTool('dnsmasq', ['--version'], 'look for the DHCP server');
  const firewall = await chooseFirewall(settings.useNft);
  const { link, own, address } = withNetlink(kernel, (netlink) => {
    const link = findLink(netlink, bridge);
    if (link && !isBridge(link))
      throw new TslxcError({
        code: 'CONFIG_VALUE',
        message: `TSLXC_BRIDGE: interface "${bridge}" is there and is not a bridge`,
        hint: 'give the bridge another name in /etc/default/tslxc-net',
      });
    const own = ipv4Of(netlink, link);
    const address =
      settings.address ?? own?.address ?? freeNetwork(usedNetworks(netlink, link?.index), settings.prefix);
    return { link, own, address };
  });
  const prefix = own?.address === address ? own.prefix : settings.prefix;
  const file = (kind: string) => join(leaseDirectory, `dnsmasq.${bridge}.${kind}`);
  return {
    version: 1,
    settings: {
      ...settings,
      address,
      prefix,
      table,
      dhcpRange: settings.dhcpRange ?? dhcpRangeOf({ address, prefix }),
    },
    createdBridge: link === undefined,
    addedAddress: own?.address !== address,
    firewall,
    sysctls: forwardingChanges(settings.ipv6 !== undefined),
    dhcp: {
      pidFile: join(serviceDirectory(runDirectory), 'dnsmasq.pid'),
      leaseFile: file('leases'),
      hostsDirectory: file('hosts'),
    },
  };
}
