import type { Neighbour, Rtnl } from '@routed/netns';
import { expect } from 'chai';
import sinon from 'sinon';
import { messageOf } from '../../../store/test/unit/support/message-of.ts';
import { GatewayCheck } from '../../src/networks/gateway-check.ts';

const there = { linkIndex: 7, address: '10.9.0.2', mac: '02:00:00:00:00:01', state: 'reachable', isPermanent: false };

describe('GatewayCheck', () => {
  let asked: number;
  let check: GatewayCheck;

  /** @param answersAt which question the other machine answers, from 1 on */
  const setUp = (answersAt: number): void => {
    asked = 0;
    const route = { type: 'unicast', linkIndex: 7 };
    check = new GatewayCheck({
      rtnl: {
        routes: { get: sinon.stub().resolves(route) },
        links: { get: sinon.stub().resolves({ name: 'eth1' }) },
        neighbours: {
          resolve: () => {
            asked++;
            return Promise.resolve();
          },
          delete: () => Promise.resolve(),
          list: () => Promise.resolve(asked >= answersAt ? [there as unknown as Neighbour] : []),
        },
      } as unknown as Pick<Rtnl, 'routes' | 'links' | 'neighbours'>,
    });
  };

  it('asks again where a question or its answer is lost', async () => {
    setUp(3);

    expect(await messageOf(check.refuseTaken('10.9.0.2', 'option'))).to.contain(
      '02:00:00:00:00:01 answers on link eth1',
    );
    expect(asked).to.equal(3);
  });

  it('lets a gateway be that nobody answers for', async () => {
    setUp(Infinity);

    await check.refuseTaken('10.9.0.2', 'option');

    expect(asked).to.equal(4);
  });
});
