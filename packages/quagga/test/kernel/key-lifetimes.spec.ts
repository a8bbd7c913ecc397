import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { lossDuring, openPair } from '../support/pair.ts';
import { hasKeyChains } from '../support/release.ts';

/** Longer than two routers take to know each other. */
const BEFORE_MS = 25_000;
/** Longer than the dead interval of 4 s. */
const AFTER_MS = 6000;

/** A moment as a model says it, on the clock of this machine. */
function moment(atMs: number): string {
  const shifted = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19).replace('T', ' ');
}

if (hasKeyChains())
  describe('keys with lifetimes', function () {
    this.timeout(90_000);

    it('a router goes over to the next key at its time, and loses no packet', async () => {
      const atMs = Date.now() + BEFORE_MS;
      const keys = [
        { id: 1, key: 'last-year', send: { until: moment(atMs) }, accept: { until: moment(atMs + 60_000) } },
        { id: 2, key: 'this-year', send: { from: moment(atMs) } },
      ];
      const ospf = { authentication: { type: 'hmac-sha-256', keys } };
      const base = (host: number) => ({ preset: 'lan', routerId: `10.0.0.${host}`, interfaces: { eth1: { ospf } } });
      await using pair = await openPair(base, ['zebra', 'ospfd']);
      const used = async (): Promise<string> => (await pair.own.command('ospfd', 'show ip ospf interface eth1')).text;
      const before = { isEarly: Date.now() < atMs - 1000, used: await used() };

      const { sent, lost } = await lossDuring(pair, () => sleep(Math.max(0, atMs - Date.now()) + AFTER_MS));

      expect(before.isEarly, 'the routers know each other in time').to.equal(true);
      expect(before.used).to.include('Sending SA: Key 1');
      expect(await used()).to.include('Sending SA: Key 2');
      expect(lost, `of ${sent}`).to.equal(0);
    });
  });
