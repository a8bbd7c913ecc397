// Makes a link slow and lossy, as for a test. Run it as root in a temporary namespace: unshare -n node netem.mjs
import { isNetlinkError, openRtnl } from '@routed/netns';
import { openTrafficControl } from '@routed/netns/tc';

const rtnl = await openRtnl();
const tc = await openTrafficControl();
const { index: linkIndex } = await rtnl.links.createVeth({ name: 'veth0', isUp: true, peer: { name: 'veth1' } });
try {
  const { settings } = await tc.qdiscs.replace({
    kind: 'netem',
    linkIndex,
    delayUs: 50_000,
    jitterUs: 10_000,
    lossPercent: 0.5,
    rateBitsPerSec: 8_000_000,
  });
  console.log(JSON.stringify({ delayUs: settings.delayUs, lossPercent: settings.lossPercent }));
} catch (error) {
  // Kernels may lack the kind.
  if (!isNetlinkError(error, 'ENOENT')) throw error;
  console.log(JSON.stringify({ code: error.code }));
}
await tc.close();
await rtnl.close();
