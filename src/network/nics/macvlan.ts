/** `macvlan`: a second MAC address on an interface of the host. */
import { withNetlink } from '../netlink.ts';
import type { MacvlanNic } from '../nic-plan.ts';
import type { NicDriver } from './nic-driver.ts';
import { linkOf, makeOnLink, missingPart, needsLink, resolveOn, withoutLink } from './on-link.ts';

const NEEDS = { module: 'macvlan', option: 'MACVLAN' };

export const MACVLAN: NicDriver<MacvlanNic> = {
  type: 'macvlan',
  needs: NEEDS,
  scripts: { up: true, down: true },
  parse: (config, settings) => ({
    ...settings,
    type: 'macvlan',
    mode: config.macvlanMode?.value ?? 'private',
  }),
  faults: (nic) => withoutLink(nic),
  faultsOnHost: (netlink, nic) => [...missingPart(nic, NEEDS), ...needsLink(netlink, nic).faults],
  bridge: () => undefined,
  resolve: (netlink, nic) => resolveOn(netlink, nic, linkOf(netlink, nic)),
  claims: () => [],
  create: (kernel, nic, namespace) =>
    withNetlink(kernel, (netlink) =>
      makeOnLink(netlink, nic, namespace, { name: 'macvlan', mode: nic.mode }),
    ),
  hostInterface: () => undefined,
  describe: (nic) => [`on ${nic.link}`, `mode ${nic.mode}`],
};
