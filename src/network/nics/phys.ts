/**
 * `phys`: an interface of the host that moves into the container, and back under its old name at
 * the end.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { changeLink } from '../links.ts';
import { withNetlink } from '../netlink.ts';
import { nicError, nicStep, type PhysNic } from '../nic-plan.ts';
import { pinNamespace } from './lent-interface.ts';
import type { NicDriver } from './nic-driver.ts';
import { linkOf, needsLink, resolveOn, withoutLink } from './on-link.ts';

export const PHYS: NicDriver<PhysNic> = {
  type: 'phys',
  scripts: { up: true, down: true },
  parse: (_config, settings) => ({ ...settings, type: 'phys' }),
  faults: (nic) => withoutLink(nic),
  faultsOnHost(netlink, nic) {
    const { link, faults } = needsLink(netlink, nic);
    if (!link) return faults;
    const refuse = (message: string) => [nicError(nic, 'link', 'CONFIG_VALUE', message)];
    if (link.loopback) return refuse(`"${link.name}" is the loopback interface`);
    if (link.kind === 'bridge') return refuse(`"${link.name}" is a bridge, which cannot move`);
    if (existsSync(`/sys/class/net/${link.name}/phy80211`))
      return refuse(`"${link.name}" is wireless, which this version cannot move`);
    return [];
  },
  bridge: () => undefined,
  resolve(netlink, nic) {
    const link = linkOf(netlink, nic);
    return { ...resolveOn(netlink, nic, link), mtu: nic.mtu };
  },
  claims(netlink, nic, directory) {
    const { name, index, mac, mtu, up } = linkOf(netlink, nic)!;
    return [{ type: 'lent', lent: { name, index, mac, mtu, up, pin: join(directory, `net${nic.index}`) } }];
  },
  create(kernel, nic, namespace, claims) {
    for (const claim of claims) if (claim.type === 'lent') pinNamespace(kernel, namespace, claim.lent.pin);
    withNetlink(kernel, (netlink) => {
      const link = linkOf(netlink, nic)!;
      if (link.up) nicStep(nic, 'link', () => changeLink(netlink, link, { up: false }));
      nicStep(nic, 'link', () => changeLink(netlink, link, { namespace, name: nic.name }));
    });
  },
  hostInterface: () => undefined,
  describe: (nic) => [`interface ${nic.link} of the host`],
};
