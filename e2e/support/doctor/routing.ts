import type { RouterConfig } from '@routed/lab';

/** How a router's configuration differs from a good one. */
export interface RouterChange {
  /** In place of its own. */
  readonly routerId?: string;
}

/** What README.md recommends, for both families. */
export function routerOf(address: string, { routerId = address }: RouterChange = {}): RouterConfig {
  const text = `
ip prefix-list CONTAINERS seq 5 permit 10.1.0.0/16 ge 32
ipv6 prefix-list CONTAINERS6 seq 5 permit fd00:1::/64 ge 128
!
route-map CONTAINERS permit 10
 match ip address prefix-list CONTAINERS
exit
!
route-map CONTAINERS6 permit 10
 match ipv6 address prefix-list CONTAINERS6
exit
!
interface eth1
 ip ospf area 0
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf network point-to-point
 ipv6 ospf6 area 0
 ipv6 ospf6 hello-interval 1
 ipv6 ospf6 dead-interval 4
 ipv6 ospf6 network point-to-point
exit
!
router ospf
 ospf router-id ${routerId}
 redistribute kernel route-map CONTAINERS
 timers lsa min-arrival 0
exit
!
router ospf6
 ospf6 router-id ${address}
 redistribute kernel route-map CONTAINERS6
 timers lsa min-arrival 0
exit
`;
  return { files: [{ name: 'frr.conf', text }], daemons: ['ospfd', 'ospf6d'] };
}
