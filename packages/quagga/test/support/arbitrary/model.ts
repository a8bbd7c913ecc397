import fc from 'fast-check';
import type { RouterModel } from '../../../src/model/router.ts';
import { inspectModel } from '../../../src/validation/validate.ts';
import { bfd, bgp } from './bgp.ts';
import { networkInterface, ospf, ospf6 } from './ospf.ts';
import { exportPolicy, importPolicy, prefixLists, routeMaps } from './policy.ts';
import { container4, container6, ifname, int, ipv4, key, maybe, record } from './primitives.ts';

const levels = fc.constantFrom('emergencies', 'errors', 'informational', 'debugging');

const document = record({
  hostname: maybe(fc.constantFrom('h1', 'rack-7.example')),
  routerId: ipv4,
  profile: maybe(fc.constantFrom('traditional', 'datacenter')),
  log: maybe(record({ to: fc.constant('syslog'), level: maybe(levels) })),
  vty: maybe(record({ password: maybe(key(80)), enablePassword: maybe(key(80)) })),
  zebra: maybe(
    record({
      workQueueMs: maybe(int(0, 10000)),
      nexthopGroups: maybe(fc.boolean()),
      netlinkBufferBytes: maybe(int(65536, 2147483647)),
    }),
  ),
  containers: fc.array(fc.oneof(container4, container6), { minLength: 1, maxLength: 4 }),
  loopbacks: maybe(fc.array(fc.oneof(container4, container6), { minLength: 1, maxLength: 2 })),
  export: maybe(exportPolicy),
  import: maybe(importPolicy),
  interfaces: maybe(fc.dictionary(ifname, networkInterface, { minKeys: 1, maxKeys: 3 })),
  ospf: maybe(ospf),
  ospf6: maybe(ospf6),
  bgp: maybe(bgp),
  bfd,
  prefixLists: maybe(prefixLists),
  routeMaps: maybe(routeMaps),
});

/** Valid models: what the rules accept of documents that cover every field. */
export const anyModel: fc.Arbitrary<RouterModel> = document
  .map((input) => inspectModel(input).model)
  .filter((model) => model !== undefined);
