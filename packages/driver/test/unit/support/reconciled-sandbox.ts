import type { SandboxView } from '@routed/datapath';
import { syncBuiltinESMExports } from 'node:module';
import { fakeKernel, type FakeKernel } from '@routed/netns/testing';
import sinon from 'sinon';
import type { Endpoint } from '../../../src/endpoints/endpoint.ts';
import { SandboxReconciler } from '../../../src/sandboxes/sandbox-reconciler.ts';
import { FakeSandbox, makeLinks } from '../../../../datapath/test/unit/support/fake-sandbox.ts';
import { endpointWith } from '../../../../datapath/test/unit/support/sandbox-states.ts';

/** The path of the sandbox that {@link ConfiguredSandbox} has. */
export const key = '/var/run/docker/netns/9ab55770f640';
/** The endpoint that joins it. */
export const web = endpointWith('aaaaaaaaaaaa', ['10.1.0.2'], ['10.1.0.3']);

/** A configurator for one sandbox in a kernel in memory, by a clock that only the test moves. */
export class ConfiguredSandbox {
  readonly clock: sinon.SinonFakeTimers;
  readonly kernel: FakeKernel;
  readonly sandbox: FakeSandbox;
  readonly open: sinon.SinonStub<[string], Promise<SandboxView>>;
  readonly errors = sinon.fake();
  readonly sandboxReconciler: SandboxReconciler;
  /** The endpoints that have joined. */
  joined: Endpoint[] = [web];
  /** Whether Docker has made the sandbox. */
  isThere = true;

  private constructor(clock: sinon.SinonFakeTimers, kernel: FakeKernel, sandbox: FakeSandbox) {
    this.clock = clock;
    this.kernel = kernel;
    this.sandbox = sandbox;
    this.open = sinon.stub<[string], Promise<SandboxView>>().callsFake(() => Promise.resolve(sandbox.open()));
    this.sandboxReconciler = new SandboxReconciler({
      endpoints: {
        endpointsIn: (sandboxKey) => (sandboxKey === key ? this.joined : []),
        get: (id) => this.joined.find((endpoint) => endpoint.id === id),
      },
      rtnl: kernel,
      open: this.open,
      isThere: () => this.isThere,
      journal: { record: () => undefined },
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: this.errors },
    });
  }

  static async create(): Promise<ConfiguredSandbox> {
    const kernel = fakeKernel();
    const sandbox = await FakeSandbox.in(kernel);
    await makeLinks(kernel, web);
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    // Also for who imported the timers of node:timers/promises by name.
    syncBuiltinESMExports();
    return new ConfiguredSandbox(clock, kernel, sandbox);
  }

  /** Gives the process its own clock back. */
  restore(): void {
    this.clock.restore();
    syncBuiltinESMExports();
  }

  /** The outcome of a call, once the clock has gone on far enough for any number of tries. */
  async outcome(work: Promise<unknown>): Promise<string> {
    const settled = work.then(
      () => 'done',
      (error: unknown) => (error as Error).message,
    );
    for (let second = 0; second < 10; second++) {
      await turns();
      await this.clock.tickAsync(1_000);
    }
    return await settled;
  }
}

/** Lets everything run that waits for nothing. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}
