/**
 * Publishes ports of a container and withdraws them: by nft, in one transaction each. Synchronous,
 * because a release is; nft takes some milliseconds.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { toolEnvironment } from '../../util/own-process.ts';
import { listAddresses } from '../addresses.ts';
import { setHairpin } from '../bridge-vlans.ts';
import { formatAddress, networkOf, parseAddress } from '../ip-address.ts';
import { findLink } from '../links.ts';
import { withNetlink } from '../netlink.ts';
import { applySysctls, forwardingChanges } from '../sysctl.ts';
import {
  forgetPublished,
  giveSysctlsBack,
  localLinks,
  type NicId,
  type PublishedNic,
  portSysctls,
  portTable,
  publishedNic,
  publishedNics,
  removeRegistry,
  saveLocalLinks,
  savePortSysctls,
  savePublished,
} from './port-registry.ts';
import { elementsOf, elementText, nearText, type PortElement, tableText } from './port-rules.ts';

/** Scope of the kernel's `global` addresses. */
const GLOBAL = 0;
const TIMEOUT_MS = 20_000;

function nft(args: readonly string[], input = ''): { failed: string | undefined; stdout: string } {
  const result = spawnSync('nft', args, {
    input,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 100_000_000,
    env: toolEnvironment(),
    cwd: '/',
  });
  const { error, status, stdout, stderr } = result;
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
    throw new TslxcError({
      code: 'TOOL_MISSING',
      message: 'nft is not installed, and published ports need it',
      hint: 'install the package nftables',
    });
  const words = stderr?.trim().split('\n').slice(0, 2).join('; ');
  return {
    failed: status === 0 ? undefined : words || error?.message || `exit code ${status}`,
    stdout,
  };
}

/**
 * Makes the ports lead to the nic's addresses, and no longer to what they led to before.
 * @throws TslxcError TOOL_MISSING, NETWORK_FAILED
 */
export function publish(kernel: Kernel, nic: PublishedNic): void {
  const before = publishedNic(nic);
  // Both are written down until the rules are there: a release then finds all of them.
  savePublished(nic);
  const table = portTable();
  const near = nearNetworks(kernel, nic);
  const text = (old: readonly PortElement[]) =>
    tableText(table) +
    elementText(table, 'delete', old) +
    elementText(table, 'add', elementsOf(nic)) +
    nearText(table, near);
  const old = before ? elementsOf(before) : [];
  // Another program may have flushed the rules: then there is less to delete.
  let { failed } = nft(['-f', '-'], text(old));
  if (failed && old.length > 0) ({ failed } = nft(['-f', '-'], text(present(table, old))));
  if (failed) {
    if (before) savePublished(before);
    throw new TslxcError({
      code: 'NETWORK_FAILED',
      message: `publish the ports of ${nic.name}: nft: ${failed}`,
    });
  }
  passOn(nic);
  leadLoopback(nic.link);
  returnToPort(kernel, nic);
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
export function withdraw(id: NicId): void {
  const nic = publishedNic(id);
  if (!nic) return;
  const table = portTable();
  const isLast = publishedNics().every(
    ({ name, lxcpath, index }) => name === id.name && lxcpath === id.lxcpath && index === id.index,
  );
  if (isLast) {
    for (const link of localLinks()) setLocal(link, '0');
    giveSysctlsBack();
    const { failed } = nft(['-f', '-'], `add table inet ${table}\ndelete table inet ${table}\n`);
    if (failed) throw new TslxcError({ code: 'NETWORK_FAILED', message: `remove table ${table}: ${failed}` });
    removeRegistry();
    return;
  }
  const elements = elementsOf(nic);
  const remove = (some: readonly PortElement[]) =>
    some.length === 0 ? undefined : nft(['-f', '-'], elementText(table, 'delete', some)).failed;
  const failed = remove(elements) && remove(present(table, elements));
  if (failed)
    throw new TslxcError({ code: 'NETWORK_FAILED', message: `withdraw the ports of ${id.name}: ${failed}` });
  forgetPublished(id);
}

/** Those of the elements that the kernel has. */
function present(table: string, elements: readonly PortElement[]): PortElement[] {
  const there = new Map<string, Set<string>>();
  for (const map of new Set(elements.map((element) => element.map))) {
    const { failed, stdout } = nft(['-j', 'list', 'map', 'inet', table, map]);
    there.set(map, new Set(failed ? [] : keysIn(stdout)));
  }
  return elements.filter(({ map, key }) => there.get(map)!.has(key));
}

/** The keys of a map, as `elementsOf` writes them. */
function keysIn(json: string): string[] {
  const items = (JSON.parse(json) as { nftables: { map?: { elem?: [{ concat?: unknown[] }, unknown][] } }[] })
    .nftables;
  return items.flatMap(({ map }) => map?.elem ?? []).map(([key]) => (key.concat ?? []).join(' . '));
}

const localFile = (link: string) => `/proc/sys/net/ipv4/conf/${link}/route_localnet`;

function setLocal(link: string, value: '0' | '1'): void {
  if (existsSync(localFile(link))) writeFileSync(localFile(link), value);
}

/** Lets the host pass packets on to the container, from other hosts and from other containers. */
function passOn({ target6 }: PublishedNic): void {
  const changes = forwardingChanges(target6 !== undefined);
  if (changes.length === 0) return;
  savePortSysctls([...portSysctls(), ...changes]);
  applySysctls(changes);
}

/** Lets connections to 127.0.0.1 of the host reach the container. The table is there by now. */
function leadLoopback(link: string): void {
  if (!existsSync(localFile(link)) || readFileSync(localFile(link), 'utf8').trim() === '1') return;
  saveLocalLinks([...new Set([...localLinks(), link])]);
  setLocal(link, '1');
}

/** Lets the container reach itself by its published port: the bridge sends its packet back. */
function returnToPort(kernel: Kernel, { pair, link }: PublishedNic): void {
  if (pair === undefined || pair === link) return;
  withNetlink(kernel, (netlink) => {
    const port = findLink(netlink, pair);
    if (port) setHairpin(netlink, port);
  });
}
