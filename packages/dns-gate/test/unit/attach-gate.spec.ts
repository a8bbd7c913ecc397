import { expect } from 'chai';
import { attachGate, type ClosedAddress, DnsGate, type Opening, type WaitingPacket } from '../../src/index.ts';
import { a, answer, CLIENT, question, RESOLVER, udp } from '../support/packets.ts';

const NAME = 'api.example.com';

class Stage {
  readonly decided: string[] = [];
  readonly errors: unknown[] = [];
  readonly closed: ClosedAddress[] = [];
  /** Openings under way, and what ends them. */
  readonly opening: { readonly openings: readonly Opening[]; readonly end: (error?: Error) => void }[] = [];
  readonly gate = new DnsGate({ lists: () => new Set([NAME]), isOwn: () => false, nowMs: () => 0 });
  #listener: (packets: readonly WaitingPacket[]) => void = () => undefined;
  #id = 0;

  constructor(
    clientOf: (link: number) => string | undefined | Promise<string | undefined> = (link) =>
      link === 9 ? 'vethr1' : undefined,
    decide?: () => void,
  ) {
    attachGate({
      gate: this.gate,
      queue: {
        on: (_event, listener) => (this.#listener = listener),
        decide: (verdicts) => {
          decide?.();
          this.decided.push(
            verdicts.map(({ id, mark }) => (mark === undefined ? `${id}` : `${id} mark ${mark}`)).join(),
          );
        },
      },
      clientOf,
      open: (openings) =>
        new Promise((resolve, reject) => {
          this.opening.push({ openings, end: (error) => (error === undefined ? resolve() : reject(error)) });
        }),
      onClosed: (closed) => this.closed.push(...closed),
      onError: (error) => this.errors.push(error),
      mark: 0x10,
    });
  }

  ask(id = 7): WaitingPacket {
    return this.#packet({ hook: 'prerouting', inLink: 9, bytes: udp(CLIENT, RESOLVER, question(NAME, { id })) });
  }

  answer(address: string, id = 7): WaitingPacket {
    const bytes = udp(RESOLVER, CLIENT, answer(NAME, [a(NAME, address)], { id }));
    return this.#packet({ hook: 'postrouting', outLink: 9, bytes });
  }

  #packet(fields: Partial<WaitingPacket>): WaitingPacket {
    return { id: ++this.#id, hook: '', inLink: 0, outLink: 0, mark: 0, bytes: new Uint8Array(), ...fields };
  }

  come(...packets: WaitingPacket[]): void {
    this.#listener(packets);
  }
}
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('attachGate', () => {
  it('lets an answer go when what it names is open, and the rest at once', async () => {
    const stage = new Stage();

    stage.come(stage.ask(), stage.answer('198.51.100.7'), stage.ask(8));

    expect(stage.decided).to.deep.equal(['1,3']);
    expect(stage.opening.map(({ openings }) => openings.map(({ address }) => address))).to.deep.equal([
      ['198.51.100.7'],
    ]);
    stage.opening[0]!.end();
    await soon();
    expect(stage.decided).to.deep.equal(['1,3', '2']);
    expect(stage.gate.openings()).to.have.lengthOf(1);
  });

  it('opens together what comes while something is being opened', async () => {
    const stage = new Stage();
    stage.come(stage.ask(1), stage.ask(2), stage.ask(3), stage.answer('198.51.100.1', 1));

    stage.come(stage.answer('198.51.100.2', 2));
    stage.come(stage.answer('198.51.100.3', 3));
    expect(stage.opening).to.have.lengthOf(1);
    stage.opening[0]!.end();
    await soon();
    expect(stage.opening[1]!.openings.map(({ address }) => address)).to.deep.equal(['198.51.100.2', '198.51.100.3']);
    stage.opening[1]!.end();
    await soon();

    expect(stage.decided).to.deep.equal(['1,2,3', '4', '5,6']);
  });

  it('reports what cannot be opened, and lets the answer go', async () => {
    const stage = new Stage();
    stage.come(stage.ask(), stage.answer('198.51.100.7'));

    stage.opening[0]!.end(new Error('the kernel refused'));
    await soon();

    expect(stage.errors.map(String)).to.deep.equal(['Error: the kernel refused']);
    expect(stage.decided).to.deep.equal(['1', '2']);
    expect(stage.gate.openings()).to.deep.equal([]);
  });

  it('takes its bits from the marks, and leaves the others', () => {
    const stage = new Stage(() => undefined);

    stage.come({ ...stage.ask(), mark: 0x8000_0011 }, { ...stage.ask(), mark: 0x11 }, { ...stage.ask(), mark: 0x01 });

    expect(stage.decided).to.deep.equal(['1 mark 2147483649,2 mark 1,3']);
  });

  it('waits for the name of a link, and keeps the bytes meanwhile', async () => {
    const stage = new Stage((link) => Promise.resolve(link === 9 ? 'vethr1' : undefined));
    const packets = [stage.ask(), stage.answer('198.51.100.7')];

    stage.come(...packets);
    for (const { bytes } of packets) bytes.fill(0);
    await soon();
    stage.opening[0]!.end();
    await soon();

    expect(stage.decided).to.deep.equal(['1', '2']);
    expect(stage.gate.counters).to.include({ questions: 1, answers: 1 });
  });

  it('lets packets go when a link cannot be looked up, and says so', async () => {
    const stage = new Stage(() => Promise.reject(new Error('no link')));

    stage.come(stage.ask());
    await soon();

    expect(stage.decided).to.deep.equal(['1']);
    expect(stage.errors).to.have.lengthOf(1);
  });

  it('reports addresses that stay closed, and a queue that takes no verdicts', () => {
    const stage = new Stage(undefined, () => {
      throw new Error('closed');
    });

    stage.come(stage.ask(), stage.answer('127.0.0.1'));

    expect(stage.closed.map(({ address, reason }) => [address, reason])).to.deep.equal([
      ['127.0.0.1', 'no destination'],
    ]);
    expect(stage.errors.map(String)).to.deep.equal(['Error: closed']);
  });
});
