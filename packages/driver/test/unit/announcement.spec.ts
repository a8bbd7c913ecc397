import { expect } from 'chai';
import fc from 'fast-check';
import {
  type AnnouncementInputs,
  type AnnouncementMemory,
  type ContainerCondition,
  decide,
  FLAPPING,
} from '../../src/announcement/announcement.ts';

const NOTHING: AnnouncementMemory = { isAnnounced: false, withdrawals: [] };
const running: ContainerCondition = { state: 'running' };
const inputs = (changes: Partial<AnnouncementInputs>): AnnouncementInputs => ({
  policy: 'healthy',
  delayMs: 0,
  isDraining: false,
  ...changes,
});

describe('decide', () => {
  const cases: readonly [string, Partial<AnnouncementInputs>, boolean, string][] = [
    ['always, before Docker has said anything', { policy: 'always' }, true, 'always'],
    [
      'running, of a container that was created',
      { policy: 'running', container: { state: 'created' } },
      false,
      'not started',
    ],
    ['running, of one that runs', { policy: 'running', container: running }, true, 'running'],
    ['running, of one that is paused', { policy: 'running', container: { state: 'paused' } }, false, 'paused'],
    ['running, of one that ends', { policy: 'running', container: { state: 'ending' } }, false, 'ending'],
    ['healthy, of one that is starting', { container: { ...running, health: 'starting' } }, false, 'not healthy'],
    ['healthy, of one that is healthy', { container: { ...running, health: 'healthy' } }, true, 'healthy'],
    ['healthy, of one that is not', { container: { ...running, health: 'unhealthy' } }, false, 'not healthy'],
    ['healthy, of one without HEALTHCHECK', { container: running }, true, 'no-healthcheck'],
    ['manual, before anybody said so', { policy: 'manual', container: running }, false, 'withdrawn by operator'],
    ['manual, announced', { policy: 'manual', isWished: true, container: running }, true, 'announced by operator'],
    [
      'manual, announced, and ending',
      { policy: 'manual', isWished: true, container: { state: 'ending' } },
      false,
      'ending',
    ],
    ['always, and drained', { policy: 'always', isDraining: true }, false, 'draining'],
  ];
  for (const [what, changes, isAnnounced, reason] of cases) {
    it(`${isAnnounced ? 'announces' : 'does not announce'} ${what}`, () => {
      expect(decide(inputs(changes), NOTHING, 0)).to.include({ isAnnounced, reason });
    });
  }

  for (const isAnnounced of [true, false]) {
    it(`leaves an endpoint ${isAnnounced ? 'announced' : 'withdrawn'} while Docker has not said anything`, () => {
      expect(decide(inputs({}), { isAnnounced, withdrawals: [] }, 0).isAnnounced).to.equal(isAnnounced);
    });
  }

  it('waits for the delay, and anew after each time that the policy was not met', () => {
    const healthy = inputs({ delayMs: 1000, container: { ...running, health: 'healthy' } });
    const sick = inputs({ delayMs: 1000, container: { ...running, health: 'unhealthy' } });

    const first = decide(healthy, NOTHING, 0);
    expect(first).to.include({ isAnnounced: false, reason: 'delayed', lookAgainAt: 1000 });
    const second = decide(sick, first.memory, 900);
    const third = decide(healthy, second.memory, 950);
    expect(third).to.include({ isAnnounced: false, lookAgainAt: 1950 });
    expect(decide(healthy, third.memory, 1950).isAnnounced).to.equal(true);
  });

  it('keeps a container withdrawn that is flapping, until it has been quiet for a minute', () => {
    const healthy = inputs({ container: { ...running, health: 'healthy' } });
    const sick = inputs({ container: { ...running, health: 'unhealthy' } });
    let memory = NOTHING;
    for (let at = 0; at < FLAPPING.count * 1000; at += 1000) {
      memory = decide(healthy, memory, at).memory;
      memory = decide(sick, memory, at + 500).memory;
    }

    const last = decide(healthy, memory, 5000);
    expect(last).to.include({ isAnnounced: false, reason: 'flapping', lookAgainAt: 4500 + FLAPPING.withinMs });
    expect(decide(healthy, last.memory, 4500 + FLAPPING.withinMs).isAnnounced).to.equal(true);
  });

  it('never announces what does not meet its policy, and announces what does for long enough', () => {
    const condition = fc.record(
      {
        state: fc.constantFrom('created', 'running', 'paused', 'ending'),
        health: fc.constantFrom('starting', 'healthy', 'unhealthy'),
      },
      { requiredKeys: ['state'] },
    ) as fc.Arbitrary<ContainerCondition>;
    const step = fc.record({ ms: fc.nat(120_000), container: condition, isDraining: fc.boolean() });
    const policy = fc.constantFrom<('running' | 'healthy')[]>('running', 'healthy');
    fc.assert(
      fc.property(policy, fc.nat(5000), fc.array(step, { maxLength: 30 }), (chosen, delayMs, steps) => {
        let [memory, now] = [NOTHING, 0];
        for (const { ms, container, isDraining } of steps) {
          now += ms;
          const given = { policy: chosen, delayMs, container, isDraining };
          const decided = decide(given, memory, now);
          const isHealthy = chosen === 'running' || (container.health ?? 'healthy') === 'healthy';
          const isMet = !isDraining && container.state === 'running' && isHealthy;
          if (!isMet) expect(decided.isAnnounced).to.equal(false);
          else if (!decided.isAnnounced) {
            expect(decide(given, decided.memory, decided.lookAgainAt!).isAnnounced).to.equal(true);
            expect(decided.lookAgainAt! - now).to.be.at.most(Math.max(delayMs, FLAPPING.withinMs));
          }
          memory = decided.memory;
        }
      }),
    );
  });
});
