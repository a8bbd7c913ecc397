import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { attributeList, messages } from '../../../src/codec/reader.ts';
import { MessageWriter, encodeAttributes } from '../../../src/codec/writer.ts';
import { buildFunctionChange, buildFunctionsGet, decodeFunctions } from '../../../src/message/virtual-functions.ts';
import { KernelVirtualFunctions } from '../../../src/rtnl/kernel-virtual-functions.ts';
import type { Channel } from '../../../src/socket/channel.ts';
import type { FunctionChange } from '../../../src/types/virtual-functions.ts';
import { failure } from '../../support/failure.ts';
import { fromHex, purpose } from '../../support/messages.ts';

/** What `ip` of iproute2 6.1 sent on x86_64; made by record-vfs.mjs beside it. */
const recorded = JSON.parse(readFileSync(new URL('../../golden/vfs.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, { readonly command: string; readonly hex: string }>
>;
const NUMBER = 3;
const IFINFOMSG_LENGTH = 16;
const IFLA_VFINFO_LIST = 22;

const changes: Readonly<Record<string, FunctionChange>> = {
  mac: { mac: '02:00:00:00:00:07' },
  vlan: { vlan: { id: 7, priority: 5 } },
  vlanProtocol: { vlan: { id: 7, priority: 5, protocol: '802.1ad' } },
  rate: { maxTxRateMbitPerSec: 1000, minTxRateMbitPerSec: 100 },
  switches: { spoofCheck: true, trust: false, rssQuery: true, linkState: 'disable' },
};

/** The attributes of the one function in a message, in any order. */
function functionIn(message: Uint8Array): string[] {
  const list = attributeList(message.subarray(16), IFINFOMSG_LENGTH).filter(([type]) => type === IFLA_VFINFO_LIST);
  expect(list).to.have.lengthOf(1);
  const functions = attributeList(list[0]![1]);
  expect(functions).to.have.lengthOf(1);
  return attributeList(functions[0]![1])
    .map(([type, bytes]) => `${type}: ${Buffer.from(bytes).toString('hex')}`)
    .sort();
}

describe('virtual functions as ip(8) sets them', () => {
  it('are all recorded', () => {
    expect(Object.keys(changes)).to.deep.equal(Object.keys(recorded));
  });

  for (const [title, { command, hex }] of Object.entries(recorded)) {
    it(`"${command}" is the same message`, () => {
      const message = buildFunctionChange({ index: 1 }, NUMBER, changes[title]!, purpose);

      expect(functionIn(message)).to.deep.equal(functionIn(fromHex(hex)));
      expect(message.subarray(16, 32)).to.deep.equal(fromHex(hex).subarray(16, 32));
    });

    it(`"${command}" is read as it is meant`, () => {
      const [row] = [...messages(fromHex(hex))];

      expect(decodeFunctions(row!)).to.deep.equal([{ number: NUMBER, ...changes[title] }]);
    });
  }
});

describe('the virtual functions of a device', () => {
  const row = (...functions: Uint8Array[]): Uint8Array => {
    const list = encodeAttributes(functions.map((bytes) => [1, bytes] as const));
    return new MessageWriter(16, 0).bytes(new Uint8Array(16)).attribute(IFLA_VFINFO_LIST, list).finish();
  };
  const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

  it('are read with what has no name here', () => {
    const [message] = [
      ...messages(
        row(
          encodeAttributes([
            [1, new Uint8Array(Buffer.concat([words(0), Buffer.alloc(32)]))],
            [13, new Uint8Array(Buffer.concat([Buffer.alloc(6, 0xff), Buffer.alloc(26)]))],
            [6, words(0, 10, 20)],
            [4, words(0, 0xffff_ffff)],
            [99, words(7)],
          ]),
          encodeAttributes([
            [1, new Uint8Array(Buffer.concat([words(1), Buffer.alloc(32, 1)]))],
            [5, words(1, 0)],
          ]),
        ),
      ),
    ];

    expect(decodeFunctions(message!)).to.deep.equal([
      {
        number: 0,
        mac: '00:00:00:00:00:00',
        broadcastMac: 'ff:ff:ff:ff:ff:ff',
        minTxRateMbitPerSec: 10,
        maxTxRateMbitPerSec: 20,
        unknown: [
          { name: 'spoofCheck', hex: '00000000ffffffff' },
          { name: 'attribute 99', hex: '07000000' },
        ],
      },
      // An address that is longer than those of Ethernet.
      { number: 1, linkState: 'auto', unknown: [{ name: 'mac', hex: `01000000${'01'.repeat(32)}` }] },
    ]);
  });

  it('are asked for without their counters, and not changed by what is not understood', async () => {
    const sent: Uint8Array[] = [];
    const channel = {
      request: (message: Uint8Array): Promise<undefined> => {
        sent.push(message);
        return Promise.resolve(undefined);
      },
    } as unknown as Channel;
    const functions = new KernelVirtualFunctions(channel);

    expect(await functions.list({ name: 'eth0' })).to.deep.equal([]);
    expect(sent.splice(0)).to.deep.equal([buildFunctionsGet({ name: 'eth0' }, purpose)]);
    for (const [number, change, attribute] of [
      [-1, {}, 'number'],
      [0, { macs: '' }, 'macs'],
      [0, { mac: 'x' }, 'mac'],
      [0, { vlan: { id: 4096 } }, 'vlan.id'],
      [0, { linkState: 'up' }, 'linkState'],
    ] as const) {
      expect(await failure(functions.set({ name: 'eth0' }, number, change as FunctionChange))).to.include({
        code: 'EINVAL',
        attribute,
      });
    }
    await functions.set({ name: 'eth0' }, 0, {});
    expect(sent).to.deep.equal([]);
  });
});
