import { expect } from 'chai';
import { absentUplinks } from '../../src/host/absent-uplinks.ts';
import { LINK_GROUP } from '../../src/names/kernel-names.ts';

const links = [
  { name: 'lo', group: 0, isLoopback: true },
  { name: 'eth0', group: 0, isLoopback: false },
  { name: 'eth10', group: 0, isLoopback: false },
  { name: 'vethr00112233', group: LINK_GROUP, isLoopback: false },
];

describe('uplinks that were named', () => {
  it('are told with the link that was meant, where they are not there', () => {
    expect(absentUplinks(['eth0', 'eht10'], links)).to.deep.equal([
      'uplink eht10 (--uplinks) is not there; did you mean "eth10"?',
    ]);
  });

  it('are never taken for one that was named already, for loopback or for a link of a container', () => {
    expect(absentUplinks(['eth0', 'eth10', 'etho', 'l0', 'vethr00112234'], links)).to.deep.equal(
      ['etho', 'l0', 'vethr00112234'].map((name) => `uplink ${name} (--uplinks) is not there`),
    );
  });

  it('are all there', () => {
    expect(absentUplinks(['eth0', 'eth10'], links)).to.deep.equal([]);
  });
});
