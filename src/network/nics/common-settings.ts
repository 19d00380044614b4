import type { NicConfig } from '../../config/nic-config.ts';
import type { InterfaceSettings, NicKey, NicOrigin } from '../nic-plan.ts';

/** The config's settings that every type of interface has, and their places. */
export function commonSettings(nic: NicConfig): InterfaceSettings {
  const origins: Partial<Record<NicKey, NicOrigin>> = {};
  for (const [key, setting] of [
    ['type', nic.type],
    ['link', nic.link],
    ['name', nic.name],
    ['hwaddr', nic.hwaddr],
    ['mtu', nic.mtu],
    ['flags', nic.flags],
    ['veth.pair', nic.vethPair],
    ['veth.mode', nic.vethMode],
    ['veth.n_rxqueues', nic.vethNRxqueues],
    ['veth.n_txqueues', nic.vethNTxqueues],
    ['veth.ipv4.route', nic.vethIpv4Route[0]],
    ['veth.ipv6.route', nic.vethIpv6Route[0]],
    ['veth.vlan.id', nic.vethVlanId],
    ['veth.vlan.tagged.id', nic.vethVlanTaggedId[0]],
    ['l2proxy', nic.l2proxy],
    ['ipv4.address', nic.ipv4Address[0]],
    ['ipv4.gateway', nic.ipv4Gateway],
    ['ipv6.address', nic.ipv6Address[0]],
    ['ipv6.gateway', nic.ipv6Gateway],
    ['macvlan.mode', nic.macvlanMode],
    ['ipvlan.mode', nic.ipvlanMode],
    ['ipvlan.isolation', nic.ipvlanIsolation],
    ['vlan.id', nic.vlanId],
    ['publish', nic.publish[0]],
    ['script.up', nic.scriptUp],
    ['script.down', nic.scriptDown],
  ] as const)
    if (setting) origins[key] = setting.origin;
  const gateway = (setting: NicConfig['ipv4Gateway']) =>
    setting && (setting.value.kind === 'address' ? setting.value.address : setting.value.kind);
  return {
    index: nic.index,
    link: nic.link?.value,
    name: nic.name?.value,
    hwaddr: nic.hwaddr?.value.pattern,
    // 0 asks for no MTU, as with LXC.
    mtu: nic.mtu?.value || undefined,
    up: nic.flags !== undefined,
    ipv4: nic.ipv4Address.map(({ value }) => value),
    ipv4Gateway: gateway(nic.ipv4Gateway),
    ipv6: nic.ipv6Address.map(({ value }) => value),
    ipv6Gateway: gateway(nic.ipv6Gateway),
    ...(nic.publish.length > 0
      ? { publish: nic.publish.map(({ value, origin }) => ({ ...value, origin })) }
      : {}),
    scriptUp: nic.scriptUp?.value,
    scriptDown: nic.scriptDown?.value,
    origins,
  };
}
