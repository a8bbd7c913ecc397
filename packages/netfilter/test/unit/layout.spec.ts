import { formatIp } from '@routed/addresses';
import { expect } from 'chai';
import fc from 'fast-check';
import { linkOfKey } from '../../src/codec/key.ts';
import {
  elementsOf,
  type Element,
  type EndpointFilter,
  UNTRACKED_SETS,
  uplinkElements,
} from '../../src/filters/layout.ts';
import { isNetfilterError, parseAllowList } from '../../src/index.ts';

const link = 'vethr0000000001';
const plain: EndpointFilter = { link, addresses: ['10.1.0.2', 'fd00:1::2'], spoof: 'strict' };
const ingress = (list: string): EndpointFilter => ({
  link,
  addresses: [],
  ingress: parseAllowList(list),
  spoof: 'allow',
});

/** `inet own4 10.1.0.2` */
function show({ family, set, key }: Element): string {
  const length = /^[a-z]+6/.test(set) ? 16 : 4;
  const address = key.length > 16 ? [formatIp(key.subarray(16, 16 + length))] : [];
  const service =
    key.length > 16 + length
      ? [`${key[16 + length] ?? 0}:${((key[20 + length] ?? 0) << 8) | (key[21 + length] ?? 0)}`]
      : [];
  return [family, set, ...address, ...service].join(' ');
}
const shown = (filter: EndpointFilter): string[] => elementsOf(filter).map(show);

/** Whether the rules would let `source` in: by the prefixes of each length, as they look it up. */
function letsIn(filter: EndpointFilter, source: bigint): boolean {
  const present = new Set(shown(filter));
  return [4, 8, 12, 16, 20, 24, 28, 32].some((length) => {
    const size = 1n << BigInt(32 - length);
    const first = (source / size) * size;
    const bytes = Uint8Array.from([24n, 16n, 8n, 0n].map((shift) => Number((first >> shift) & 255n)));
    return present.has(`inet from4_${length} ${formatIp(bytes)}`);
  });
}

describe('elementsOf', () => {
  it('lists the own addresses, for senders, ARP and neighbour discovery', () => {
    expect(shown(plain)).to.have.members([
      'inet strict',
      'arp strict',
      'inet own4 10.1.0.2',
      'arp own4 10.1.0.2',
      'inet own6 fd00:1::2',
      'inet claims6 fd00:1::2',
    ]);
  });

  it('lists nothing where nothing is filtered', () => {
    expect(shown({ ...plain, spoof: 'allow' })).to.deep.equal([]);
  });

  it('lists a link whose addresses are all IPv4, whatever senders may do', () => {
    expect(shown({ ...plain, addresses: ['10.1.0.2'], spoof: 'allow' })).to.deep.equal(['inet ipv4_only']);
    expect(shown({ ...plain, addresses: ['10.1.0.2'] })).to.include('inet ipv4_only');
    expect(shown(plain)).to.not.include('inet ipv4_only');
  });

  it('cuts sources into prefixes of whole digits', () => {
    expect(shown(ingress('10.0.0.0/8 10.128.0.0/15:443 fd00::/8'))).to.have.members([
      'inet filtered',
      'inet refused',
      'inet ported',
      'inet from4_8 10.0.0.0',
      'inet service4_16 10.128.0.0 6:443',
      'inet service4_16 10.129.0.0 6:443',
      'inet from6_8 fd00::',
    ]);
  });

  it('filters with an empty list too', () => {
    expect(shown(ingress('none'))).to.deep.equal(['inet filtered', 'inet refused']);
  });

  it('lists destinations in sets of their own, and the gateways with them', () => {
    const filter: EndpointFilter = {
      link,
      addresses: [],
      egress: parseAllowList('10.0.0.0/8 [fd00::/8]:443'),
      gateways: ['10.1.0.1', 'fe80::1'],
      spoof: 'allow',
    };

    expect(shown(filter)).to.have.members([
      'inet egress_filtered',
      'inet egress_refused',
      'inet egress_ported',
      'inet to4_8 10.0.0.0',
      'inet target6_8 fd00:: 6:443',
      'inet gateways4 10.1.0.1',
      'inet gateways6 fe80::1',
    ]);
  });

  it('marks blocks of ports in place of the protocol', () => {
    expect(shown(ingress('10.0.0.1:30000-30208/udp'))).to.have.members([
      'inet filtered',
      'inet refused',
      'inet ported',
      'inet ranged',
      ...Array.from({ length: 12 }, (_, index) => `inet service4_32 10.0.0.1 ${17 ^ 0x40}:${0x7530 + index * 16}`),
      'inet service4_32 10.0.0.1 81:30192',
      'inet service4_32 10.0.0.1 17:30208',
    ]);
  });

  it('lists the links whose list only counts', () => {
    expect(shown({ ...ingress('none'), observed: ['ingress'] })).to.include('inet observed');
    expect(shown({ ...ingress('none'), observed: ['egress'] })).to.not.include('inet observed');
  });

  it('lists a link that is not tracked, as a source and as a destination', () => {
    const sets = ['inet untracked', 'inet untracked_to', 'inet untracked_between'];
    expect(shown({ ...plain, spoof: 'allow', conntrack: 'off' })).to.have.members(sets);
    expect(shown({ ...plain, spoof: 'allow', conntrack: 'on' })).to.deep.equal([]);
    expect(uplinkElements('eth0').map(show)).to.have.members(['inet untracked_uplinks', 'inet untracked_between']);
  });

  it('tracks every link that has a list, whatever is asked for', () => {
    const lists = fc.constantFrom(undefined, 'none', '10.0.0.0/8', '[fd00::/8]:443');
    fc.assert(
      fc.property(lists, lists, fc.boolean(), (from, to, isObserved) => {
        const filter: EndpointFilter = {
          ...plain,
          conntrack: 'off',
          ...(from !== undefined && { ingress: parseAllowList(from) }),
          ...(to !== undefined && { egress: parseAllowList(to, 'egress') }),
          ...(isObserved && { observed: ['ingress', 'egress'] }),
        };
        const sets = new Set<string>(Object.values(UNTRACKED_SETS));
        const isUntracked = elementsOf(filter).some(({ set }) => sets.has(set));
        expect(isUntracked).to.equal(from === undefined && to === undefined);
      }),
    );
  });

  it('starts every key with the link', () => {
    for (const { key } of elementsOf({ ...plain, ingress: parseAllowList('0.0.0.0/0 [::]:1/udp') })) {
      expect(linkOfKey(key)).to.equal(link);
    }
  });

  it('lets in exactly the addresses of the list', () => {
    const address = fc.bigInt(0n, 0xffffffffn);
    const ranges = fc.array(fc.tuple(address, fc.bigInt(0n, 5000n)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(ranges, fc.integer({ min: 0, max: 4 }), fc.bigInt(-3n, 5003n), (list, which, offset) => {
        const entries = list.map(([first, size]) => {
          const last = first + size > 0xffffffffn ? 0xffffffffn : first + size;
          return { family: 4 as const, first, last };
        });
        const probe = ((list[which % list.length]?.[0] ?? 0n) + offset) & 0xffffffffn;

        expect(letsIn({ ...ingress('none'), ingress: { entries } }, probe)).to.equal(
          entries.some(({ first, last }) => first <= probe && probe <= last),
        );
      }),
    );
  });

  it('refuses an address that is none', () => {
    for (const address of ['10.1.0.2/32', 'example.org', '']) {
      const attempt = (): unknown => elementsOf({ ...plain, addresses: [address] });

      expect(attempt).to.throw(/filter of link vethr0000000001.*is not an IP address/);
      try {
        attempt();
      } catch (error) {
        expect(isNetfilterError(error, 'FILTER_INVALID')).to.equal(true);
      }
    }
  });
});
