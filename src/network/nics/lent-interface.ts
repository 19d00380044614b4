/**
 * Interfaces of the host that a container has. Its network namespace is mounted on a file until
 * they are back: the kernel would destroy virtual ones with the namespace, and give others a name
 * of its own. So they come back even after a kill of every process of the manager and of the
 * container.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { MNT_DETACH, MS } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { changeLink, findLink, type Link, listLinks, type NetworkNamespace } from '../links.ts';
import { inNamespaceOf } from '../namespace-visit.ts';
import { type Netlink, withNetlink } from '../netlink.ts';
import type { LentInterface } from './nic-driver.ts';

/** Keeps a network namespace by a mount on `pin`. */
export function pinNamespace(kernel: Kernel, namespace: NetworkNamespace, pin: string): void {
  writeFileSync(pin, '');
  const source = 'pid' in namespace ? `/proc/${namespace.pid}/ns/net` : `/proc/self/fd/${namespace.fd}`;
  kernel.mount(source, pin, '', MS.BIND, '');
  kernel.mount('', pin, '', MS.PRIVATE, '');
}

/**
 * Brings the interface back as it was, and gives the namespace up. May be done twice, or where it
 * never left.
 */
export function takeBack(kernel: Kernel, lent: LentInterface): void {
  if (!isAtHome(kernel, lent) && isMounted(lent.pin)) bringBack(kernel, lent);
  withNetlink(kernel, (netlink) => restore(netlink, lent));
  if (isMounted(lent.pin)) kernel.umount(lent.pin, MNT_DETACH);
  rmSync(lent.pin, { force: true });
}

/** On the host: the kernel gives an interface its number back where that is free. */
function atHome(netlink: Netlink, { name, index, mac }: LentInterface): Link | undefined {
  const links = listLinks(netlink);
  return (
    links.find((link) => link.index === index) ?? links.find((link) => link.name === name && link.mac === mac)
  );
}

function isAtHome(kernel: Kernel, lent: LentInterface): boolean {
  return withNetlink(kernel, (netlink) => atHome(netlink, lent) !== undefined);
}

function bringBack(kernel: Kernel, lent: LentInterface): void {
  inNamespaceOf(kernel, lent.pin, (host) =>
    withNetlink(kernel, (netlink) => {
      const links = listLinks(netlink);
      const link =
        links.find(({ index }) => index === lent.index) ?? links.find(({ mac }) => mac === lent.mac);
      if (!link) return;
      if (link.up) changeLink(netlink, link, { up: false });
      changeLink(netlink, link, { namespace: { fd: host }, name: lent.name });
    }),
  );
}

function restore(netlink: Netlink, lent: LentInterface): void {
  const link = atHome(netlink, lent);
  if (!link) return;
  if (link.name !== lent.name && !findLink(netlink, lent.name)) {
    if (link.up) changeLink(netlink, link, { up: false });
    changeLink(netlink, link, { name: lent.name });
  }
  if (link.mac !== lent.mac) changeLink(netlink, link, { mac: lent.mac });
  if (link.mtu !== lent.mtu) changeLink(netlink, link, { mtu: lent.mtu });
  if (lent.up) changeLink(netlink, link, { up: true });
}

function isMounted(path: string): boolean {
  return existsSync(path) && readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `);
}
