import { expect } from 'chai';
import { bundleDaemon } from '../support/crash/bundle.ts';
import { type Crash, CrashLane, type Life } from '../support/crash/crash-lane.ts';

/** Hosts at once: as many as a small machine has processors. */
const LANES = 2;
const TIMEOUT_MS = 600_000;

/** What Docker calls in these lives, in this order. */
const CALLS: Readonly<Record<Life, readonly string[]>> = {
  container: [
    'RequestAddress',
    'RequestAddress (IPv6)',
    'CreateEndpoint',
    'Join',
    'the visit of the sandbox',
    'Leave',
    'DeleteEndpoint',
    'ReleaseAddress',
    'ReleaseAddress (IPv6)',
  ],
  network: [
    'RequestPool',
    'RequestAddress (gateway)',
    'RequestAddress (reserved)',
    'RequestPool (IPv6)',
    'CreateNetwork',
    'ReleaseAddress (gateway)',
    'ReleaseAddress (reserved)',
    'ReleasePool',
    'ReleaseAddress (IPv6 gateway)',
    'ReleasePool (IPv6)',
    'DeleteNetwork',
  ],
};

/** Every step of a call, until there is none of that number. */
function* crashesIn(life: Life, call: number, wasReached: () => boolean): Generator<Crash> {
  for (let step = 1; wasReached(); step++) {
    const release = step % 2 === 0 ? '20.10' : '28';
    // What is there after a step is there before the next one, so both sides of each are seen with both absences.
    yield { life, call, point: { step, phase: 'before' }, absence: 'short', release };
    yield { life, call, point: { step, phase: 'after' }, absence: 'long', release };
  }
}

describe('a daemon that is killed', () => {
  const lanes: CrashLane[] = [];
  let main: string;
  before(async function () {
    this.timeout(TIMEOUT_MS);
    main = await bundleDaemon();
    for (let count = 0; count < LANES; count++) lanes.push(await CrashLane.open(main));
  });
  after(async () => {
    await Promise.all(lanes.map((lane) => lane.close()));
  });

  for (const [life, calls] of Object.entries(CALLS) as [Life, readonly string[]][]) {
    for (const [call, title] of calls.entries()) {
      it(`leaves nothing for good, whatever the step of ${title}`, async function () {
        this.timeout(TIMEOUT_MS);
        let isReached = true;
        const crashes = crashesIn(life, call, () => isReached);
        const failures: string[] = [];
        let count = 0;
        await Promise.all(
          lanes.map(async (_, index) => {
            for (const crash of crashes) {
              const lane = lanes[index]!;
              try {
                if (await lane.suffer(crash)) count++;
                else isReached = false;
              } catch (error) {
                failures.push(`${JSON.stringify(crash)}: ${(error as Error).message}`);
                console.log(JSON.stringify(crash), (error as Error).message.slice(0, 600));
                await lane.close();
                lanes[index] = await CrashLane.open(main);
              }
            }
          }),
        );
        console.log(title, count, failures.length);
        expect(failures.join('\n')).to.equal('');
      });
    }
  }
});
