// Makes a WireGuard link with one peer. Run it as root in a temporary namespace: unshare -n node wireguard.mjs
import { isNetlinkError, openRtnl } from '@routed/netns';
import { generatePrivateKey, openWireguard, publicKeyOf } from '@routed/netns/wireguard';

const rtnl = await openRtnl();
const wireguard = await openWireguard();
const [privateKey, peerKey] = [generatePrivateKey(), publicKeyOf(generatePrivateKey())];
try {
  const { index: linkIndex } = await rtnl.links.create({ kind: 'wireguard', name: 'wg0', isUp: true });
  await rtnl.addresses.add({ linkIndex, address: '10.0.0.1/24' });
  await wireguard.set(
    { name: 'wg0' },
    {
      privateKey,
      listenPort: 51_820,
      peers: [{ publicKey: peerKey, keepaliveSec: 25, allowedPrefixes: ['10.0.0.2/32', 'fd00::2/128'] }],
    },
  );
  const { publicKey, listenPort, peers } = await wireguard.get({ name: 'wg0' });
  const [{ allowedPrefixes }] = peers;
  console.log(JSON.stringify({ isOurs: publicKey === publicKeyOf(privateKey), listenPort, allowedPrefixes }));
} catch (error) {
  // Kernels may lack the kind.
  if (!isNetlinkError(error, 'EOPNOTSUPP')) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
await wireguard.close();
await rtnl.close();
