/** Constants of linux uapi if_link.h, if.h, ip.h and veth.h. */

export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  TXQLEN: 13,
  LINKINFO: 18,
  IFALIAS: 20,
  AF_SPEC: 26,
  GROUP: 27,
  NET_NS_FD: 28,
  EXT_MASK: 29,
  LINK_NETNSID: 37,
  TARGET_NETNSID: 46,
} as const;

export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
export const IFLA_INFO_SLAVE_KIND = 4;
export const IFLA_INFO_SLAVE_DATA = 5;
export const VETH_INFO_PEER = 1;
export const IFLA_INET_CONF = 1;
export const IFLA_INET6_ADDR_GEN_MODE = 8;
export const ADDRESS_GENERATION = { eui64: 0, none: 1 } as const;
/** Leaves the statistics out of the reply. */
export const RTEXT_FILTER_SKIP_STATS = 8;

export const IFF_UP = 0x1;
export const IFF_LOOPBACK = 0x8;
export const IFF_RUNNING = 0x40;
export const IFF_LOWER_UP = 0x10000;

/** IPV4_DEVCONF_* of linux uapi ip.h, under the field names of Ipv4LinkConf. */
export const IPV4_DEVCONF = {
  forwarding: 1,
  proxyArp: 3,
  acceptRedirects: 4,
  secureRedirects: 5,
  sendRedirects: 6,
  rpFilter: 8,
  logMartians: 11,
  arpFilter: 13,
  arpAnnounce: 18,
  arpIgnore: 19,
  arpAccept: 21,
  arpNotify: 22,
  acceptLocal: 23,
  proxyArpPvlan: 25,
  routeLocalnet: 26,
} as const;
