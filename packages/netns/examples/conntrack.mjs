// Lists the connections that the kernel tracks, marks those to one port, and forgets those of one host.
// Run it as root where a firewall tracks connections: node conntrack.mjs
import { openConntrack } from '@routed/netns/conntrack';

const conntrack = await openConntrack();
for await (const { original, reply, ipProtocol, tcp } of conntrack.list({ family: 4 })) {
  const from = `${original.source}:${original.sourcePort}`;
  // Where addresses are translated, the answer comes from elsewhere.
  console.log(
    JSON.stringify({ from, answeredBy: reply.source, port: original.destinationPort, ipProtocol, state: tcp?.state }),
  );
}

let marked = 0;
for await (const connection of conntrack.list({ ipProtocol: 6, destinationPort: 80 })) {
  // The other bits of the mark stay.
  if (await conntrack.setMark(connection, 0x10, 0xf0)) marked++;
}
console.log(JSON.stringify({ marked, withMark: await conntrack.count({ mark: 0x10, markMask: 0xf0 }) }));
console.log(
  JSON.stringify({ forgotten: await conntrack.flush({ source: '192.0.2.1' }), left: await conntrack.count() }),
);
await conntrack.close();
