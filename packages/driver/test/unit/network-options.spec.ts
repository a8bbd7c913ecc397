import { expect } from 'chai';
import { parseNetworkOptions } from '../../src/networks/parse-options.ts';

const none = { gateways: {}, prefixes: [], spoof: 'strict' };

describe('parseNetworkOptions', () => {
  it('reads the MTU, whatever the case of the key', () => {
    expect(parseNetworkOptions({ 'routed.mtu': '9000' })).to.deep.equal({ ...none, mtuBytes: 9000 });
    expect(parseNetworkOptions({ 'Routed.MTU': '68' })).to.deep.equal({ ...none, mtuBytes: 68 });
    expect(parseNetworkOptions({})).to.deep.equal(none);
  });

  it("leaves Docker's own keys to Docker", () => {
    expect(parseNetworkOptions({ 'com.docker.network.advertise_addr_nmsgs': '0' })).to.deep.equal(none);
  });

  it('refuses an unknown key and lists the known ones', () => {
    expect(() => parseNetworkOptions({ mtu: '9000' })).to.throw(
      'unknown driver option "mtu"; known options: routed.mtu, routed.tx-queue-length, routed.gateway, routed.prefixes, routed.anycast, routed.sticky, routed.on-conflict, routed.takeover, routed.announce, routed.announce-delay, routed.drain, routed.drain-signal, routed.metric, routed.block, routed.ingress, routed.ingress-mode, routed.isolation, routed.egress, routed.egress-mode, routed.egress-when-away, routed.dns, routed.conntrack, routed.spoof, routed.rate-in, routed.rate-out',
    );
    expect(() => parseNetworkOptions({ __proto__x: '1' })).to.throw('unknown driver option');
    expect(() => parseNetworkOptions(JSON.parse('{"__proto__":"1"}') as Record<string, unknown>)).to.throw(
      'unknown driver option',
    );
  });

  for (const value of ['67', '65536', '-1', '1500.5', '1e3', '', 'auto']) {
    it(`refuses the MTU "${value}" and says what it may be`, () => {
      expect(() => parseNetworkOptions({ 'routed.mtu': value })).to.throw(
        `driver option routed.mtu=${value}: expected a number from 68 to 65535`,
      );
    });
  }

  it('reads prefixes and gateways, whatever separates them, in canonical text', () => {
    const text = 'fd00:7:0::1/64, 192.168.7.9/24;10.9.0.0/16+10.8.0.0/16';

    const { prefixes } = parseNetworkOptions({ 'routed.prefixes': text });

    expect(prefixes).to.deep.equal(['fd00:7::/64', '192.168.7.0/24', '10.9.0.0/16', '10.8.0.0/16']);
    expect(parseNetworkOptions({ 'routed.gateway': 'FD00::1 10.1.0.1' }).gateways).to.deep.equal({
      4: '10.1.0.1',
      6: 'fd00::1',
    });
  });

  it('reads switches and policies in any case', () => {
    for (const text of ['true', 'TRUE', '1', 'yes', 'On'])
      expect(parseNetworkOptions({ 'routed.anycast': text }).isAnycast, text).to.equal(true);
    for (const text of ['false', 'False', '0', 'no', 'off'])
      expect(parseNetworkOptions({ 'routed.anycast': text }).isAnycast, text).to.equal(false);
    expect(parseNetworkOptions({ 'Routed.On-Conflict': 'Yield' }).onConflict).to.equal('yield');
  });

  it('reads how a container is drained: a time, and a signal with SIG or without', () => {
    for (const text of ['SIGQUIT', 'sigquit', 'quit']) {
      const read = parseNetworkOptions({ 'routed.drain': '1m', 'routed.drain-signal': text });
      expect(read, text).to.include({ drainMs: 60_000, drainSignal: 'SIGQUIT' });
    }
    expect(() => parseNetworkOptions({ 'routed.drain': '2h' })).to.throw('routed.drain=2h: expected a duration');
    for (const text of ['', '15', 'SIGNOTHING']) {
      expect(() => parseNetworkOptions({ 'routed.drain-signal': text }), text).to.throw(
        `routed.drain-signal=${text}: expected a signal such as SIGTERM or SIGQUIT`,
      );
    }
  });

  it('reads the metric of routes, from 1 to 65535', () => {
    for (const value of [1, 65_535])
      expect(parseNetworkOptions({ 'routed.metric': String(value) }).metric).to.equal(value);
    for (const value of ['0', '65536'])
      expect(() => parseNetworkOptions({ 'routed.metric': value })).to.throw(
        `driver option routed.metric=${value}: expected a number from 1 to 65535`,
      );
  });

  it('reads the length of queues, from 0 to a million', () => {
    for (const value of [0, 1_000_000]) {
      const { txQueueLength } = parseNetworkOptions({ 'routed.tx-queue-length': String(value) });
      expect(txQueueLength).to.equal(value);
    }
    expect(() => parseNetworkOptions({ 'routed.tx-queue-length': '1000001' })).to.throw(
      'driver option routed.tx-queue-length=1000001: expected a number from 0 to 1000000',
    );
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ['routed.prefixes', '10.9.0.0/16 10.8.0.0', 'item 2, "10.8.0.0": expected a prefix such as 192.168.7.0/24'],
    ['routed.prefixes', '10.9.0.0/16 10.9.1.0/16', 'item 2, 10.9.0.0/16, is listed twice'],
    ['routed.prefixes', ' , ', 'expected a prefix such as'],
    ['routed.gateway', '10.1.0.1 10.1.0.2', 'expected at most one IPv4 and one IPv6 gateway'],
    ['routed.gateway', '224.0.0.1', 'item 1, "224.0.0.1": expected a unicast gateway address'],
    ['routed.gateway', '::', 'item 1, "::": expected a unicast gateway address'],
    ['routed.gateway', '10.1.0.1/32', 'expected a unicast gateway address'],
    ['routed.anycast', 'sometimes', 'driver option routed.anycast=sometimes: expected true or false'],
    ['routed.anycast', '', 'expected true or false'],
    ['routed.on-conflict', 'fight', 'driver option routed.on-conflict=fight: expected keep, yield or handover'],
  ];
  for (const [key, value, message] of refused) {
    it(`refuses ${key} "${value}" and says what is wrong`, () => {
      expect(() => parseNetworkOptions({ [key]: value })).to.throw(message);
    });
  }
});
