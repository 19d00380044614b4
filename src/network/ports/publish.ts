/**
 * Publishes ports of containers and withdraws them, each by one nft transaction. The lock of the
 * bridge service orders the changes of a run directory: both change the same kernel switches.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { listAddresses } from '../addresses.ts';
import { ownRunDirectory } from '../bridge-plan.ts';
import { setHairpin } from '../bridge-vlans.ts';
import { formatAddress, networkOf, parseAddress } from '../ip-address.ts';
import { findLink } from '../links.ts';
import { withNetlink } from '../netlink.ts';
import { withServiceLock } from '../service-state.ts';
import { applySysctls, forwardingChanges, localnetChanges } from '../sysctl.ts';
import { runTool, tryTool } from '../tool.ts';
import {
  forgetPublished,
  type NicId,
  type PortUpdate,
  type PublishedNic,
  portSysctls,
  portTable,
  publishedNic,
  publishedNics,
  removeRegistry,
  restorePortSysctls,
  savePortSysctls,
  savePublished,
} from './port-registry.ts';
import { elementsOf, elementText, nearText, type PortElement, tableText } from './port-rules.ts';

/** Scope of the kernel's `global` addresses. */
const GLOBAL = 0;

/**
 * Changes what a nic publishes. No other change comes between `change` and the rules.
 * @throws TslxcError TOOL_MISSING, NETWORK_FAILED, and what `change` throws
 */
export async function updatePublished(kernel: Kernel, id: NicId, change: PortUpdate): Promise<void> {
  await withServiceLock(kernel, ownRunDirectory(), async () => {
    const before = publishedNic(id);
    const wanted = change(before);
    if (wanted) await publish(kernel, wanted, before);
  });
}

/** Makes the ports lead to the nic's addresses, and no longer to what they led to before. */
async function publish(kernel: Kernel, nic: PublishedNic, before: PublishedNic | undefined): Promise<void> {
  // Both are written down until the rules are there: a release then finds all of them.
  savePublished(nic);
  const table = portTable();
  const near = nearNetworks(kernel, nic);
  const apply = (old: readonly PortElement[]) =>
    runTool(
      'nft',
      ['-f', '-'],
      `publish the ports of ${nic.name}`,
      tableText(table) +
        elementText(table, 'delete', old) +
        elementText(table, 'add', elementsOf(nic)) +
        nearText(table, near),
    );
  const old = before ? elementsOf(before) : [];
  try {
    // Another program may have flushed the rules: then there is less to delete.
    await apply(old).catch(async (error) => {
      if (old.length === 0) throw error;
      await apply(await present(table, old));
    });
  } catch (error) {
    if (before) savePublished(before);
    throw error;
  }
  switchOn(nic);
  enableHairpin(kernel, nic);
}

/** The networks of the bridge, and the container's own addresses. */
function nearNetworks(kernel: Kernel, { link, target4, target6 }: PublishedNic): string[] {
  const networks = withNetlink(kernel, (netlink) => {
    const bridge = findLink(netlink, link);
    if (!bridge) return [];
    return listAddresses(netlink, bridge.index)
      .filter(({ scope }) => scope === GLOBAL)
      .map(({ family, address, prefix }) => {
        return `${formatAddress(networkOf(parseAddress(family, address)!, prefix))}/${prefix}`;
      });
  });
  return [...networks, ...[target4, target6].filter((address) => address !== undefined)];
}

/** Withdraws the ports of a nic. May be done twice; the last one takes the table along. */
export async function withdraw(kernel: Kernel, id: NicId): Promise<void> {
  if (!publishedNic(id)) return;
  await withServiceLock(kernel, ownRunDirectory(), async () => {
    const nic = publishedNic(id);
    if (!nic) return;
    const table = portTable();
    if (publishedNics().length === 1) {
      restorePortSysctls();
      const text = `add table inet ${table}\ndelete table inet ${table}\n`;
      await runTool('nft', ['-f', '-'], `remove the nftables table inet ${table}`, text);
      removeRegistry();
      return;
    }
    const remove = (some: readonly PortElement[]) =>
      runTool('nft', ['-f', '-'], `withdraw the ports of ${id.name}`, elementText(table, 'delete', some));
    const elements = elementsOf(nic);
    if (elements.length > 0)
      await remove(elements).catch(async () => await remove(await present(table, elements)));
    forgetPublished(id);
  });
}

/** Those of the elements that the kernel has. */
async function present(table: string, elements: readonly PortElement[]): Promise<PortElement[]> {
  const there = new Map<string, Set<string>>();
  for (const map of new Set(elements.map((element) => element.map))) {
    const { exitCode, stdout } = await tryTool('nft', ['-j', 'list', 'map', 'inet', table, map]);
    there.set(map, new Set(exitCode === 0 ? keysIn(stdout) : []));
  }
  return elements.filter(({ map, key }) => there.get(map)!.has(key));
}

/** The keys of a map, as `elementsOf` writes them. */
function keysIn(json: string): string[] {
  const items = (JSON.parse(json) as { nftables: { map?: { elem?: [{ concat?: unknown[] }, unknown][] } }[] })
    .nftables;
  return items.flatMap(({ map }) => map?.elem ?? []).map(([key]) => (key.concat ?? []).join(' . '));
}

/**
 * Lets the host pass packets on to the container, and connections to 127.0.0.1 reach it. The table,
 * which guards the loopback, is there by now.
 */
function switchOn({ link, target6 }: PublishedNic): void {
  const changes = [...forwardingChanges(target6 !== undefined), ...localnetChanges(link)];
  if (changes.length === 0) return;
  savePortSysctls([...portSysctls(), ...changes]);
  applySysctls(changes);
}

/** Lets the container reach itself by its published port: the bridge sends its packet back. */
function enableHairpin(kernel: Kernel, { pair, link }: PublishedNic): void {
  if (pair === undefined || pair === link) return;
  withNetlink(kernel, (netlink) => {
    const port = findLink(netlink, pair);
    if (port) setHairpin(netlink, port);
  });
}
