// Records what ip(8) and bridge(8) send for encapsulations and VLANs that a test machine may lack, into routes.json beside
// this file. The kernel refuses them; the message is sent all the same. Needs root and strace:
//   node record-routes.mjs
import { writeFileSync } from 'node:fs';
import { sentBy } from './sent.mjs';

const COMMANDS = {
  mpls: 'ip route add 10.9.0.0/16 encap mpls 100/200 ttl 9 via inet 10.0.0.2 dev lo',
  ip: 'ip route add 10.9.0.0/16 encap ip id 5 src 10.0.0.1 dst 10.0.0.9 ttl 7 tos 8 dev lo',
  ip6: 'ip -6 route add fd09::/64 encap ip6 id 5 src fd00::1 dst fd00::9 hoplimit 7 tc 8 dev lo',
  seg6: 'ip -6 route add fd09::/64 encap seg6 mode encap segs fd00::1,fd00::2 dev lo',
  seg6Inline: 'ip -6 route add fd09::/64 encap seg6 mode inline segs fd00::1,fd00::2 dev lo',
  hops: 'ip route add 10.9.0.0/16 nexthop encap mpls 100 via 10.0.0.2 dev lo nexthop via 10.0.0.3 dev lo weight 2',
  vlan: 'bridge vlan add vid 7 dev lo pvid untagged',
  vlanRange: 'bridge vlan add vid 10-20 dev lo',
  vlanSelf: 'bridge vlan add vid 7 dev lo self',
  vlanDelete: 'bridge vlan delete vid 10-20 dev lo',
};
const TYPES = [17, 19, 24]; // RTM_DELLINK, RTM_SETLINK, RTM_NEWROUTE

const record = (command) => ({ command, hex: sentBy(command.split(' '), TYPES) });

const recorded = Object.fromEntries(Object.entries(COMMANDS).map(([name, command]) => [name, record(command)]));
writeFileSync(new URL('routes.json', import.meta.url), `${JSON.stringify(recorded, undefined, 2)}\n`);
