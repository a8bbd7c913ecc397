import { config, expect } from 'chai';
import { bundleDaemon } from '../support/crash/bundle.ts';
import { type Crash, CrashLane, type Life } from '../support/crash/crash-lane.ts';

/** Hosts at once: as many as a small machine has processors. */
const LANES = 2;
const TIMEOUT_MS = 900_000;

/** `ROUTED_CRASH=all`: every step, each side, and both of what Docker does then. Else each only as often as something can differ. */
const IS_THOROUGH = process.env['ROUTED_CRASH'] === 'all';

/** A call in which the daemon dies. */
interface Call {
  readonly life: Life;
  /** Its number in that life. */
  readonly call: number;
  readonly title: string;
  /** How many steps it has at least; with fewer, the test no longer sees them. */
  readonly least: number;
  /** Of so many steps one is tried, unless all are. @default 1 */
  readonly stride?: number;
}

/** What differs little from calls of other lives, and takes long: blocks rest for ten minutes before they are given back. */
const THOROUGH: readonly Call[] = [
  { life: 'limited', call: 5, title: 'Leave with limits and names', least: 7 },
  { life: 'blocks', call: 6, title: 'RequestAddress that claims an IPv6 block', least: 4 },
  { life: 'blocks', call: 8, title: 'Join inside blocks', least: 10 },
  { life: 'blocks', call: 10, title: 'Leave inside blocks', least: 5 },
  { life: 'blocks', call: 13, title: 'ReleaseAddress inside a block', least: 1 },
  { life: 'blocks', call: 19, title: 'DeleteNetwork of a network with blocks', least: 16 },
];

const CALLS: readonly Call[] = [
  { life: 'container', call: 0, title: 'RequestAddress', least: 1 },
  { life: 'container', call: 1, title: 'RequestAddress, IPv6', least: 1 },
  { life: 'container', call: 2, title: 'CreateEndpoint', least: 6 },
  { life: 'container', call: 3, title: 'Join', least: 15 },
  { life: 'container', call: 4, title: 'the visit of the sandbox', least: 3 },
  { life: 'container', call: 5, title: 'Leave', least: 9 },
  { life: 'container', call: 6, title: 'DeleteEndpoint', least: 4 },
  { life: 'container', call: 7, title: 'ReleaseAddress', least: 1 },
  { life: 'container', call: 8, title: 'ReleaseAddress, IPv6', least: 1 },
  { life: 'limited', call: 3, title: 'Join with limits and names', least: 19, stride: 9 },
  { life: 'network', call: 0, title: 'RequestPool', least: 1 },
  { life: 'network', call: 1, title: 'RequestAddress, gateway', least: 1 },
  { life: 'network', call: 2, title: 'RequestAddress, reserved', least: 1 },
  { life: 'network', call: 3, title: 'RequestPool, IPv6', least: 1 },
  { life: 'network', call: 4, title: 'CreateNetwork', least: 15, stride: 2 },
  { life: 'network', call: 7, title: 'ReleasePool', least: 1 },
  { life: 'network', call: 9, title: 'ReleasePool, IPv6', least: 1 },
  { life: 'network', call: 10, title: 'DeleteNetwork', least: 12, stride: 2 },
  { life: 'blocks', call: 5, title: 'RequestAddress that claims a block', least: 3, stride: 4 },
  ...(IS_THOROUGH ? THOROUGH : []),
];

/** The ways to die at a step. What is there after it is there before the next, so both sides are seen with both absences. */
const WAYS = [
  { phase: 'before', absence: 'short' },
  { phase: 'after', absence: 'long' },
  { phase: 'before', absence: 'long' },
  { phase: 'after', absence: 'short' },
] as const;

/** Crashes step by step, until there is no step of that number. */
function* crashesIn({ life, call, stride = 1 }: Call, wasReached: () => boolean): Generator<Crash> {
  for (let step = 1; wasReached(); step += IS_THOROUGH ? 1 : stride) {
    for (const { phase, absence } of IS_THOROUGH ? WAYS : WAYS.slice(0, 2)) {
      yield { life, call, point: { step, phase }, absence, release: step % 2 === 0 ? '20.10' : '28' };
    }
  }
}

describe('a daemon that is killed', () => {
  const { truncateThreshold } = config;
  const lanes: CrashLane[] = [];
  let main: string;
  before(async function () {
    this.timeout(TIMEOUT_MS);
    // What is left behind is to be read in full.
    config.truncateThreshold = 0;
    main = await bundleDaemon();
    for (let count = 0; count < LANES; count++) lanes.push(await CrashLane.open(main));
  });
  after(async function () {
    this.timeout(TIMEOUT_MS);
    config.truncateThreshold = truncateThreshold;
    for (const lane of lanes) await lane.close();
  });

  /** Suffers the crash on one of the hosts; says what is wrong then, or that there was no such step. */
  async function outcomeOf(crash: Crash, index: number): Promise<string | undefined> {
    try {
      return (await lanes[index]!.suffer(crash)) ? undefined : 'not reached';
    } catch (error) {
      const log = await lanes[index]!.logTail();
      await lanes[index]!.close();
      lanes[index] = await CrashLane.open(main);
      const { point, absence, release } = crash;
      const where = `${point.phase} step ${point.step}, absence ${absence}, Docker ${release}`;
      return `${where}: ${(error as Error).message}\n${log}`;
    }
  }

  for (const call of CALLS) {
    it(`leaves nothing for good, whatever the step of ${call.title}`, async function () {
      this.timeout(TIMEOUT_MS);
      const failures: string[] = [];
      let last = 0;
      let isReached = true;
      const crashes = crashesIn(call, () => isReached);

      await Promise.all(
        lanes.map(async (_, index) => {
          for (const crash of crashes) {
            const outcome = await outcomeOf(crash, index);
            if (outcome === 'not reached') isReached = false;
            else last = Math.max(last, crash.point.step);
            if (outcome !== undefined && outcome !== 'not reached') failures.push(outcome);
          }
        }),
      );

      if (failures.length > 0) expect.fail(failures.join('\n\n'));
      expect(last).to.be.at.least(call.least);
    });
  }
});
