import { expect } from 'chai';
import fc from 'fast-check';
import { commandsOf, planChanges } from '../../../src/plan/plan.ts';
import { Policy, candidate } from '../../../src/plan/policy.ts';
import { slotOf } from '../../../src/plan/slots.ts';
import { type ConfigSection, type ConfigTree, parseConfig } from '../../../src/text/parse.ts';

const HEAD = 'ip prefix-list ';

/** A daemon's lists and maps, one vty line at a time. Keeps every state that its routes see. */
class Daemon {
  readonly #sections: Map<string, ConfigSection>;
  #context: string[] = [];
  /** After each line that changed something; a line that replaces an entry removes the old one first. */
  readonly states: ConfigTree[] = [];

  constructor(tree: ConfigTree) {
    this.#sections = new Map(tree);
  }

  get tree(): ConfigTree {
    return new Map(this.#sections);
  }

  enter(line: string): void {
    if (line === 'configure terminal') this.#context = [];
    else if (line.startsWith('route-map ')) this.#context = [line];
    else if (line.startsWith('no route-map ')) this.#keep(() => this.#sections.delete(line.slice('no '.length)));
    else if (line.startsWith('no ')) this.#remove(line.slice('no '.length));
    else if (line !== 'end') this.#set(line);
  }

  #keep(change: () => void): void {
    change();
    this.states.push(this.tree);
  }

  #write(change: (lines: readonly string[]) => readonly string[]): void {
    const key = this.#context.join('\n');
    const { lines = [] } = this.#sections.get(key) ?? {};
    this.#keep(() => this.#sections.set(key, { path: this.#context, lines: change(lines) }));
  }

  #set(line: string): void {
    const rule = (text: string): string => text.replace(/ seq \d+/, '');
    const own = this.#sections.get('')?.lines ?? [];
    // Source: FRR lib/filter_cli.c: an entry that the list has under another number is ignored.
    if (line.startsWith(HEAD) && own.some((one) => rule(one) === rule(line) && one !== line)) return;
    this.#write((lines) => lines.filter((one) => slotOf(one) !== slotOf(line)));
    this.#write((lines) => [...lines, line]);
  }

  #remove(line: string): void {
    const isWholeList = /^ip prefix-list \S+$/.test(line);
    this.#write((lines) => lines.filter((one) => (isWholeList ? !one.startsWith(`${line} `) : one !== line)));
  }
}

const PREFIXES = ['10.112.0.0/12', '10.112.192.0/18', '10.120.0.0/16', '10.0.0.0/8', '10.112.200.0/24'];
const ROUTES = ['10.112.200.1/32', '10.120.0.1/32', '10.113.0.1/32', '10.9.0.1/32'].map((text) => candidate(text));
const MAPS = ['EXPORT', 'FABRIC-OUT'];

function configOf(prefixes: readonly string[]): ConfigTree {
  const list = prefixes.map((prefix, index) => `${HEAD}CONTAINERS seq ${5 * (index + 1)} permit ${prefix} ge 32\n`);
  const maps = MAPS.map((name) => `route-map ${name} permit 10\n match ip address prefix-list CONTAINERS\nexit\n`);
  return parseConfig([...list, ...maps, 'router ospf\n redistribute kernel route-map EXPORT\nexit\n'].join(''));
}

/** `EXPORT 10.112.200.1/32` for every route that a map lets through. */
function permitted(tree: ConfigTree): Set<string> {
  const policy = new Policy(tree);
  const pairs = MAPS.flatMap((map) => ROUTES.map((route) => ({ map, route })));
  return new Set(
    pairs
      .filter(({ map, route }) => policy.ofMap(map, route) === 'permit')
      .map(({ map, route }) => `${map} ${route.text}`),
  );
}

/** Goes to a configuration, as apply does, but for at most so many lines. Says what it sent. */
function go(daemon: Daemon, desired: ConfigTree, atMost = Infinity): string[] {
  const sent: string[] = [];
  for (let pass = 0; pass < 3; pass++) {
    const changes = planChanges(new Map([['ospfd', daemon.tree]]), new Map([['ospfd', desired]]), { takeOver: true });
    for (const line of changes.flatMap(commandsOf)) {
      if (sent.length >= atMost) return sent;
      daemon.enter(line);
      sent.push(line);
    }
  }
  return sent;
}

const wishes = fc.uniqueArray(fc.constantFrom(...PREFIXES), { minLength: 1, maxLength: 4 });

describe('changes of which an apply that was killed made only some', () => {
  it('withdraw no route that the old, the half-made and the next configuration announce', function () {
    this.timeout(20_000);
    fc.assert(
      fc.property(
        fc.array(wishes, { minLength: 2, maxLength: 4 }),
        fc.array(fc.nat(60), { maxLength: 3 }),
        (all, cuts) => {
          const [first, ...others] = all.map(configOf) as [ConfigTree, ...ConfigTree[]];
          const daemon = new Daemon(first);
          const sent = others.flatMap((desired, index) =>
            go(daemon, desired, index === others.length - 1 ? Infinity : cuts[index]),
          );
          const common = [...permitted(first)].filter((one) => others.every((other) => permitted(other).has(one)));

          for (const state of daemon.states) expect([...permitted(state)], sent.join('\n')).to.include.members(common);
          expect(planChanges(new Map([['ospfd', daemon.tree]]), new Map([['ospfd', others.at(-1)!]]))).to.deep.equal(
            [],
          );
        },
      ),
      { numRuns: process.env.ROUTED_ATTACK === 'all' ? 6000 : 300 },
    );
  });
});
