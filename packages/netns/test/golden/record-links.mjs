// Records what ip(8) sends for kinds of links that a test machine may lack, into links.json beside this file.
// The kernel refuses them; the message is sent all the same. Needs root, strace, and iproute2 6.7 for netkit:
//   IP=/path/to/ip node record-links.mjs
import { writeFileSync } from 'node:fs';
import { sentBy } from './sent.mjs';

const ip = process.env.IP ?? 'ip';
const COMMANDS = {
  dummy: 'dummy',
  wireguard: 'wireguard',
  vlan: 'vlan protocol 802.1ad id 7 reorder_hdr off gvrp on egress-qos-map 1:2 3:4 ingress-qos-map 5:6',
  bridge:
    'bridge vlan_filtering 1 vlan_protocol 802.1ad vlan_default_pvid 7 vlan_stats_enabled 1 vlan_stats_per_port 1 ' +
    'mcast_vlan_snooping 1',
  ipvlan: 'ipvlan mode l3s private',
  vrf: 'vrf table 1000',
  bond:
    'bond mode 802.3ad miimon 100 updelay 200 downdelay 300 use_carrier 1 xmit_hash_policy layer3+4 min_links 2 ' +
    'lacp_rate fast ad_select count ad_actor_sys_prio 7 ad_user_port_key 9 ad_actor_system 02:00:00:00:00:07 resend_igmp 3 ' +
    'num_grat_arp 4 all_slaves_active 1 packets_per_slave 5 lp_interval 6 peer_notify_delay 100 lacp_active on',
  bondArp:
    'bond mode active-backup arp_interval 1000 arp_ip_target 10.0.0.1,10.0.0.2 arp_validate all arp_all_targets all ' +
    'primary_reselect better fail_over_mac follow arp_missed_max 3 tlb_dynamic_lb 1 coupled_control off ns_ip6_target fd00::1,fd00::2',
  gre:
    'gre local 10.0.0.1 remote 10.0.0.2 ikey 5 okey 6 icsum oseq ttl 64 tos 0x10 dev lo fwmark 9 ' +
    'encap fou encap-sport 1234 encap-dport 5555 encap-csum',
  gretap: 'gretap external',
  ipip: 'ipip local 10.0.0.1 remote 10.0.0.2 ttl inherit dev lo nopmtudisc fwmark 3',
  sit: 'sit local 10.0.0.1 remote 10.0.0.2 mode any isatap encap gue encap-dport 7 encap-remcsum',
  netkit: 'netkit mode l2 blackhole peer forward name nk1',
};
const ON_LOWER = new Set(['vlan', 'ipvlan']);
const RTM_NEWLINK = 16;

function record(name, settings) {
  const command = `link add name x ${ON_LOWER.has(name) ? 'link lo ' : ''}type ${settings}`;
  return { command: `ip ${command}`, hex: sentBy([ip, ...command.split(' ')], [RTM_NEWLINK]) };
}

const recorded = Object.fromEntries(Object.entries(COMMANDS).map(([name, settings]) => [name, record(name, settings)]));
writeFileSync(new URL('links.json', import.meta.url), `${JSON.stringify(recorded, undefined, 2)}\n`);
