/** `ipvlan`: further IP addresses on an interface of the host, with its MAC address. */
import { addProxy } from '../neighbours.ts';
import { withNetlink } from '../netlink.ts';
import { type IpvlanNic, nicError, nicStep } from '../nic-plan.ts';
import { proxyFaults } from '../veth-checks.ts';
import type { NicDriver } from './nic-driver.ts';
import { linkOf, makeOnLink, missingPart, needsLink, newProxies, resolveOn, withoutLink } from './on-link.ts';

const NEEDS = { module: 'ipvlan', option: 'IPVLAN' };

export const IPVLAN: NicDriver<IpvlanNic> = {
  type: 'ipvlan',
  needs: NEEDS,
  scripts: { up: true, down: true },
  parse: (config, settings) => ({
    ...settings,
    type: 'ipvlan',
    mode: config.ipvlanMode?.value ?? 'l3',
    isolation: config.ipvlanIsolation?.value ?? 'bridge',
    ...(config.l2proxy?.value ? { l2proxy: true } : {}),
  }),
  faults: (nic) => [
    ...withoutLink(nic),
    ...(nic.hwaddr === undefined
      ? []
      : [nicError(nic, 'hwaddr', 'CONFIG_CONFLICT', 'an ipvlan has the hardware address of its link')]),
    ...(nic.l2proxy && nic.mode !== 'l3s'
      ? [
          nicError(
            nic,
            'l2proxy',
            'CONFIG_CONFLICT',
            `the host answers for an ipvlan in mode l3s only, and its mode is ${nic.mode}`,
            `set lxc.net.${nic.index}.ipvlan.mode = l3s`,
          ),
        ]
      : []),
  ],
  faultsOnHost(netlink, nic) {
    const { link, faults } = needsLink(netlink, nic);
    return [...missingPart(nic, NEEDS), ...faults, ...(link && nic.l2proxy ? proxyFaults(nic, link) : [])];
  },
  bridge: () => undefined,
  resolve(netlink, nic) {
    const link = linkOf(netlink, nic);
    const resolved = resolveOn(netlink, nic, link);
    return nic.l2proxy && link ? { ...resolved, proxied: newProxies(netlink, nic, link) } : resolved;
  },
  claims: (_netlink, { link, proxied }) =>
    link && proxied?.length ? [{ type: 'proxies', link, proxied }] : [],
  create: (kernel, nic, namespace) =>
    withNetlink(kernel, (netlink) => {
      makeOnLink(netlink, nic, namespace, { name: 'ipvlan', mode: nic.mode, isolation: nic.isolation });
      const link = linkOf(netlink, nic)!;
      for (const proxied of nic.proxied ?? [])
        nicStep(nic, 'l2proxy', () => addProxy(netlink, link, proxied));
    }),
  hostInterface: () => undefined,
  describe: (nic) => [
    `on ${nic.link}`,
    `mode ${nic.mode}`,
    `isolation ${nic.isolation}`,
    ...(nic.l2proxy ? [`proxy on ${nic.link}`] : []),
  ],
};
