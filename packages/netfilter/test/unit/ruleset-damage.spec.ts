import { type NetlinkMessage, MessageWriter } from '@routed/netns/nfnetlink';
import { expect } from 'chai';
import { FORWARD_CHAIN, forwardPlaces } from '../../src/forward-rules.ts';
import { FAMILIES, isDamage, isForeignChange } from '../../src/ruleset-damage.ts';
import { NFPROTO, NFT_MSG } from '../../src/uapi/nf-tables.ts';

const NEWRULE = 6;

/** A notification: names by attribute, as the kernel sends them. */
function said(type: number, family: number, names: Readonly<Record<number, string>>): NetlinkMessage {
  const writer = new MessageWriter((10 << 8) | type, 0).u8(family).u8(0).u16(0);
  for (const [attribute, name] of Object.entries(names)) writer.attributeString(Number(attribute), name);
  return { type: (10 << 8) | type, flags: 0, sequence: 0, payload: writer.finish().subarray(16) };
}

describe('isDamage', () => {
  const hurts = (message: NetlinkMessage): boolean => isDamage(message, forwardPlaces(FORWARD_CHAIN));

  it('is what goes from our chain or from FORWARD, in both families', () => {
    for (const family of [NFPROTO.ip, NFPROTO.ip6]) {
      expect(hurts(said(NFT_MSG.DELRULE, family, { 1: 'filter', 2: 'FORWARD' }))).to.equal(true);
      expect(hurts(said(NFT_MSG.DELRULE, family, { 1: 'filter', 2: 'ROUTED-FORWARD' }))).to.equal(true);
      expect(hurts(said(NFT_MSG.DELCHAIN, family, { 1: 'filter', 3: 'ROUTED-FORWARD' }))).to.equal(true);
      expect(hurts(said(NFT_MSG.DELTABLE, family, { 1: 'filter' }))).to.equal(true);
    }
  });

  it('is not what comes, nor what goes elsewhere', () => {
    expect(hurts(said(NEWRULE, NFPROTO.ip, { 1: 'filter', 2: 'FORWARD' }))).to.equal(false);
    expect(hurts(said(NFT_MSG.DELRULE, NFPROTO.ip, { 1: 'filter', 2: 'DOCKER' }))).to.equal(false);
    expect(hurts(said(NFT_MSG.DELRULE, NFPROTO.ip, { 1: 'nat', 2: 'FORWARD' }))).to.equal(false);
    expect(hurts(said(NFT_MSG.DELRULE, NFPROTO.inet, { 1: 'filter', 2: 'FORWARD' }))).to.equal(false);
    expect(hurts(said(NFT_MSG.DELCHAIN, NFPROTO.ip, { 1: 'filter', 3: 'DOCKER' }))).to.equal(false);
    expect(hurts(said(NFT_MSG.DELTABLE, NFPROTO.ip, { 1: 'nat' }))).to.equal(false);
  });
});

describe('isForeignChange', () => {
  const [mine, other] = [4711, 4712];
  const tables = FAMILIES.map((family) => ({ family, table: 'routed' }));
  const from = (portId: number, type: number, family: number, table: string): boolean =>
    isForeignChange({ ...said(type, family, { 1: table }), portId }, tables, mine);
  const { DELRULE, DELSETELEM, NEWSETELEM, NEWTABLE } = NFT_MSG;

  it('is whatever others do in our tables', () => {
    for (const type of [NEWTABLE, NEWRULE, DELRULE, NEWSETELEM, DELSETELEM]) {
      for (const family of [NFPROTO.inet, NFPROTO.arp]) {
        expect(from(other, type, family, 'routed'), String(type)).to.equal(true);
      }
    }
  });

  it('is nothing of our own, nothing elsewhere, and no end of a transaction', () => {
    expect(from(mine, NEWSETELEM, NFPROTO.inet, 'routed')).to.equal(false);
    expect(from(other, NEWSETELEM, NFPROTO.inet, 'firewalld')).to.equal(false);
    expect(from(other, NEWSETELEM, NFPROTO.ip, 'routed')).to.equal(false);
    expect(from(other, 15, 0, 'routed')).to.equal(false);
  });
});
