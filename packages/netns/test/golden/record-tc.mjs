// Records what tc(8) sends for queueing disciplines, classes and filters into tc.json beside this file. The kernel refuses some
// of them; the message is sent all the same. Needs root and strace:
//   TC=/path/to/tc node record-tc.mjs
import { writeFileSync } from 'node:fs';

import { sentBy } from './sent.mjs';

const tc = process.env.TC ?? 'tc';
const TYPES = { qdisc: 36, class: 40, filter: 44 };
const COMMANDS = {
  tbf: 'qdisc add dev lo root handle 1: tbf rate 10mbit burst 32000 latency 50ms',
  tbfPeak:
    'qdisc add dev lo root handle 1: tbf rate 8gbit burst 64000 limit 50000 peakrate 9gbit mtu 1600 mpu 64 overhead 14 linklayer atm',
  htb: 'qdisc add dev lo root handle 1: htb default 30 r2q 20 direct_qlen 500',
  htbClass:
    'class add dev lo parent 1:1 classid 1:10 htb rate 1mbit ceil 2mbit burst 5000 cburst 7000 quantum 3000 prio 3',
  htbFast: 'class add dev lo parent 1: classid 1:1 htb rate 80gbit',
  fqCodel:
    'qdisc add dev lo root handle 1: fq_codel limit 1000 flows 64 quantum 300 target 3ms interval 40ms ce_threshold 2ms memory_limit 1000000 drop_batch 32 noecn',
  fq: 'qdisc add dev lo parent 1:10 fq limit 1000 flow_limit 50 quantum 3000 initial_quantum 9000 nopacing maxrate 8mbit buckets 256 refill_delay 20ms orphan_mask 7 low_rate_threshold 800kbit ce_threshold 2ms horizon 3s horizon_cap timer_slack 5000',
  netem:
    'qdisc add dev lo root handle 1: netem delay 50ms 10ms 25% loss 1% 30% duplicate 2% 5% corrupt 0.5% 4% limit 500',
  netemReorder: 'qdisc add dev lo root netem delay 10ms reorder 25% 50% gap 5 loss 3% ecn',
  netemRate: 'qdisc add dev lo root netem rate 80gbit 20 100 5 slot 1ms 3ms packets 7 bytes 9000',
  netemRateSlow: 'qdisc add dev lo root netem rate 8mbit limit 70',
  netemState: 'qdisc add dev lo root netem loss state 1% 30% 2% 10% 0.1%',
  netemGilbert: 'qdisc add dev lo root netem loss gemodel 1% 10% 70% 0.1%',
  pfifo: 'qdisc add dev lo parent 1:10 handle 10: pfifo limit 7',
  bfifo: 'qdisc add dev lo parent 1:10 handle 10: bfifo limit 7000',
  ingress: 'qdisc add dev lo ingress',
  clsact: 'qdisc add dev lo clsact',
  u32: 'filter add dev lo parent 1: protocol ip prio 7 u32 match ip dst 10.0.0.0/8 match u32 0x1234 0xffff at nexthdr+0 classid 1:10',
  u32Redirect: 'filter add dev lo ingress protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev lo',
  u32Police:
    'filter add dev lo ingress protocol all prio 1 u32 match u32 0 0 action police rate 10mbit burst 32000 conform-exceed drop/pipe',
  matchallPolice:
    'filter add dev lo ingress protocol all prio 5 chain 3 matchall action police rate 80gbit burst 64000 mtu 9000 drop',
  matchallMirror:
    'filter add dev lo egress protocol ip prio 5 handle 7 matchall action mirred ingress mirror dev lo action drop',
  flower:
    'filter add dev lo ingress protocol ip prio 5 flower src_mac 02:00:00:00:00:01 dst_mac 02:00:00:00:00:02 ip_proto tcp src_ip 10.0.0.0/8 dst_ip 10.1.2.3 src_port 1000 dst_port 80 action pass',
  flowerIpv6:
    'filter add dev lo ingress protocol ipv6 prio 5 flower ip_proto udp dst_ip fd00::/10 dst_port 53 classid 1:10',
  bpf: 'filter add dev lo ingress protocol all prio 1 bpf bytecode 1,6:0:0:4294967295 direct-action',
};

const recorded = Object.fromEntries(
  Object.entries(COMMANDS).map(([name, command]) => {
    const words = command.split(' ').map((word) => (word.startsWith('1,6:') ? `${word.replaceAll(':', ' ')},` : word));
    return [name, { command: `tc ${command}`, hex: sentBy([tc, ...words], [TYPES[words[0]]]) }];
  }),
);
writeFileSync(new URL('tc.json', import.meta.url), `${JSON.stringify(recorded, undefined, 2)}\n`);
