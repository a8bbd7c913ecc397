// Installs 10,000 routes in few system calls, counts them, and takes them away.
// Run it as root in a temporary namespace: unshare -n node batch.mjs
import { performance } from 'node:perf_hooks';
import { isNetlinkError, openRtnl } from '@routed/netns';

const COUNT = 10_000;
const PROTOCOL = 200;

const rtnl = await openRtnl();
const { index: linkIndex } = await rtnl.links.createVeth({ name: 'veth0', isUp: true, peer: { name: 'veth1' } });
const specs = Array.from({ length: COUNT }, (_, number) => ({
  destination: `10.1.${number >> 8}.${number & 255}/32`,
  linkIndex,
  protocol: PROTOCOL,
}));

// One system call sends 64 of them. Each has its own outcome.
const started = performance.now();
const outcomes = await rtnl.batch(({ routes }) => Promise.allSettled(specs.map((spec) => routes.add(spec))));
const tookMs = performance.now() - started;
const added = outcomes.filter(({ status }) => status === 'fulfilled').length;
console.log(JSON.stringify({ added, listed: (await rtnl.routes.list({ protocol: PROTOCOL })).length }));
console.error(`${Math.round(added / tookMs)} routes per millisecond`);

// One that fails does not stop the others.
const [first, second] = await rtnl.batch(({ routes }) =>
  Promise.allSettled([routes.add(specs[0]), routes.add({ ...specs[0], metric: 7 })]),
);
console.log(JSON.stringify({ first: isNetlinkError(first.reason, 'EEXIST'), second: second.status }));
await rtnl.routes.delete({ ...specs[0], metric: 7 });

const deleted = await rtnl.batch(({ routes }) => Promise.all(specs.map((spec) => routes.delete(spec))));
console.log(JSON.stringify({ deleted: deleted.filter(Boolean).length }));
await rtnl.close();
