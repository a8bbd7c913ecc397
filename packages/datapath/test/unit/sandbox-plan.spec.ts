import { expect } from 'chai';
import fc from 'fast-check';
import { planAddresses, type SandboxState } from '../../src/sandbox/sandbox-plan.ts';
import type { KernelChange } from '../../src/ground/kernel-change.ts';
import { endpointWith, held, inSandbox, loopback, vethTo } from './support/sandbox-states.ts';

const OURS = 200;
const endpoint = inSandbox(endpointWith('e1', ['10.1.0.2', 'fd00::2'], ['10.1.0.3', 'fd00::3']), 10);
const addressed = [held(11, '10.1.0.2/32'), held(11, 'fd00::2/128'), held(11, 'fe80::42/64')];

function addresses(changes: readonly KernelChange[]): string[] {
  return changes.map((action) => `${action.kind} ${'address' in action ? action.address.address : ''}`);
}

describe('planAddresses', () => {
  it('waits while the link has not arrived, and does not take one of another for it', () => {
    const links = [loopback, vethTo(99), { ...vethTo(10), kind: 'macvlan' }];

    expect(planAddresses([endpoint], { links, addresses: [] })).to.deep.equal({ changes: [], waitingFor: ['e1'] });
  });

  it("waits for Docker's own address of each family: the first address of a link is the one it sends from", () => {
    for (const part of [[], [held(11, '10.1.0.2/32')], [held(11, 'fd00::2/128')], [held(12, '10.1.0.2/32')]]) {
      const plan = planAddresses([endpoint], { links: [loopback, vethTo(10)], addresses: part });

      expect(plan).to.deep.equal({ changes: [], waitingFor: ['e1'] });
    }
  });

  it('then adds what is missing, though the link is not up yet', () => {
    const links = [loopback, vethTo(10, { isUp: false })];

    const { changes, waitingFor } = planAddresses([endpoint], { links, addresses: addressed });

    expect(addresses(changes)).to.deep.equal(['add-address 10.1.0.3/32', 'add-address fd00::3/128']);
    expect(waitingFor).to.deep.equal([]);
  });

  it('adds addresses that are usable at once, and of which IPv6 never sends by itself', () => {
    const { changes } = planAddresses([endpoint], { links: [vethTo(10)], addresses: addressed });

    const common = { linkIndex: 11, protocol: OURS, skipDuplicateDetection: true, noPrefixRoute: true };
    expect(changes).to.deep.equal([
      { kind: 'add-address', address: { ...common, address: '10.1.0.3/32', isDeprecated: false } },
      { kind: 'add-address', address: { ...common, address: 'fd00::3/128', isDeprecated: true } },
    ]);
  });

  it('deletes only addresses that carry our protocol number', () => {
    const others = [held(11, '10.9.0.1/24'), held(11, '10.9.0.2/32', 3), held(12, '10.9.0.3/32', OURS)];
    const state = { links: [vethTo(10)], addresses: [...addressed, ...others, held(11, '10.1.0.9/32', OURS)] };

    const { changes } = planAddresses([endpoint], state);

    expect(addresses(changes)).to.deep.equal([
      'delete-address 10.1.0.9/32',
      'add-address 10.1.0.3/32',
      'add-address fd00::3/128',
    ]);
  });

  it('does nothing in a sandbox that is as it should be', () => {
    const state = {
      links: [loopback, vethTo(10)],
      addresses: [...addressed, held(11, '10.1.0.3/32', OURS), held(11, 'fd00::3/128')],
    };

    expect(planAddresses([endpoint], state)).to.deep.equal({ changes: [], waitingFor: [] });
  });

  it('waits for a link to be up where routes by it will be wanted, and not for the others', () => {
    const second = inSandbox(endpointWith('e2', ['10.2.0.2'], ['10.2.0.3']), 20);
    const links = [loopback, vethTo(10, { isUp: false }), vethTo(20)];
    const state = { links, addresses: [...addressed, held(21, '10.2.0.2/32')] };

    const { changes, waitingFor } = planAddresses([endpoint, second], state);

    expect(waitingFor).to.deep.equal(['e1']);
    expect(addresses(changes)).to.deep.equal(['add-address 10.2.0.3/32']);
  });

  it('proposes nothing more once a plan has been carried out, for any state', () => {
    const endpoints = [
      inSandbox(endpointWith('e1', ['10.1.0.2'], ['10.1.0.3', '10.1.0.4']), 10),
      inSandbox(endpointWith('e2', ['10.2.0.2', 'fd00::2'], ['fd00::3']), 20),
      inSandbox(endpointWith('e3', ['fd00:3::2'], ['fd00:3::3', 'fd00:3::4']), 30),
    ];
    const link = fc.record({ host: fc.constantFrom(10, 20, 30, 40), isUp: fc.boolean() });
    const links = fc
      .uniqueArray(link, { selector: ({ host }) => host })
      .map((made) => [loopback, ...made.map(({ host, isUp }) => vethTo(host, { isUp }))]);
    const address = fc
      .record({
        linkIndex: fc.constantFrom(11, 21, 31, 41),
        text: fc.constantFrom(
          ...['10.1.0.2/32', '10.1.0.3/32', '10.1.0.9/32', '10.2.0.2/32'],
          ...['fd00::2/128', 'fd00::3/128', 'fd00:3::2/128', 'fd00:3::4/128'],
        ),
        protocol: fc.constantFrom(undefined, OURS),
      })
      .map(({ linkIndex, text, protocol }) => held(linkIndex, text, protocol));
    const listed = fc.uniqueArray(address, { selector: ({ linkIndex, address: text }) => `${linkIndex} ${text}` });

    fc.assert(
      fc.property(links, listed, (present, heldBefore) => {
        const before = { links: present, addresses: heldBefore };
        const first = planAddresses(endpoints, before);

        const again = planAddresses(endpoints, first.changes.reduce(carryOut, before));

        expect(again).to.deep.equal({ changes: [], waitingFor: first.waitingFor });
      }),
    );
  });
});

function carryOut(state: SandboxState, action: KernelChange): SandboxState {
  if (action.kind === 'add-address') {
    const { linkIndex, address, protocol } = action.address;
    return { ...state, addresses: [...state.addresses, held(linkIndex, address, protocol)] };
  }
  if (action.kind !== 'delete-address') throw new Error(`no address: ${action.kind}`);
  const { linkIndex, address } = action.address;
  const isOther = (entry: { linkIndex: number; address: string }): boolean =>
    entry.linkIndex !== linkIndex || entry.address !== address;
  return { ...state, addresses: state.addresses.filter(isOther) };
}
