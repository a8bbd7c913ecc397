import { bySh, type Fault } from './fault.ts';

/** `A` is a text over which the file `path` of /proc says something else. */
const cover = (path: string, text: string): string =>
  `mkdir -p /run/covers; printf '%s\\n' '${text}' > /run/covers/$(basename ${path}); mountpoint -q ${path} || mount --bind /run/covers/$(basename ${path}) ${path}`;

/** The same, so that nobody can write it. */
const coverForGood = (path: string, text: string): string => `${cover(path, text)}; mount -o remount,bind,ro ${path}`;

/** The tables of neighbours have their limits in the first network namespace alone: here they are files. */
const coverNeighbours = `
  mountpoint -q /proc/sys/net/ipv4/neigh || mount -t tmpfs none /proc/sys/net/ipv4/neigh
  mkdir -p /proc/sys/net/ipv4/neigh/default; cd /proc/sys/net/ipv4/neigh/default
  echo 1 > gc_thresh1; echo 1 > gc_thresh2; echo 1 > gc_thresh3`;

/** Sysctls and other things of the kernel. */
export const kernelFaults: readonly Fault[] = [
  bySh({
    check: 'kernel',
    round: 'broken kernel',
    what: 'a Linux that is too old',
    severity: 'broken',
    found: /^this is Linux 5\.10\.0-8-amd64$/,
    why: /^before 5\.18 addresses have no protocol/,
    remedy: /^boot Linux 5\.18 or newer/,
    breaking: cover('/proc/sys/kernel/osrelease', '5.10.0-8-amd64'),
    reverting: 'umount /proc/sys/kernel/osrelease',
  }),
  bySh({
    check: 'node',
    round: 'broken kernel',
    what: 'a Node.js that is too old',
    severity: 'broken',
    found: /^this is Node\.js v18\.19\.0$/,
    why: /^routed-plugin needs 20\.19/,
    remedy: /newer Node\.js$/,
    breaking: `echo 'Object.defineProperty(process, "version", { value: "v18.19.0" })' > /run/old-node.cjs`,
    reverting: 'rm /run/old-node.cjs',
    environment: 'NODE_OPTIONS=--require=/run/old-node.cjs',
  }),
  bySh({
    check: 'veth',
    round: 'broken kernel',
    what: 'a kernel without veth',
    severity: 'broken',
    found: /^cannot create a veth link: .*Unknown device type/,
    why: /^a container's link is a veth pair/,
    remedy: /^run "modprobe veth"/,
    // What iproute2 says of a kernel that was built without it.
    breaking: `mkdir -p /run/no-veth; cat > /run/no-veth/ip <<'END'
#!/bin/sh
case "$*" in *"type veth"*) echo "Error: Unknown device type." >&2; exit 2;; esac
exec /usr/sbin/ip "$@"
END
chmod +x /run/no-veth/ip`,
    reverting: 'rm -r /run/no-veth',
    environment: 'PATH=/run/no-veth:$PATH',
  }),
  bySh({
    check: 'forwarding-ipv4',
    round: 'broken kernel',
    what: 'IPv4 forwarding switched off',
    severity: 'broken',
    found: /^net\/ipv4\/ip_forward is 0$/,
    why: /^the host is the router of its containers/,
    remedy: /^start routed-plugin, which sets it/,
    // The daemon would set it again before anybody looked.
    breaking: coverForGood('/proc/sys/net/ipv4/ip_forward', '0'),
    reverting: 'umount /proc/sys/net/ipv4/ip_forward',
  }),
  bySh({
    check: 'forwarding-ipv4',
    round: 'broken',
    fix: {
      batch: 'second',
      state: 'cat /proc/sys/net/ipv4/conf/eth1/forwarding',
      fixed: /^1$/,
      says: /^net\/ipv4\/conf\/eth1\/forwarding: 0 -> 1$/,
    },
    what: 'IPv4 forwarding switched off on one uplink',
    severity: 'broken',
    found: /^net\/ipv4\/conf\/eth1\/forwarding is 0$/,
    why: /not packets that arrive on eth1/,
    remedy: /^run with --fix$/,
    breaking: 'sysctl -qw net.ipv4.conf.eth1.forwarding=0',
    reverting: 'sysctl -qw net.ipv4.conf.eth1.forwarding=1',
  }),
  bySh({
    check: 'forwarding-ipv6',
    round: 'broken kernel',
    what: 'IPv6 forwarding switched off',
    severity: 'broken',
    found: /^net\/ipv6\/conf\/all\/forwarding is 0$/,
    why: /^there are IPv6 networks/,
    remedy: /^start routed-plugin, which sets it/,
    breaking: coverForGood('/proc/sys/net/ipv6/conf/all/forwarding', '0'),
    reverting: 'umount /proc/sys/net/ipv6/conf/all/forwarding',
  }),
  bySh({
    check: 'forwarding-ipv6',
    round: 'broken',
    what: 'IPv6 switched off for new links',
    severity: 'broken',
    found: /^net\/ipv6\/conf\/default\/disable_ipv6 is 1$/,
    why: /^new links have no IPv6/,
    remedy: /run "sysctl -w net\/ipv6\/conf\/default\/disable_ipv6=0"/,
    breaking: 'sysctl -qw net.ipv6.conf.default.disable_ipv6=1',
    reverting: 'sysctl -w net/ipv6/conf/default/disable_ipv6=0',
  }),
  bySh({
    check: 'router-advertisements',
    round: 'broken',
    fix: {
      batch: 'second',
      state: 'cat /proc/sys/net/ipv6/conf/eth1/accept_ra',
      fixed: /^2$/,
      says: /^net\/ipv6\/conf\/eth1\/accept_ra: 1 -> 2$/,
    },
    what: 'an uplink that no longer hears router advertisements',
    severity: 'broken',
    found: /^net\/ipv6\/conf\/eth1\/accept_ra is 1 while IPv6 is forwarded$/,
    why: /default route and the addresses of eth1 expire/,
    remedy: /^run with --fix$/,
    breaking: 'ip -6 route replace 2001:db8:1::/64 dev eth1 proto ra; sysctl -qw net.ipv6.conf.eth1.accept_ra=1',
    reverting: 'ip -6 route del 2001:db8:1::/64 dev eth1; sysctl -qw net.ipv6.conf.eth1.accept_ra=2',
  }),
  bySh({
    check: 'reverse-path',
    round: 'warnings',
    fix: {
      batch: 'first',
      state: 'cat /proc/sys/net/ipv4/conf/eth1/rp_filter',
      fixed: /^2$/,
      says: /^net\/ipv4\/conf\/eth1\/rp_filter: 1 -> 2$/,
    },
    what: 'strict reverse path filters on two uplinks',
    severity: 'warning',
    found: /^net\/ipv4\/conf\/eth1\/rp_filter is strict \(1\), and there are 2 uplinks$/,
    why: /packets may arrive on one while replies leave by another/,
    remedy: /^run with --fix/,
    breaking:
      'ip link add eth2 type veth peer name wire2 2>/dev/null || true; ip link set wire2 up; ip link set eth2 up; sysctl -qw net.ipv4.conf.eth1.rp_filter=1',
    reverting: 'ip link del eth2; sysctl -qw net.ipv4.conf.eth1.rp_filter=0',
  }),
  bySh({
    check: 'gateway-answers',
    round: 'broken kernel',
    what: 'a host that keeps silent about addresses of other links',
    severity: 'broken',
    found: /^net\/ipv4\/conf\/all\/arp_ignore is 1$/,
    why: /^the gateway address is on the loopback link/,
    remedy: /run "sysctl -w net\/ipv4\/conf\/all\/arp_ignore=0"$/,
    breaking: 'sysctl -qw net.ipv4.conf.all.arp_ignore=1',
    reverting: 'sysctl -w net/ipv4/conf/all/arp_ignore=0',
  }),
  bySh({
    check: 'proxy-arp',
    round: 'warnings',
    what: 'the proxy ARP that the Go plugin needed',
    severity: 'warning',
    found: /^net\/ipv4\/conf\/eth1\/proxy_arp is 1$/,
    why: /the Go plugin needed it, routed does not$/,
    remedy: /run "sysctl -w net\/ipv4\/conf\/eth1\/proxy_arp=0"/,
    breaking: 'sysctl -qw net.ipv4.conf.eth1.proxy_arp=1',
    reverting: 'sysctl -w net/ipv4/conf/eth1/proxy_arp=0',
  }),
  bySh({
    check: 'neighbours',
    round: 'broken kernel',
    fix: {
      batch: 'first',
      state: 'cd /proc/sys/net/ipv4/neigh/default; echo $(cat gc_thresh1) $(cat gc_thresh2) $(cat gc_thresh3)',
      fixed: /^8192 16384 32768$/,
      says: /^net\/ipv4\/neigh\/default\/gc_thresh3: 1 -> 32768$/,
    },
    what: 'a neighbour table that is full',
    severity: 'broken',
    found: /^the IPv4 neighbour table, one for all network namespaces, has about 1 entries of 1 \(at most 1\)/,
    why: /new containers cannot reach their gateway/,
    remedy: /^run with --fix$/,
    breaking: coverNeighbours,
    reverting: 'umount /proc/sys/net/ipv4/neigh',
  }),
  bySh({
    check: 'conntrack',
    round: 'broken kernel',
    fix: {
      batch: 'first',
      state: 'cat /proc/sys/net/netfilter/nf_conntrack_max',
      fixed: /^1048576$/,
      says: /^net\/netfilter\/nf_conntrack_max: 1 -> 1048576$/,
    },
    what: 'a table of connections that is full',
    severity: 'broken',
    found: /^connection tracking has \d+ entries of at most 1$/,
    why: /packets of new connections are dropped/,
    remedy: /^run with --fix$/,
    // The limit belongs to the first network namespace; the entries are ours.
    breaking: `${cover('/proc/sys/net/netfilter/nf_conntrack_max', '1')}; for to in 2 3; do ping -c 1 -W 1 10.1.255.$to || true; done; for to in 10.112.11.2 127.0.0.1; do ping -c 1 $to; done > /dev/null`,
    reverting: 'umount /proc/sys/net/netfilter/nf_conntrack_max',
  }),
  bySh({
    check: 'multipath',
    round: 'warnings',
    fix: {
      batch: 'first',
      state: 'cat /proc/sys/net/ipv4/fib_multipath_hash_policy',
      fixed: /^1$/,
      says: /^net\/ipv4\/fib_multipath_hash_policy: 0 -> 1$/,
    },
    what: 'connections that all take one of two next hops',
    severity: 'warning',
    found: /^net\/ipv4\/fib_multipath_hash_policy is 0, and there are multipath routes, such as 10\.77\.0\.0\/16$/,
    why: /one host serves an anycast address/,
    remedy: /^run with --fix/,
    breaking:
      'sysctl -qw net.ipv4.fib_multipath_hash_policy=0; ip route replace 10.77.0.0/16 nexthop via 10.112.11.2 dev eth1 nexthop via 10.112.11.3 dev eth1',
    reverting: 'ip route del 10.77.0.0/16',
  }),
  bySh({
    check: 'router-groups',
    round: 'warnings',
    fix: {
      batch: 'first',
      state: 'cat /proc/sys/net/ipv4/igmp_max_memberships',
      fixed: /^1024$/,
      says: /^net\/ipv4\/igmp_max_memberships: 1 -> 1024$/,
    },
    what: 'a kernel that lets OSPF join no more groups',
    severity: 'warning',
    found: /^OSPF has joined [12] multicast groups, and net\/ipv4\/igmp_max_memberships is 1$/,
    why: /^the next link, and some links after the next start of ospfd, get no neighbors$/,
    remedy: /^run with --fix$/,
    breaking: 'sysctl -qw net.ipv4.igmp_max_memberships=1',
    reverting: 'sysctl -qw net.ipv4.igmp_max_memberships=20',
  }),
  bySh({
    check: 'mtu',
    round: 'warnings',
    also: ['router-neighbors'],
    what: "an uplink with a smaller MTU than the containers'",
    severity: 'warning',
    found: /^1 containers have an MTU of up to 1500, uplink eth1 has 1400$/,
    why: /large transfers hang$/,
    remedy: /^raise the MTU of eth1, or create the network with -o routed\.mtu=1400/,
    breaking: 'ip link set eth1 mtu 1400',
    reverting: 'ip link set eth1 mtu 1500',
  }),
  bySh({
    check: 'pool-overlap',
    // The plugin readies the host anew when such a link comes.
    round: 'another Docker',
    what: "a link with addresses of a network's subnet",
    severity: 'broken',
    found: /^10\.1\.0\.0\/16 of network [\w-]+ overlaps 10\.1\.200\.0\/24 on br-lan$/,
    why: /a container may get the address of a machine$/,
    remedy: /^remove the address from br-lan/,
    breaking:
      'ip link add br-lan type bridge 2>/dev/null || true; ip address replace 10.1.200.1/24 dev br-lan; ip link set br-lan up',
    reverting: 'ip link del br-lan',
  }),
];
