import type { FilterStatus, RefusedPacket } from '@routed/driver/replies';
import { expect } from 'chai';
import { refusedText, totalsOf } from '../../src/cli/refused-command.ts';

const packet: RefusedPacket = {
  ...{ at: 'now', direction: 'ingress', verdict: 'refused', source: '10.9.0.2', destination: '10.1.0.2' },
  ...{ protocol: 'tcp', rule: 'not in routed.ingress' },
};

describe('refused packets, for people', () => {
  it('name the container, both ends, the port, and what refused', () => {
    expect(refusedText({ ...packet, container: 'web', network: 'n', port: 443 })).to.equal(
      'now  refused  ingress  web on n: 10.9.0.2 -> 10.1.0.2 port 443/tcp: not in routed.ingress',
    );
    expect(refusedText({ ...packet, name: 'api.example.com', port: 443 })).to.contain(
      ': 10.9.0.2 -> 10.1.0.2 (api.example.com) port 443/tcp: ',
    );
    expect(refusedText({ ...packet, protocol: 'icmp', icmp: '8/0' })).to.equal(
      'now  refused  ingress  unknown container: 10.9.0.2 -> 10.1.0.2 icmp 8/0: not in routed.ingress',
    );
  });

  it('are counted in both directions', () => {
    const status = (refused: number): FilterStatus => ({
      ...{ container: 'web', network: 'n', mode: 'enforce', spoof: 'strict' },
      counters: { examined: 9, refused, spoofed: 1 },
    });

    expect(totalsOf(status(7), status(3))).to.equal(
      'web on n: 7 refused on their way in, 3 on their way out, 1 with addresses of others',
    );
    expect(totalsOf({ ...status(7), counters: undefined } as never, undefined)).to.match(/^web on n: 0 .* 0 .* 0 /);
  });
});
