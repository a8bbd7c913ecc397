import { expect } from 'chai';
import { type ListInForce, readAttempt, verdictOn } from '../../src/containers/list-verdict.ts';

const inForce: ListInForce = {
  direction: 'egress',
  list: '10.0.0.0/8:8000-8100/tcp, fd00::/8',
  mode: 'enforce',
  isPending: false,
  resolvers: ['10.9.0.53', 'fd00:9::53'],
  gateways: ['169.254.1.1', 'fe80::1'],
};
const verdict = (text: string, more: Partial<ListInForce> = {}): string => {
  const { verdict: what, because } = verdictOn(readAttempt(text, 'egress'), { ...inForce, ...more });
  return `${what}: ${because}`;
};

describe('verdictOn', () => {
  for (const [text, expected] of [
    ['10.1.2.3:8042', 'passes: entry 10.0.0.0/8:8000-8100/tcp'],
    ['10.1.2.3:8042/udp', 'refused: no entry allows it'],
    ['10.1.2.3:7999', 'refused: no entry allows it'],
    ['10.1.2.3', 'refused: no entry allows it'],
    ['fd00::7', 'passes: entry fd00::/8'],
    ['[fd00::7]:9/sctp', 'passes: entry fd00::/8'],
    ['10.9.0.53:53/udp', 'passes: it is a name server of the container'],
    ['10.9.0.53:53', 'passes: it is a name server of the container'],
    ['10.9.0.53:53/sctp', 'refused: no entry allows it'],
    ['10.9.0.53:853', 'refused: no entry allows it'],
    ['169.254.1.1', 'passes: it is the gateway of the container'],
    ['169.254.1.1:22', 'refused: no entry allows it'],
    ['fe80::1', 'passes: it is the gateway of the container'],
  ] as const) {
    it(`says of ${text}: ${expected}`, () => {
      expect(verdict(text)).to.equal(expected);
    });
  }

  it('says so where there is no list, where it only counts, and where it is not known yet', () => {
    expect(verdict('10.1.2.3', { list: undefined })).to.equal('passes: there is no list');
    expect(verdict('10.1.2.3', { mode: 'observe' })).to.equal('counted: no entry allows it');
    expect(verdict('fd00::7', { isPending: true })).to.match(/^refused: Docker has not said/);
  });

  it('names what the container knows the address by', () => {
    const nameOf = (address: string) => (address === '10.1.2.3' ? 'db.corp' : undefined);

    expect(verdict('10.1.2.3', { nameOf })).to.equal('refused: no entry allows it, which is db.corp to the container');
    expect(verdict('10.1.2.4', { nameOf })).to.equal('refused: no entry allows it');
  });

  it('lets nobody enter for being a name server or a gateway', () => {
    const ingress = { ...inForce, direction: 'ingress' as const };

    expect(verdictOn(readAttempt('10.9.0.53:53/udp', 'ingress'), ingress).verdict).to.equal('refused');
    expect(verdictOn(readAttempt('169.254.1.1', 'ingress'), ingress).verdict).to.equal('refused');
  });
});

describe('readAttempt', () => {
  for (const text of ['10.0.0.0/8', '10.0.0.1-10.0.0.2', '10.0.0.1 10.0.0.2', 'any', 'none', '10.0.0.1:80-90', 'web']) {
    it(`refuses "${text}"`, () => {
      expect(() => readAttempt(text, 'egress')).to.throw(/expected|is not an address/);
    });
  }
});
