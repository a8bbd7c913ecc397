// Says through the "ethtool" family of generic netlink whether links have a cable and how many queues they have.
// Run it in a temporary namespace: unshare -n node ethtool.mjs
import { openRtnl } from '@routed/netns';
import {
  GENL_HDRLEN,
  asBoolean,
  asNested,
  asText,
  asU32,
  attributeSet,
  genericFamily,
  genericHeader,
  openNetlink,
} from '@routed/netns/netlink';

// linux uapi ethtool_netlink.h: ETHTOOL_MSG_*, ETHTOOL_A_*.
const LINKSTATE_GET = 6;
const CHANNELS_GET = 17;
// The family refuses nested attributes without NLA_F_NESTED.
const header = asNested(attributeSet({ linkIndex: [1, asU32], linkName: [2, asText] }), { isNested: true });
const LINKSTATE = attributeSet({ header: [1, header], hasLink: [2, asBoolean] });
const CHANNELS = attributeSet({ header: [1, header], receive: [6, asU32], transmit: [7, asU32] });

const rtnl = await openRtnl();
const netlink = await openNetlink({ protocol: 'generic' });
const ethtool = await genericFamily(netlink, 'ethtool');
if (ethtool === undefined) throw new Error('this kernel has no ethtool over netlink');

async function ask(command, set, linkName) {
  const [reply] = await netlink.request({
    type: ethtool.id,
    header: genericHeader(command),
    attributes: set.encode({ header: { linkName } }),
    operation: 'ethtool.get',
  });
  return set.decode(reply.payload.subarray(GENL_HDRLEN));
}

const { peerIndex } = await rtnl.links.createVeth({ name: 'veth0', isUp: true, peer: { name: 'veth1' } });
for (const isUp of [false, true]) {
  await rtnl.links.set({ index: peerIndex }, { isUp });
  const { hasLink } = await ask(LINKSTATE_GET, LINKSTATE, 'veth0');
  const { receive, transmit } = await ask(CHANNELS_GET, CHANNELS, 'veth0');
  console.log(JSON.stringify({ hasLink, receive, transmit }));
}

await netlink.close();
await rtnl.close();
