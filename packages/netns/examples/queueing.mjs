// Gives a link a queueing discipline and reads it back: traffic control, of which this library has no words of its own.
// Run it as root in a temporary namespace: unshare -n node queueing.mjs
import { openRtnl } from '@routed/netns';
import { NLM_F_CREATE, NLM_F_REPLACE, asBytes, asText, asU32, attributeSet, openNetlink } from '@routed/netns/netlink';

// linux uapi rtnetlink.h: message types, `struct tcmsg`, TCA_*; pkt_sched.h: TC_H_*, `struct tc_htb_glob`, TCA_HTB_*.
const RTM_NEWQDISC = 36;
const RTM_GETQDISC = 38;
const TCMSG_WORDS = 5;
const TC_H_ROOT = 0xffffffff;
const QDISC = attributeSet({ kind: [1, asText], options: [2, asBytes] });
const HTB = attributeSet({ init: [2, asBytes], directPackets: [5, asU32] });

/** A `struct` of 32-bit numbers, in the byte order of the machine. */
const words = (...numbers) => new Uint8Array(Uint32Array.from(numbers).buffer);
const tcmsg = (linkIndex, handle, parent) => words(0, linkIndex, handle, parent, 0);

const rtnl = await openRtnl();
const netlink = await openNetlink({ protocol: 'route' });
const { index } = await rtnl.links.createVeth({ name: 'veth0', peer: { name: 'veth1' } });

// tc qdisc replace dev veth0 root handle 1: htb default 30 direct_qlen 500
const [version, rateToQuantum, defaultClass] = [3, 10, 0x30];
await netlink.request({
  type: RTM_NEWQDISC,
  flags: NLM_F_CREATE | NLM_F_REPLACE,
  header: tcmsg(index, 0x10000, TC_H_ROOT),
  attributes: QDISC.encode({
    kind: 'htb',
    options: HTB.encode({ init: words(version, rateToQuantum, defaultClass, 0, 0), directPackets: 500 }),
  }),
  operation: 'qdisc.replace',
});

for await (const { payload } of netlink.dump({ type: RTM_GETQDISC, header: tcmsg(0, 0, 0), operation: 'qdisc.list' })) {
  const { kind, options } = QDISC.decode(payload.subarray(4 * TCMSG_WORDS));
  if (kind !== 'htb') continue;
  const { init, directPackets } = HTB.decode(options);
  console.log(JSON.stringify({ kind, defaultClass: new Uint32Array(init.buffer)[2], directPackets }));
}

await netlink.close();
await rtnl.close();
