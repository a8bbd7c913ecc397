import type { Route, Rule } from '@routed/netns';
import { expect } from 'chai';
import fc from 'fast-check';
import { type SourceRoutingState, planSourceRouting } from '../../src/sandbox/source-routing-plan.ts';
import type { KernelChange } from '../../src/ground/kernel-change.ts';
import { endpointWith, inSandbox, loopback, vethTo } from './support/sandbox-states.ts';

const first = inSandbox(endpointWith('e1', ['10.1.0.2'], ['10.1.0.3']), 10);
const second = inSandbox(endpointWith('e2', ['10.2.0.2', 'fd00::2'], ['fd00::3']), 20);
const bridge = vethTo(90);

function rule(source: string, table: number): Rule {
  const family = source.includes(':') ? 6 : 4;
  return { family, priority: 20_200, source, table, action: 'lookup', protocol: 200 };
}

function route(destination: string, gateway: string, table: number): Route {
  return { destination, gateway, table, protocol: 200 } as Route;
}

function texts(actions: readonly KernelChange[]): string[] {
  return actions.map((action) => {
    if ('rule' in action) return `${action.kind} ${action.rule.source ?? ''} ${action.rule.table ?? ''}`;
    if (!('route' in action)) throw new Error(action.kind);
    const { destination, gateway, linkIndex, table } = action.route;
    return [action.kind, destination, gateway, linkIndex, table].filter((part) => part !== undefined).join(' ');
  });
}

describe('planAnswers', () => {
  it('needs no rule where there is one link, whatever unused links the kernel adds', () => {
    const tunnel = { ...loopback, index: 2, name: 'tunl0', kind: 'ipip', isLoopback: false, isUp: false };

    expect(planSourceRouting([first], { links: [loopback, tunnel, vethTo(10)], rules: [], routes: [] })).to.deep.equal(
      [],
    );
  });

  it('sends what comes from an address by its own link, in both families', () => {
    const links = [loopback, vethTo(10), vethTo(20)];

    expect(texts(planSourceRouting([first, second], { links, rules: [], routes: [] }))).to.deep.equal([
      'add-route 0.0.0.0/0 169.254.1.1 11 2000011',
      'add-route 0.0.0.0/0 169.254.1.1 21 2000021',
      'add-route ::/0 fe80::1 21 2000021',
      'add-rule 10.1.0.2/32 2000011',
      'add-rule 10.1.0.3/32 2000011',
      'add-rule 10.2.0.2/32 2000021',
      'add-rule fd00::2/128 2000021',
      'add-rule fd00::3/128 2000021',
    ]);
  });

  it('does so beside a link of another driver, for which it makes no rule', () => {
    const actions = planSourceRouting([first], { links: [loopback, bridge, vethTo(10)], rules: [], routes: [] });

    expect(texts(actions)).to.deep.equal([
      'add-route 0.0.0.0/0 169.254.1.1 11 2000011',
      'add-rule 10.1.0.2/32 2000011',
      'add-rule 10.1.0.3/32 2000011',
    ]);
  });

  it('replaces the rule of an address that has come back on another link', () => {
    const links = [loopback, bridge, vethTo(10)];
    const rules = [rule('10.1.0.2/32', 2_000_005), rule('10.1.0.3/32', 2_000_011)];

    const actions = planSourceRouting([first], { links, rules, routes: [] });

    expect(texts(actions).slice(1)).to.deep.equal(['delete-rule 10.1.0.2/32 2000005', 'add-rule 10.1.0.2/32 2000011']);
  });

  it('replaces a route whose gateway is another by now', () => {
    const links = [loopback, bridge, vethTo(10)];
    const rules = [rule('10.1.0.2/32', 2_000_011), rule('10.1.0.3/32', 2_000_011)];

    const actions = planSourceRouting([first], {
      links,
      rules,
      routes: [route('0.0.0.0/0', '169.254.1.9', 2_000_011)],
    });

    expect(texts(actions)).to.deep.equal(['add-route 0.0.0.0/0 169.254.1.1 11 2000011']);
  });

  it('takes all rules and routes away when the second link is gone', () => {
    const rules = [rule('10.1.0.2/32', 2_000_011), rule('fd00::2/128', 2_000_021)];
    const routes = [route('0.0.0.0/0', '169.254.1.1', 2_000_011)];

    const actions = planSourceRouting([first], { links: [loopback, vethTo(10)], rules, routes });

    expect(actions).to.deep.equal([
      { kind: 'delete-route', route: { destination: '0.0.0.0/0', table: 2_000_011, protocol: 200 } },
      {
        kind: 'delete-rule',
        rule: { family: 4, priority: 20_200, table: 2_000_011, source: '10.1.0.2/32', protocol: 200 },
      },
      {
        kind: 'delete-rule',
        rule: { family: 6, priority: 20_200, table: 2_000_021, source: 'fd00::2/128', protocol: 200 },
      },
    ]);
  });

  it('proposes nothing more once a plan has been carried out, for any state', () => {
    const sources = ['10.1.0.2/32', '10.1.0.3/32', '10.2.0.2/32', '10.9.0.9/32', 'fd00::2/128', 'fd00::3/128'];
    const tables = fc.constantFrom(2_000_005, 2_000_011, 2_000_021);
    const rules = fc.uniqueArray(
      fc.record({ source: fc.constantFrom(...sources), table: tables }).map(({ source, table }) => rule(source, table)),
      { selector: ({ source, table }) => `${source} ${table}` },
    );
    const routes = fc.uniqueArray(
      fc
        .tuple(fc.constantFrom('0.0.0.0/0', '::/0'), fc.constantFrom('169.254.1.1', 'fe80::1'), tables)
        .map(([destination, gateway, table]) => route(destination, gateway, table)),
      { selector: ({ table, destination }) => `${table} ${destination}` },
    );
    const links = fc.subarray([vethTo(10), vethTo(20), bridge]).map((present) => [loopback, ...present]);

    fc.assert(
      fc.property(fc.record({ links, rules, routes }), (before) => {
        const actions = planSourceRouting([first, second], before);

        expect(planSourceRouting([first, second], actions.reduce(carryOut, before))).to.deep.equal([]);
      }),
    );
  });
});

function carryOut(state: SourceRoutingState, action: KernelChange): SourceRoutingState {
  switch (action.kind) {
    case 'add-route':
    case 'delete-route': {
      const { destination, table } = action.route;
      const others = state.routes.filter((held) => held.table !== table || held.destination !== destination);
      return { ...state, routes: action.kind === 'add-route' ? [...others, action.route as Route] : others };
    }
    case 'add-rule':
      return { ...state, rules: [...state.rules, action.rule as Rule] };
    case 'delete-rule': {
      const { source, table } = action.rule;
      return { ...state, rules: state.rules.filter((held) => held.source !== source || held.table !== table) };
    }
    default:
      throw new Error(`no route or rule: ${action.kind}`);
  }
}
