import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { NetlinkError } from '../../../src/errors.ts';
import type { NetlinkMessage } from '../../../src/codec/reader.ts';
import type { NetlinkRequest } from '../../../src/netlink/contract.ts';
import { asText, asU16 } from '../../../src/attributes/format.ts';
import { attributeSet } from '../../../src/attributes/attribute-set.ts';
import { encodeAttributes } from '../../../src/codec/writer.ts';
import { DEVICE } from '../../../src/wireguard/attributes.ts';
import { KernelWireguard } from '../../../src/wireguard/kernel-wireguard.ts';
import { generatePrivateKey, publicKeyOf } from '../../../src/wireguard/keys.ts';
import type { WireguardChange } from '../../../src/wireguard/types.ts';
import { failure } from '../../support/failure.ts';
import { HeardNetlink } from '../../support/heard-netlink.ts';
import { fromHex } from '../../support/messages.ts';

/** What `wg` sent on x86_64; made by record-wireguard.mjs beside it. */
const { publicKey: recordedKey, ...recorded } = JSON.parse(
  readFileSync(new URL('../../golden/wireguard.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, { readonly command: string; readonly hex: string }>>;

const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
const FAMILY_ID = 77;
const GENL_ID_CTRL = 16;
const NLMSG_HEADER = 16;
const GENL_HEADER = 4;

const changes: Readonly<Record<string, WireguardChange>> = {
  device: { listenPort: 51_820, mark: 0x1234, privateKey: keyOf(0x41) },
  peer: {
    peers: [
      {
        publicKey: keyOf(1),
        presharedKey: keyOf(0x42),
        endpoint: { address: '192.0.2.7', port: 51_821 },
        keepaliveSec: 25,
        allowedPrefixes: ['10.0.0.0/8', 'fd00::/16', '192.0.2.9/32'],
      },
    ],
  },
  peerIpv6: { peers: [{ publicKey: keyOf(2), endpoint: { address: '2001:db8::7', port: 51_821 }, keepaliveSec: 0 }] },
  peers: {
    peers: [
      { publicKey: keyOf(3), allowedPrefixes: ['10.3.0.0/16'] },
      { publicKey: keyOf(4), allowedPrefixes: ['10.4.0.0/16'] },
    ],
  },
  remove: { peers: [{ publicKey: keyOf(5), remove: true }] },
};

/** A kernel with WireGuard: it says which number the family has, keeps what it is told, and shows `rows`. */
class Kernel extends HeardNetlink {
  family: number | undefined = FAMILY_ID;
  rows: Uint8Array[] = [];
  refusal: NetlinkError | undefined;

  override request(request: NetlinkRequest): Promise<readonly NetlinkMessage[]> {
    if (request.type !== GENL_ID_CTRL) return super.request(request);
    const absent = new NetlinkError({ code: 'ENOENT', errno: 2, operation: '', subject: '' });
    if (this.family === undefined) return Promise.reject(absent);
    const family = attributeSet<{ id?: number; name?: string }>({ id: [1, asU16], name: [2, asText] });
    const payload = Buffer.concat([new Uint8Array(GENL_HEADER), family.encode({ id: this.family, name: 'wireguard' })]);
    return Promise.resolve([{ type: GENL_ID_CTRL, flags: 0, sequence: 1, payload: new Uint8Array(payload) }]);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a generator that waits for nothing
  override async *dump(request: NetlinkRequest): AsyncGenerator<NetlinkMessage, void, undefined> {
    this.requests.push(request);
    for (const row of this.rows) {
      const payload = new Uint8Array(Buffer.concat([new Uint8Array(GENL_HEADER), row]));
      yield { type: FAMILY_ID, flags: 2, sequence: 1, payload };
    }
    if (this.refusal !== undefined) throw this.refusal;
  }
}

describe('WireGuard as wg(8) speaks to it', () => {
  it('is all recorded', () => {
    expect(Object.keys(changes)).to.deep.equal(Object.keys(recorded));
  });

  for (const [title, { command, hex }] of Object.entries(recorded)) {
    it(`"${command}" is the same message`, async () => {
      const kernel = new Kernel();

      await new KernelWireguard(kernel).set({ name: 'wg0' }, changes[title]!);

      const [{ type, header, attributes }] = kernel.requests as [Required<NetlinkRequest>];
      expect(type).to.equal(FAMILY_ID);
      const sent = Buffer.concat([header, attributes]).toString('hex');
      expect(sent).to.equal(Buffer.from(fromHex(hex).subarray(NLMSG_HEADER)).toString('hex'));
    });
  }

  it('makes public keys, and private keys with the bits set that RFC 7748 asks for', () => {
    expect(Buffer.from(publicKeyOf(keyOf(0x41)), 'base64').toString('hex')).to.equal(recordedKey!.hex);

    const key = generatePrivateKey();
    expect(key).to.not.equal(generatePrivateKey());
    const [first = 0, last = 0] = [0, 31].map((place) => Buffer.from(key, 'base64')[place]);
    expect([first & 7, last & 0xc0]).to.deep.equal([0, 0x40]);
    expect(() => publicKeyOf('secret'))
      .to.throw(NetlinkError, /43 characters/)
      .with.property('message')
      .that.does.not.include('secret');
  });
});

describe('a WireGuard link', () => {
  const timespec = (seconds: bigint, nanoseconds: bigint): Uint8Array =>
    new Uint8Array(BigUint64Array.of(seconds, nanoseconds).buffer);

  it('is shown with the peers of all parts, and nothing that is none', async () => {
    const kernel = new Kernel();
    const peer = { publicKey: keyOf(1), presharedKey: keyOf(0), keepaliveSec: 0, rxBytes: 7n, txBytes: 8n };
    kernel.rows = [
      DEVICE.encode({
        index: 7,
        name: 'wg0',
        privateKey: keyOf(0x41),
        publicKey: keyOf(0x42),
        listenPort: 51_820,
        mark: 0,
        peers: [{ ...peer, allowedPrefixes: ['10.0.0.0/8'], protocolVersion: 1 }],
      }),
      DEVICE.encode({
        index: 7,
        name: 'wg0',
        peers: [
          { publicKey: keyOf(1), allowedPrefixes: ['fd00::/16'] },
          { publicKey: keyOf(2), endpoint: { address: 'fe80::1', port: 9, scopeIndex: 3 }, presharedKey: keyOf(9) },
        ],
      }),
    ];

    const device = await new KernelWireguard(kernel).get({ name: 'wg0' });

    expect(device).to.deep.equal({
      index: 7,
      name: 'wg0',
      privateKey: keyOf(0x41),
      publicKey: keyOf(0x42),
      listenPort: 51_820,
      peers: [
        {
          publicKey: keyOf(1),
          rxBytes: 7n,
          txBytes: 8n,
          protocolVersion: 1,
          allowedPrefixes: ['10.0.0.0/8', 'fd00::/16'],
        },
        {
          publicKey: keyOf(2),
          presharedKey: keyOf(9),
          endpoint: { address: 'fe80::1', port: 9, scopeIndex: 3 },
          allowedPrefixes: [],
        },
      ],
    });
    expect(kernel.requests).to.have.lengthOf(1);
  });

  it('says when a peer was last heard', async () => {
    const kernel = new Kernel();
    const heard = (bytes: Uint8Array): Uint8Array => {
      const peer = encodeAttributes([
        [1, new Uint8Array(32).fill(1)],
        [6, bytes],
      ]);
      return encodeAttributes([[8, encodeAttributes([[0, peer]])]]);
    };
    const wireguard = new KernelWireguard(kernel);

    kernel.rows = [heard(timespec(1_700_000_000n, 5_999_999n))];
    expect((await wireguard.get({ index: 7 }))!.peers[0]!.lastHandshakeMs).to.equal(1_700_000_000_005);
    kernel.rows = [heard(timespec(0n, 0n))];
    expect((await wireguard.get({ index: 7 }))!.peers[0]).to.not.have.property('lastHandshakeMs');
  });

  it('is none without a link of that name, and an error when it is of another kind', async () => {
    const kernel = new Kernel();
    const wireguard = new KernelWireguard(kernel);

    kernel.refusal = new NetlinkError({ code: 'ENODEV', errno: 19, operation: 'wireguard.get', subject: 'wg0' });
    expect(await wireguard.get({ name: 'wg0' })).to.equal(undefined);
    kernel.refusal = new NetlinkError({ code: 'EOPNOTSUPP', errno: 95, operation: 'wireguard.get', subject: 'wg0' });
    expect(await failure(wireguard.get({ name: 'wg0' }))).to.include({ code: 'EOPNOTSUPP' });
  });

  it('says that a kernel has no WireGuard, until it has', async () => {
    const kernel = new Kernel();
    kernel.family = undefined;
    const wireguard = new KernelWireguard(kernel);

    expect(await failure(wireguard.set({ name: 'wg0' }, {}))).to.include({
      code: 'EOPNOTSUPP',
      message:
        'wireguard.set wg0: this kernel has no WireGuard, or its module is not loaded: create a link of that kind first (EOPNOTSUPP)',
    });
    kernel.family = FAMILY_ID;
    await wireguard.set({ name: 'wg0' }, {});
    expect(kernel.requests).to.have.lengthOf(1);
  });

  it('is told thousands of peers and prefixes in messages that fit, and the first alone replaces', async () => {
    const kernel = new Kernel();
    const many = Array.from({ length: 1000 }, (_, place) => `10.${place >> 8}.${place & 255}.0/24`);
    const peers = Array.from({ length: 600 }, (_, place) => ({
      publicKey: Buffer.alloc(32, `${place}-`).toString('base64'),
      endpoint: { address: '2001:db8::7', port: 1 },
      presharedKey: keyOf(1),
      keepaliveSec: 1,
      allowedPrefixes: place === 0 ? many : [`10.9.${place >> 8}.${place & 255}/32`],
    }));

    await new KernelWireguard(kernel).set({ name: 'wg0' }, { listenPort: 7, peers, replacePeers: true });

    const sent = kernel.requests.map(({ attributes }) => DEVICE.decode(attributes!));
    expect(sent.length).to.be.within(4, 10);
    expect(sent.map(({ flags, listenPort }) => [flags?.replacePeers, listenPort])).to.deep.equal([
      [true, 7],
      ...sent.slice(1).map(() => [undefined, undefined]),
    ]);
    const all = sent.flatMap((one) => one.peers ?? []);
    const first = all.filter(({ publicKey }) => publicKey === peers[0]!.publicKey);
    expect(first.flatMap(({ allowedPrefixes = [] }) => allowedPrefixes)).to.deep.equal(many);
    // The parts that follow would else replace those before.
    expect(first.map(({ flags }) => flags?.replacePrefixes)).to.deep.equal([true, undefined, undefined]);
    expect(new Set(all.map(({ publicKey }) => publicKey)).size).to.equal(600);
  });

  it('is not told what is not understood, and no error shows a key', async () => {
    const kernel = new Kernel();
    const wireguard = new KernelWireguard(kernel);
    const publicKey = keyOf(1);
    const set = (change: object): Promise<unknown> => failure(wireguard.set({ name: 'wg0' }, change));

    const errors = [
      await set({ privateKey: 'secret' }),
      await set({ listenPort: 65_536 }),
      await set({ peer: [] }),
      await set({ peers: [{}] }),
      await set({ peers: [{ publicKey, allowedPrefixes: ['10.0.0.1/8'] }] }),
      await set({ peers: [{ publicKey, allowedPrefixes: ['10.0.0.0/33'] }] }),
      await set({ peers: [{ publicKey, endpoint: { address: 'example.net', port: 1 } }] }),
      await set({ peers: [{ publicKey, allowedPrefixes: [], moreAllowedPrefixes: [] }] }),
      await failure(wireguard.get({} as never)),
    ] as NetlinkError[];

    expect(errors.map(({ attribute }) => attribute)).to.deep.equal([
      'privateKey',
      'listenPort',
      'peer',
      'peers.publicKey',
      'peers.allowedPrefixes',
      'peers.allowedPrefixes',
      'peers.endpoint.address',
      'peers.moreAllowedPrefixes',
      'name',
    ]);
    expect(errors[0]!.message).to.not.include('secret');
    expect(errors[2]!.message).to.include('did you mean peers?');
    expect(kernel.requests).to.deep.equal([]);
  });
});
