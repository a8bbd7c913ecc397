import type { RefusedPacket } from '@routed/driver/replies';
import { expect } from 'chai';
import { suggestEntries } from '../../src/cli/suggest-list.ts';

const packet = (at: string, more: Partial<RefusedPacket>): RefusedPacket => ({
  ...{ at, direction: 'egress', verdict: 'counted', source: '10.1.0.2', destination: '10.9.0.9' },
  ...{ protocol: 'tcp', port: 443, network: 'apps', rule: 'not in routed.egress' },
  ...more,
});

describe('suggestEntries', () => {
  it('names each destination once, with port and protocol, the most wanted first', () => {
    const packets = [
      packet('1', { port: 5432 }),
      packet('2', {}),
      packet('3', {}),
      packet('4', { destination: 'fd00::9', protocol: 'udp', port: 53 }),
      packet('5', { network: 'a' }),
    ];

    expect(suggestEntries(packets, 'egress')).to.deep.equal([
      { network: 'a', entry: '10.9.0.9:443/tcp', packets: 1, lastAt: '5' },
      { network: 'apps', entry: '10.9.0.9:443/tcp', packets: 2, lastAt: '3' },
      { network: 'apps', entry: '10.9.0.9:5432/tcp', packets: 1, lastAt: '1' },
      { network: 'apps', entry: '[fd00::9]:53/udp', packets: 1, lastAt: '4' },
    ]);
  });

  it('names sources for ingress', () => {
    expect(suggestEntries([packet('1', { direction: 'ingress' })], 'ingress')).to.deep.equal([
      { network: 'apps', entry: '10.1.0.2:443/tcp', packets: 1, lastAt: '1' },
    ]);
  });

  it('leaves out the other direction, senders, and what an entry would open wide', () => {
    const withoutPort = (at: string, protocol: string): RefusedPacket =>
      JSON.parse(JSON.stringify(packet(at, { protocol, port: undefined as never }))) as RefusedPacket;
    const others = [
      packet('1', { direction: 'ingress' }),
      packet('2', { direction: 'sender' }),
      withoutPort('3', 'icmp'),
      withoutPort('4', 'tcp'),
    ];

    expect(suggestEntries([...others, packet('5', { protocol: '47' })], 'egress')).to.deep.equal([]);
  });
});
