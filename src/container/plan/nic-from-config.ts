import type { NicConfig } from '../../config/nic-config.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import type { NicKey, NicOrigin, NicPlan, NicRoute } from '../../network/nic-plan.ts';

const SUPPORTED_NICS = new Set(['veth', 'empty', 'none']);

/** The config's `lxc.net.N.*` as the network room takes them. @throws TslxcError NOT_SUPPORTED for types that come later */
export function planNic(nic: NicConfig): NicPlan {
  const type = nic.type?.value ?? 'empty';
  if (!SUPPORTED_NICS.has(type))
    throw new TslxcError({
      code: 'NOT_SUPPORTED',
      message: `lxc.net.${nic.index}.type = ${type} is not acted on in this version`,
      ...(nic.type?.origin ?? nic.origin),
      hint: 'this version knows veth, empty and none',
    });
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
    ['script.up', nic.scriptUp],
    ['script.down', nic.scriptDown],
  ] as const)
    if (setting) origins[key] = setting.origin;
  const gateway = (setting: NicConfig['ipv4Gateway']) =>
    setting && (setting.value.kind === 'address' ? setting.value.address : setting.value.kind);
  return {
    index: nic.index,
    type: type as NicPlan['type'],
    link: nic.link?.value,
    name: nic.name?.value,
    hwaddr: nic.hwaddr?.value.pattern,
    mtu: nic.mtu?.value,
    up: nic.flags !== undefined,
    pair: nic.vethPair?.value,
    ipv4: nic.ipv4Address.map(({ value }) => value),
    ipv4Gateway: gateway(nic.ipv4Gateway),
    ipv6: nic.ipv6Address.map(({ value }) => value),
    ipv6Gateway: gateway(nic.ipv6Gateway),
    ...vethOnly(nic),
    scriptUp: nic.scriptUp?.value,
    scriptDown: nic.scriptDown?.value,
    origins,
  };
}

/** What is set beyond the ordinary: the plan of most nics has none of it. */
function vethOnly(nic: NicConfig): Partial<NicPlan> {
  const values = (settings: readonly { value: NicRoute }[]) => settings.map(({ value }) => value);
  const said = {
    mode: nic.vethMode?.value,
    rxQueues: nic.vethNRxqueues?.value,
    txQueues: nic.vethNTxqueues?.value,
    vlan: nic.vethVlanId?.value,
    l2proxy: nic.l2proxy?.value || undefined,
    ipv4Routes: nic.vethIpv4Route.length > 0 ? values(nic.vethIpv4Route) : undefined,
    ipv6Routes: nic.vethIpv6Route.length > 0 ? values(nic.vethIpv6Route) : undefined,
    taggedVlans: nic.vethVlanTaggedId.length > 0 ? nic.vethVlanTaggedId.map(({ value }) => value) : undefined,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
