import { readFileSync } from 'node:fs';
import type { Family } from '@routed/netns';
import { MessageWriter, type NetlinkMessage, type Nfnetlink } from '@routed/netns/nfnetlink';
import { parseIp } from '@routed/addresses';
import { expect } from 'chai';
import fc from 'fast-check';
import { addressKey, decodeLiveResponder } from '../../src/codec/conntrack.ts';
import { createConnections } from '../../src/index.ts';

interface Captured {
  readonly family: Family;
  readonly connection: string;
  readonly isLive: boolean;
  readonly hex: string;
}

/** What Linux 6.18 on x86_64 sent about connections that a client had opened to 10.1.0.2 and fd00:1::2. */
const captured = JSON.parse(
  readFileSync(new URL('../golden/conntrack.json', import.meta.url), 'utf8'),
) as readonly Captured[];

const HEADER = 16;
const RESPONDER = { 4: '10.1.0.2', 6: 'fd00:1::2' } as const;
const CLIENT = { 4: '10.9.0.2', 6: 'fd00:9::2' } as const;
const keyOf = (address: string): string => addressKey(parseIp(address)!.bytes);
const keysOf = (...addresses: string[]): ReadonlySet<string> => new Set(addresses.map(keyOf));
const rowOf = (payload: Uint8Array): NetlinkMessage => ({ type: 0x100, flags: 2, sequence: 1, payload });
const hexRow = (hex: string): NetlinkMessage => rowOf(Uint8Array.from(Buffer.from(hex, 'hex')));

interface Facts {
  readonly family: Family;
  readonly responder: string;
  readonly protocol: number;
  readonly status: number;
  /** Of TCP; undefined: the kernel leaves it out. */
  readonly state: number | undefined;
  readonly mark?: number;
}

/** A row as `ctnetlink_fill_info` writes it, with what the count depends on. */
function buildRow({ family, responder, protocol, status, state, mark }: Facts): NetlinkMessage {
  const writer = new MessageWriter(0, 0)
    .u8(family === 4 ? 2 : 10)
    .u8(0)
    .u16(0);
  const client = CLIENT[family];
  for (const [type, from, to] of [
    [1, client, responder],
    [2, responder, client],
  ] as const) {
    writer.nest(type, () => {
      writer.nest(1, () => {
        writer.attribute(family === 4 ? 1 : 3, parseIp(from)!.bytes);
        writer.attribute(family === 4 ? 2 : 4, parseIp(to)!.bytes);
      });
      writer.nest(2, () => writer.attribute(1, Uint8Array.of(protocol)));
    });
  }
  writer.attribute(3, Uint8Array.of(status >>> 24, status >>> 16, status >>> 8, status));
  if (state !== undefined) writer.nest(4, () => writer.nest(1, () => writer.attribute(1, Uint8Array.of(state))));
  if (mark !== undefined) writer.attribute(8, Uint8Array.of(mark >>> 24, mark >>> 16, mark >>> 8, mark));
  return rowOf(writer.finish().subarray(HEADER));
}

describe('the count of live connections', () => {
  describe('reads what the kernel sent', () => {
    for (const { family, connection, isLive, hex } of captured) {
      it(`IPv${family}, ${connection}: ${isLive ? 'counts' : 'does not count'}`, () => {
        const responder = RESPONDER[family];

        const key = decodeLiveResponder(hexRow(hex), keysOf(responder, '10.1.0.3'));

        expect(key).to.equal(isLive ? keyOf(responder) : undefined);
      });

      it(`IPv${family}, ${connection}: does not count for the client`, () => {
        expect(decodeLiveResponder(hexRow(hex), keysOf(CLIENT[family]))).to.equal(undefined);
      });
    }
  });

  const family = fc.constantFrom<Family>(4, 6);

  it('of TCP goes by its state alone', () => {
    // Not 6, LAST_ACK: both ends have closed.
    const LIVE = [2, 3, 4, 5];
    fc.assert(
      fc.property(family, fc.integer({ min: 0, max: 9 }), fc.nat(0xffff), (ip, state, status) => {
        const row = buildRow({ family: ip, responder: RESPONDER[ip], protocol: 6, status, state });
        const isCounted = decodeLiveResponder(row, keysOf(RESPONDER[ip])) !== undefined;
        return isCounted === LIVE.includes(state);
      }),
    );
  });

  it('of others, and of TCP in a flow table, goes by answers, and never includes ICMP', () => {
    fc.assert(
      fc.property(family, fc.constantFrom(1, 6, 17, 33, 58, 132), fc.nat(0xffff), (ip, protocol, status) => {
        const row = buildRow({ family: ip, responder: RESPONDER[ip], protocol, status, state: undefined });
        const isCounted = decodeLiveResponder(row, keysOf(RESPONDER[ip])) !== undefined;
        return isCounted === (protocol !== 1 && protocol !== 58 && (status & 0b110) !== 0);
      }),
    );
  });

  it('leaves out what another host answers, and what nobody has answered yet, whatever the other bits of the mark', async () => {
    await fc.assert(
      fc.asyncProperty(family, fc.integer({ min: 0, max: 0xffff_ffff }), async (ip, mark) => {
        const responder = RESPONDER[ip];
        const row = buildRow({ family: ip, responder, protocol: 6, status: 0xe, state: 3, mark });
        const counts = await createConnections(kernel([row], true)).count([responder]);
        return counts.get(responder) === ((mark & 0x0c00_0000) === 0 ? 1 : 0);
      }),
    );
  });

  /** A kernel with these rows; `filters`: whether it knows the filter of a dump. */
  const kernel = (rows: readonly NetlinkMessage[], filters: boolean): { requests: string[]; nfnetlink: Nfnetlink } => {
    const requests: string[] = [];
    const dump: Nfnetlink['dump'] = (message, _purpose, decode) => {
      const payload = Buffer.from(message.subarray(HEADER));
      requests.push(payload.toString('hex'));
      // The address is what the innermost of two nests holds, after the header of the message.
      const wanted = payload.length > 4 && filters ? payload.subarray(16, 20) : undefined;
      const sent = rows.filter((row) => {
        const bytes = Buffer.from(row.payload);
        return bytes[0] === payload[0] && (wanted === undefined || bytes.includes(wanted));
      });
      return Promise.resolve(sent.flatMap((row) => decode(row) ?? []));
    };
    return { requests, nfnetlink: { dump } as unknown as Nfnetlink };
  };

  it('is that of each address, however many are asked for, on kernels with a filter and without', async () => {
    const pool = ['10.1.0.2', '10.1.0.3', '10.1.0.4', '10.1.0.5', '10.1.0.6', 'fd00:1::2', 'fd00:1::3'];
    const address = fc.constantFrom(...pool);
    await fc.assert(
      fc.asyncProperty(fc.array(address), fc.array(address), fc.boolean(), async (opened, asked, filters) => {
        const rows = opened.map((responder) =>
          buildRow({ family: responder.includes(':') ? 6 : 4, responder, protocol: 17, status: 0xe, state: undefined }),
        );

        const counts = await createConnections(kernel(rows, filters)).count(asked);

        const expected = asked.map((text) => [text, opened.filter((one) => one === text).length] as const);
        expect([...counts]).to.deep.equal([...new Map(expected)]);
      }),
    );
  });

  it('comes under the name that was asked for', async () => {
    const row = buildRow({ family: 6, responder: 'fd00:1::2', protocol: 6, status: 0xe, state: 3 });

    const counts = await createConnections(kernel([row], true)).count(['fd00:1:0::2', 'fd00:1::2', 'no address']);

    expect([...counts]).to.deep.equal([
      ['fd00:1:0::2', 1],
      ['fd00:1::2', 1],
    ]);
  });

  it('asks the kernel to look for up to four IPv4 addresses, and reads all connections beyond that', async () => {
    const few = kernel([], true);
    await createConnections(few).count(['10.1.0.2', '10.1.0.3', '10.1.0.2']);
    expect(few.requests).to.have.length(2);
    for (const request of few.requests) expect(request).to.match(/^02010000.+0a01000[23]/);

    const many = kernel([], true);
    await createConnections(many).count(['10.1.0.2', '10.1.0.3', '10.1.0.4', '10.1.0.5', '10.1.0.6', 'fd00:1::2']);
    expect(many.requests).to.deep.equal(['02010000', '0a010000']);
  });

  it('asks nothing about no address', async () => {
    const none = kernel([], true);
    expect((await createConnections(none).count([])).size).to.equal(0);
    expect(none.requests).to.deep.equal([]);
  });
});
