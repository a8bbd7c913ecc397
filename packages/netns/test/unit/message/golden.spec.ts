import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { buildAddressAdd } from '../../../src/message/address.ts';
import { buildLinkChange } from '../../../src/message/link-change.ts';
import { buildLinkCreate, buildVethCreate } from '../../../src/message/link-create.ts';
import { buildGroupDelete, buildLinkDelete } from '../../../src/message/link.ts';
import { buildNeighbourAdd } from '../../../src/message/neighbour.ts';
import { buildRouteAdd, buildRouteDelete, buildRouteGet } from '../../../src/message/route.ts';
import { buildRule } from '../../../src/message/rule.ts';
import {
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_ECHO,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
} from '../../../src/uapi/netlink.ts';
import { RTM } from '../../../src/uapi/rtnetlink.ts';
import { fromHex, purpose, toHex, withHeader } from '../../support/messages.ts';

interface Captured {
  readonly command: string;
  readonly hex: string;
}

/** What `ip` of iproute2 6.1 sent on x86_64, seen with `strace -e trace=sendmsg -e write=3`. */
const captured = JSON.parse(readFileSync(new URL('../../golden/iproute2.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Captured>
>;

const NEW = NLM_F_CREATE | NLM_F_EXCL;
const LINK = 3;

const built: Readonly<Record<string, () => Uint8Array>> = {
  veth: () => {
    const peer = { name: 'eth0', mtuBytes: 1300, mac: '02:42:0a:00:00:07' };
    const spec = { name: 'va0', mtuBytes: 1400, mac: '02:42:0a:00:00:01', txQueueLength: 0, group: 7, peer };
    return buildVethCreate(spec, undefined, purpose);
  },
  up: () => buildLinkChange({ index: LINK }, { isUp: true, alias: 'routed:abc', mtuBytes: 1280 }, purpose),
  master: () => buildLinkChange({ index: LINK }, { masterIndex: 4 }, purpose),
  bridge: () => buildLinkCreate('bridge', { name: 'br1', mac: '02:00:00:00:00:01' }, purpose),
  group: () => buildGroupDelete(7, purpose),
  del: () => buildLinkDelete({ index: 4 }, purpose),
  addr4: () => buildAddressAdd({ linkIndex: LINK, address: '10.0.0.7/24' }, NEW, purpose),
  addr6: () => {
    const spec = { linkIndex: LINK, address: 'fd00::7/128', skipDuplicateDetection: true, noPrefixRoute: true };
    return buildAddressAdd(spec, NEW, purpose);
  },
  addrpeer: () => buildAddressAdd({ linkIndex: LINK, address: '10.1.0.1', peer: '10.1.0.2' }, NEW, purpose),
  route4: () => buildRouteAdd({ destination: '10.9.0.7/32', linkIndex: LINK, protocol: 200 }, NEW, purpose),
  route6: () => buildRouteAdd({ destination: 'fd09::7', linkIndex: LINK, protocol: 200, metric: 5 }, NEW, purpose),
  default: () => {
    const way = { gateway: '10.0.0.1', linkIndex: LINK, source: '10.0.0.7', table: 1000, onLink: true };
    return buildRouteAdd({ destination: 'default', ...way }, NLM_F_CREATE | NLM_F_REPLACE, purpose);
  },
  blackhole: () => buildRouteAdd({ destination: '10.8.0.0/16', type: 'blackhole' }, NEW, purpose),
  via: () => {
    const spec = { destination: '10.7.0.0/16', gateway: 'fe80::1', linkIndex: LINK, scope: 'link' } as const;
    return buildRouteAdd({ ...spec, scope: 'universe' }, NEW, purpose);
  },
  routedel: () => buildRouteDelete({ destination: '10.9.0.7/32' }, purpose),
  routeget: () => buildRouteGet('10.0.0.9', { exact: true }, purpose),
  neigh: () => buildNeighbourAdd({ linkIndex: LINK, address: '10.0.0.9', mac: '02:00:00:00:00:01' }, NEW, purpose),
  proxy: () => buildNeighbourAdd({ linkIndex: LINK, address: 'fd00::9', isProxy: true }, NEW, purpose),
  rule: () => {
    const spec = { source: '10.0.0.7/32', destination: '10.5.0.0/16', priority: 100, table: 1000, protocol: 200 };
    return buildRule(RTM.NEWRULE, NEW, { family: 4, ...spec }, purpose);
  },
  rule6: () => buildRule(RTM.DELRULE, 0, { family: 6, source: 'fd00::/64', mark: 7 }, purpose),
};

describe('the message builders', () => {
  it('are all compared', () => {
    expect(Object.keys(built).sort()).to.deep.equal(Object.keys(captured).sort());
  });

  for (const [name, { command, hex }] of Object.entries(captured)) {
    it(`send the bytes of "${command}"`, () => {
      const flags = name === 'routeget' ? NLM_F_REQUEST : NLM_F_REQUEST | NLM_F_ACK;

      const message = withHeader(built[name]!(), { flags });

      expect(withoutEcho(toHex(message))).to.equal(toHex(fromHex(hex)));
    });
  }
});

/** `ip` does not ask for the created link back; we do. */
function withoutEcho(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  bytes.writeUInt16LE(bytes.readUInt16LE(6) & ~NLM_F_ECHO, 6);
  return bytes.toString('hex');
}
