import { NetfilterError, parseAllowList } from '@routed/netfilter';
import { expect } from 'chai';
import sinon from 'sinon';
import { NamedDestinations } from '../../src/endpoint/named-destinations.ts';
import { answer, a, CLIENT, question, RESOLVER, udp } from '../../../dns-gate/test/support/packets.ts';

const LINK = 'vethr1';
const NAME = 'api.example.com';
const namesOf = (text: string) => parseAllowList(text, 'egress').names ?? [];
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Stage {
  readonly handDns = sinon.stub().resolves('iptables');
  readonly open = sinon.stub().resolves();
  readonly close = sinon.stub().resolves();
  readonly attend = sinon.stub().resolves();
  readonly warn = sinon.fake();
  readonly closeQueue = sinon.stub().resolves();
  readonly decided: number[] = [];
  readonly openQueue = sinon.stub();
  readonly listeners = new Map<string, (data: unknown) => void>();
  readonly named: NamedDestinations;
  #id = 0;

  constructor() {
    const queue = {
      on: (event: string, listener: (data: unknown) => void) => this.listeners.set(event, listener),
      decide: (verdicts: readonly { readonly id: number }[]) => this.decided.push(...verdicts.map(({ id }) => id)),
      unref: () => undefined,
      close: this.closeQueue,
    };
    this.openQueue.resolves(queue);
    this.named = new NamedDestinations({
      filters: { handDns: this.handDns, open: this.open, close: this.close, attend: this.attend },
      rtnl: {
        links: { get: ({ index }: { index: number }) => Promise.resolve({ name: index === 9 ? LINK : 'eth0' }) },
        addresses: { list: () => Promise.resolve([{ address: '198.51.100.1/24' }]) },
      } as never,
      logger: { debug: sinon.fake(), info: sinon.fake(), warn: this.warn, error: sinon.fake() },
      openQueue: this.openQueue,
    });
  }

  /** Has the container ask, and get this answer. */
  async resolve(...addresses: string[]): Promise<void> {
    const bytes = udp(CLIENT, RESOLVER, question(NAME));
    const reply = udp(
      RESOLVER,
      CLIENT,
      answer(
        NAME,
        addresses.map((address) => a(NAME, address)),
      ),
    );
    for (const packet of [
      { hook: 'prerouting', inLink: 9, outLink: 0, bytes },
      { hook: 'postrouting', inLink: 0, outLink: 9, bytes: reply },
    ]) {
      this.listeners.get('packets')?.([{ ...packet, id: ++this.#id, mark: 0 }]);
      await soon();
      await soon();
    }
  }
}

describe('NamedDestinations', () => {
  afterEach(() => sinon.restore());

  it('reads nothing before the first name, and then once for all', async () => {
    const { named, openQueue, handDns } = new Stage();

    await named.set(LINK, []);
    expect(openQueue.called).to.equal(false);
    expect(await named.status()).to.equal(undefined);
    await Promise.all([named.set(LINK, namesOf(NAME)), named.set('vethr2', namesOf(NAME))]);

    expect([openQueue.callCount, handDns.callCount]).to.deep.equal([1, 1]);
    expect(await named.status()).to.include({ way: 'iptables', links: 2, open: 0, lost: 0 });
  });

  it('opens what the entries of a name allow, and says what is open', async () => {
    const stage = new Stage();
    await stage.named.set(LINK, namesOf(`${NAME}:80 ${NAME}:53/udp`));

    await stage.resolve('198.51.100.7');

    const services = stage.open.firstCall.args[0] as {
      link: string;
      service: { firstPort: number };
      timeoutMs: number;
    }[];
    expect(services.map(({ link, service, timeoutMs }) => [link, service.firstPort, timeoutMs])).to.deep.equal([
      [LINK, 80, 360_000],
      [LINK, 53, 360_000],
    ]);
    expect(stage.decided).to.deep.equal([1, 2]);
    expect(stage.named.openings(LINK).map(({ name, named }) => [name, named.service?.protocol])).to.deep.equal([
      [NAME, 'tcp'],
      [NAME, 'udp'],
    ]);
  });

  it("tells of addresses that stay closed, the host's own among them", async () => {
    const stage = new Stage();
    await stage.named.set(LINK, namesOf(NAME));

    await stage.resolve('198.51.100.1', '10.0.0.1');

    expect(stage.open.called).to.equal(false);
    const told = stage.warn.args.map(([fields]) => fields as { readonly address: string; readonly reason: string });
    expect(told.map(({ address, reason }) => [address, reason])).to.deep.equal([
      ['198.51.100.1', 'this host'],
      ['10.0.0.1', 'private'],
    ]);
  });

  it('keeps open what is still listed, and closes the rest', async () => {
    const stage = new Stage();
    await stage.named.set(LINK, namesOf(NAME));
    await stage.resolve('198.51.100.7');
    stage.open.resetHistory();

    await stage.named.set(LINK, namesOf(NAME));
    expect(stage.close.called).to.equal(false);
    await stage.named.set(LINK, namesOf(`${NAME}:443 other.example.com`));

    expect(stage.close.args).to.deep.equal([[LINK]]);
    const [[reopened]] = stage.open.args as [[[{ service: { firstPort: number } }]]];
    expect(reopened[0].service.firstPort).to.equal(443);
    await stage.named.set(LINK, []);
    expect(stage.named.openings(LINK)).to.deep.equal([]);
    expect(stage.close.callCount).to.equal(2);
  });

  it('warns of wildcards over what anybody may register, once', async () => {
    const { named, warn } = new Stage();

    await named.set(LINK, namesOf('*.com *.example.com'));
    await named.set(LINK, namesOf('*.com'));

    expect(warn.args.map(([, text]) => String(text))).to.deep.equal([
      '"*.com" covers names that anybody may register below the public suffix com',
    ]);
  });

  it('leaves what an earlier process opened', async () => {
    const stage = new Stage();

    await stage.named.set(LINK, namesOf(NAME));

    expect(stage.close.called).to.equal(false);
  });

  it('refuses names where nobody can follow them, and tries again', async () => {
    const stage = new Stage();
    const unavailable = new NetfilterError({ code: 'QUEUE_UNAVAILABLE', operation: 'names', reason: 'no queue' });
    stage.handDns.onFirstCall().rejects(unavailable);

    const refused = await stage.named.set(LINK, namesOf(NAME)).catch((error: unknown) => error);
    expect(refused).to.equal(unavailable);
    expect(stage.closeQueue.callCount).to.equal(1);
    await stage.named.set(LINK, namesOf(NAME));

    expect(await stage.named.status()).to.include({ links: 1 });
  });

  it('tells the kernel that names are read: from the first name, again and again, and not while the queue is broken', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const stage = new Stage();
    await stage.named.set(LINK, []);
    await stage.named.close();
    expect(stage.attend.called).to.equal(false);
    const reading = new Stage();
    await reading.named.set(LINK, namesOf(NAME));
    clock.tick(9_000);
    expect(reading.attend.args).to.deep.equal([[10_000], [10_000], [10_000], [10_000]]);

    reading.attend.rejects(new Error('no such table'));
    reading.openQueue.rejects(new Error('another process has this queue'));
    reading.listeners.get('error')?.(new Error('broken'));
    clock.tick(60_000);
    expect(reading.attend.callCount).to.equal(4);
    await reading.named.close();

    expect(reading.attend.lastCall.args).to.deep.equal([0]);
    clock.tick(60_000);
    expect(reading.attend.callCount).to.equal(5);
  });

  it('counts what was lost, and has the queue again when it breaks', async () => {
    const stage = new Stage();
    await stage.named.set(LINK, namesOf(NAME));

    stage.listeners.get('lost')?.(3);
    stage.listeners.get('error')?.(new Error('broken'));
    while (stage.openQueue.callCount < 2) await soon();

    expect(await stage.named.status()).to.include({ lost: 3 });
    expect(stage.openQueue.callCount).to.equal(2);
    await stage.named.close();
    expect(stage.closeQueue.callCount).to.equal(1);
  });
});
