// Is the other end of a link: reads the packet that a program sends to it.
// Run it as root in a temporary namespace: unshare -n node tun.mjs
import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { read } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openRtnl } from '@routed/netns';
import { openTun } from '@routed/netns/tun';

const readPacket = promisify(read);

/** The next packet of a kind. A link without packets says EAGAIN. */
async function nextPacket(tun, isWanted) {
  for (;;) {
    try {
      const { buffer, bytesRead } = await readPacket(tun.fd, Buffer.alloc(2000), 0, 2000, null);
      const packet = buffer.subarray(0, bytesRead);
      if (isWanted(packet)) return packet;
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      await setTimeout(1);
    }
  }
}

const rtnl = await openRtnl();
const tun = await openTun({ mode: 'tun', name: 'tun0' });
await rtnl.links.set({ name: tun.name }, { isUp: true });
const { index: linkIndex } = await rtnl.links.get({ name: tun.name });
await rtnl.addresses.add({ linkIndex, address: '192.0.2.1/24' });

const socket = createSocket('udp4');
socket.send('hello', 9, '192.0.2.2', () => socket.close());
// IPv4, UDP.
const packet = await nextPacket(tun, (bytes) => bytes[0] === 0x45 && bytes[9] === 17);
const [from, to] = [packet.subarray(12, 16).join('.'), packet.subarray(16, 20).join('.')];
console.log(JSON.stringify({ from, to, port: packet.readUInt16BE(22), text: packet.subarray(28).toString() }));

const { settings } = await rtnl.links.inspect({ name: tun.name });
console.log(JSON.stringify({ kind: settings.kind, mode: settings.mode, persistent: settings.persistent }));
await tun.close();
console.log(JSON.stringify({ isThere: (await rtnl.links.get({ name: 'tun0' })) !== undefined }));
await rtnl.close();
