/**
 * What a port of a bridge is told: its VLANs, where the bridge filters them (`bridge vlan` of
 * iproute2), and that packets may return by it.
 */
import { AF } from '../kernel/constants.ts';
import type { Link } from './links.ts';
import type { Netlink } from './netlink.ts';
import { attribute, nested, u8 } from './netlink-message.ts';
import {
  BRIDGE_VLAN,
  IFLA,
  IFLA_BRIDGE_VLAN_INFO,
  IFLA_BRPORT,
  IFLA_PROTINFO,
  RTM,
} from './rtnetlink-numbers.ts';

/** `struct ifinfomsg` of the bridge's family. */
function portInfo(index: number): Buffer {
  const info = Buffer.alloc(16);
  info[0] = AF.BRIDGE;
  info.writeInt32LE(index, 4);
  return info;
}

/** Lets the bridge send a packet of the port back by the same port. */
export function setHairpin(netlink: Netlink, port: Pick<Link, 'index' | 'name'>): void {
  netlink.change({
    type: RTM.SETLINK,
    body: [portInfo(port.index), nested(IFLA_PROTINFO, u8(IFLA_BRPORT.MODE, 1))],
    action: `let packets of interface "${port.name}" return by it`,
  });
}

function vlanInfo(id: number, flags: number): Buffer {
  const info = Buffer.alloc(4);
  info.writeUInt16LE(flags, 0);
  info.writeUInt16LE(id, 2);
  return nested(IFLA.AF_SPEC, attribute(IFLA_BRIDGE_VLAN_INFO, info));
}

/** What a port is to be a member of. */
export interface PortVlans {
  /**
   * VLAN of untagged packets; `none` for no such VLAN, undefined to leave it as the bridge gives
   * it.
   */
  readonly untagged?: number | 'none' | undefined;
  readonly tagged: readonly number[];
}

/** Makes a port of `bridge` a member of these VLANs. */
export function setPortVlans(
  netlink: Netlink,
  port: Pick<Link, 'index' | 'name'>,
  bridge: Pick<Link, 'vlans'>,
  { untagged, tagged }: PortVlans,
): void {
  const change = (type: number, id: number, flags: number, action: string) =>
    netlink.change({ type, body: [portInfo(port.index), vlanInfo(id, flags)], action });
  const given = bridge.vlans?.defaultId ?? 0;
  if (untagged !== undefined && given !== 0 && given !== untagged)
    change(RTM.DELLINK, given, 0, `take interface "${port.name}" out of VLAN ${given}`);
  if (typeof untagged === 'number' && untagged !== 0)
    change(
      RTM.SETLINK,
      untagged,
      BRIDGE_VLAN.PVID | BRIDGE_VLAN.UNTAGGED,
      `put untagged packets of interface "${port.name}" into VLAN ${untagged}`,
    );
  for (const id of tagged) change(RTM.SETLINK, id, 0, `let interface "${port.name}" into VLAN ${id}`);
}
