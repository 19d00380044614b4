/**
 * Numbers of the netlink and rtnetlink ABI.
 * Sources: include/uapi/linux/{netlink,rtnetlink,if_link,if_addr,if_bridge,neighbour,veth}.h.
 */

export const NETLINK_ROUTE = 0;
export const SOL_NETLINK = 270;
/**
 * Socket options: short acks, the kernel's own words with an error, dumps that honour their filter.
 */
export const NETLINK_OPTION = { CAP_ACK: 10, EXT_ACK: 11, GET_STRICT_CHK: 12 } as const;

export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;
export const NLM_F = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  DUMP_INTR: 0x10,
  /** In an answer: the rest of the failed request was left out. */
  CAPPED: 0x100,
  /** In an answer: attributes (NLMSGERR_ATTR) follow. */
  ACK_TLVS: 0x200,
  DUMP: 0x300,
  EXCL: 0x200,
  CREATE: 0x400,
} as const;
export const NLMSGERR_ATTR_MSG = 1;

/** In an attribute's type field: its value is attributes again. */
export const NLA_F_NESTED = 0x8000;
export const NLA_TYPE_MASK = 0x3fff;

export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  SETLINK: 19,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
} as const;

/** `struct ifinfomsg` flags. */
export const IFF = { UP: 1, LOOPBACK: 8, RUNNING: 0x40 } as const;
export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  LINKINFO: 18,
  NET_NS_PID: 19,
  STATS64: 23,
  AF_SPEC: 26,
  NET_NS_FD: 28,
  NUM_TX_QUEUES: 31,
  NUM_RX_QUEUES: 32,
} as const;
export const IFLA_INFO = { KIND: 1, DATA: 2 } as const;
export const VETH_INFO_PEER = 1;
/**
 * Inside IFLA_INFO_DATA of the other kinds, and values of theirs (include/uapi/linux/if_link.h).
 */
export const IFLA_MACVLAN_MODE = 1;
export const MACVLAN_MODE = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
export const IFLA_IPVLAN = { MODE: 1, FLAGS: 2 } as const;
export const IPVLAN_MODE = { l2: 0, l3: 1, l3s: 2 } as const;
export const IPVLAN_FLAGS = { bridge: 0, private: 1, vepa: 2 } as const;
export const IFLA_VLAN_ID = 1;
/** Inside IFLA_INFO_DATA of a bridge. */
export const IFLA_BR = { VLAN_FILTERING: 7, VLAN_DEFAULT_PVID: 39 } as const;
/** Inside IFLA_PROTINFO of a port. */
export const IFLA_PROTINFO = 12;
export const IFLA_BRPORT = { MODE: 4 } as const;
/** Inside IFLA_AF_SPEC of a port; and the flags of its `struct bridge_vlan_info`. */
export const IFLA_BRIDGE_VLAN_INFO = 2;
export const BRIDGE_VLAN = { PVID: 2, UNTAGGED: 4 } as const;
/** Inside IFLA_AF_SPEC / AF_INET6. */
export const IFLA_INET6_ADDR_GEN_MODE = 8;
export const IN6_ADDR_GEN_MODE_NONE = 1;

export const IFA = { ADDRESS: 1, LOCAL: 2, BROADCAST: 4, FLAGS: 8 } as const;
export const IFA_F_NODAD = 0x02;

/** `struct ndmsg`. */
export const NDA_DST = 1;
export const NTF_PROXY = 0x08;
export const NUD_PERMANENT = 0x80;

export const RTA = { DST: 1, OIF: 4, GATEWAY: 5, TABLE: 15 } as const;
export const RT_TABLE_MAIN = 254;
export const RTPROT_BOOT = 3;
export const RT_SCOPE = { UNIVERSE: 0, LINK: 253 } as const;
export const RTN_UNICAST = 1;

/** Longest interface name in bytes (IFNAMSIZ less the NUL). */
export const INTERFACE_NAME_MAX = 15;
