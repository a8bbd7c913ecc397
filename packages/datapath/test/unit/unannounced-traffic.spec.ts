import { expect } from 'chai';
import { fakeKernel } from '@routed/netns/testing';
import sinon from 'sinon';
import { type Separation, UnannouncedTraffic } from '../../src/announcement/unannounced-traffic.ts';
import { Uplinks } from '../../src/host/uplinks.ts';

const nothing = { prefixes: [], ahead: [], blocks: [], previous: [] };
const something = { prefixes: ['10.1.0.0/16'], ahead: [], blocks: [], previous: [] };

describe('UnannouncedTraffic', () => {
  const rtnl = fakeKernel();
  let ensure: sinon.SinonStub;
  let remove: sinon.SinonStub;
  let traffic: UnannouncedTraffic;
  beforeEach(() => {
    ensure = sinon.stub().resolves();
    remove = sinon.stub().resolves();
    const logger = { debug: sinon.fake(), info: sinon.fake(), warn: sinon.fake(), error: sinon.fake() };
    const acceptance = { acceptMarked: sinon.fake.resolves('present' as const) };
    const uplinks = new Uplinks({ rtnl });
    traffic = new UnannouncedTraffic({ rtnl, marks: { ensure, remove }, acceptance, uplinks, logger });
  });
  const apply = async (separation: Separation): Promise<void> => {
    await traffic.apply(separation);
    await traffic.marked();
  };

  it('removes the marks that the previous run of the daemon left, once', async () => {
    await apply(nothing);
    await apply(nothing);

    expect(remove.callCount).to.equal(1);
  });

  it('removes marks again if that failed', async () => {
    remove.onFirstCall().rejects(new Error('nft is busy'));
    await apply(something);
    await apply(nothing);

    await apply(nothing);

    expect(remove.callCount).to.equal(2);
  });

  it('marks ahead of the rules', async () => {
    await apply({ prefixes: ['10.2.0.0/16'], ahead: ['10.1.0.0/16'], blocks: [], previous: [] });

    const rules = (await rtnl.rules.list()).filter(({ table }) => table === 7200);
    expect(ensure.lastCall.firstArg).to.deep.include({ prefixes: ['10.1.0.0/16', '10.2.0.0/16'] });
    expect(rules.map(({ destination }) => destination)).to.deep.equal(['10.2.0.0/16']);
  });
});
