/** `vlan`: packets of one VLAN on an interface of the host. */
import { withNetlink } from '../netlink.ts';
import { nicError, type VlanNic } from '../nic-plan.ts';
import type { NicDriver } from './nic-driver.ts';
import { linkOf, makeOnLink, missingPart, needsLink, resolveOn, withoutLink } from './on-link.ts';

const NEEDS = { module: '8021q', option: 'VLAN_8021Q' };

export const VLAN: NicDriver<VlanNic> = {
  type: 'vlan',
  needs: NEEDS,
  scripts: { up: true, down: true },
  parse: (config, settings) => ({ ...settings, type: 'vlan', id: config.vlanId?.value }),
  faults: (nic) =>
    withoutLink(nic).concat(
      nic.id === undefined
        ? [
            nicError(
              nic,
              'type',
              'CONFIG_VALUE',
              'a nic of type vlan needs a number',
              `add lxc.net.${nic.index}.vlan.id`,
            ),
          ]
        : [],
    ),
  faultsOnHost: (netlink, nic) => [...missingPart(nic, NEEDS), ...needsLink(netlink, nic).faults],
  bridge: () => undefined,
  resolve: (netlink, nic) => resolveOn(netlink, nic, linkOf(netlink, nic)),
  claims: () => [],
  create: (kernel, nic, namespace) =>
    withNetlink(kernel, (netlink) => makeOnLink(netlink, nic, namespace, { name: 'vlan', id: nic.id! })),
  hostInterface: () => undefined,
  describe: (nic) => [`on ${nic.link}`, `vlan ${nic.id}`],
};
