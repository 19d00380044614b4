/** What the keys of a veth say of each other and of the host: modes, VLANs, proxies. */
import { existsSync, readFileSync } from 'node:fs';
import type { TslxcError } from '../errors/tslxc-error.ts';
import type { Link } from './links.ts';
import { type InterfaceNic, type NicKey, nicError, type VethNic } from './nic-plan.ts';
import { isRouted } from './veth-router.ts';

/** The VLAN key that is set. */
function vlanKey(nic: VethNic): NicKey | undefined {
  if (nic.vlan !== undefined) return 'veth.vlan.id';
  return nic.taggedVlans === undefined ? undefined : 'veth.vlan.tagged.id';
}

/** Contradictions of the config, found without looking at the host. */
export function vethFaults(nic: VethNic): TslxcError[] {
  const conflict = (key: NicKey, message: string) => nicError(nic, key, 'CONFIG_CONFLICT', message);
  const vlan = vlanKey(nic);
  const link = `lxc.net.${nic.index}.link`;
  const faults: TslxcError[] = [];
  if (vlan && isRouted(nic)) faults.push(conflict(vlan, 'VLANs are those of a bridge: not in router mode'));
  else if (vlan && nic.link === undefined)
    faults.push(conflict(vlan, `VLANs are those of a bridge, and ${link} names none`));
  if (nic.l2proxy && nic.link === undefined)
    faults.push(conflict('l2proxy', `the host answers on the link, and ${link} names none`));
  return faults;
}

/** What the link lacks for the nic. */
export function vethFaultsOnHost(nic: VethNic, link: Link): TslxcError[] {
  const vlan = vlanKey(nic);
  return [
    ...(vlan && !isRouted(nic) ? vlanFaults(nic, vlan, link) : []),
    ...(nic.l2proxy ? proxyFaults(nic, link) : []),
  ];
}

function vlanFaults(nic: VethNic, key: NicKey, { name, kind, vlans }: Link): TslxcError[] {
  if (kind !== 'bridge' || vlans?.filters) return [];
  if (!vlans)
    return [
      nicError(
        nic,
        key,
        'NOT_SUPPORTED',
        `bridge "${name}" cannot filter VLANs on this kernel (CONFIG_BRIDGE_VLAN_FILTERING)`,
      ),
    ];
  const remedy = `\`ip link set ${name} type bridge vlan_filtering 1\``;
  return [nicError(nic, key, 'NETWORK_FAILED', `bridge "${name}" does not filter VLANs`, remedy)];
}

/** Like LXC, the check does not make a router of the link: that is the administrator's decision. */
export function proxyFaults(nic: InterfaceNic, { name }: Link): TslxcError[] {
  const wanted = [
    ...(nic.ipv4.length > 0 ? [`ipv4/conf/${name}/forwarding`] : []),
    ...(nic.ipv6.length > 0 ? [`ipv6/conf/${name}/forwarding`, `ipv6/conf/${name}/proxy_ndp`] : []),
  ];
  return wanted
    .filter((key) => {
      const file = `/proc/sys/net/${key}`;
      return existsSync(file) && readFileSync(file, 'utf8').trim() !== '1';
    })
    .map((key) =>
      nicError(
        nic,
        'l2proxy',
        'NETWORK_FAILED',
        `the host can only answer on "${name}" if net/${key} is 1`,
        `\`sysctl -w net/${key}=1\``,
      ),
    );
}
