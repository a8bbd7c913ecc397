import { expect } from 'chai';
import { measureBulk } from '../../../tools/benchmark/src/cluster/bulk.ts';
import { measurePropagation } from '../../../tools/benchmark/src/cluster/propagation.ts';
import { median } from '../../support/median.ts';
import type { ClusterStage } from '../support/cluster.ts';

/** The way of a route from the plugin's reply to another host's kernel, in figures. */
export function tellPropagation(stage: ClusterStage, limitMs: number): void {
  it(`carries a route to another host's kernel, and its end, within ${limitMs} ms`, async () => {
    const figures = await measurePropagation(stage.cluster, { runs: 5, flaps: 3 });

    const { joinMs, leaveMs, joinAndLeaveMs } = figures;
    const text = Object.entries({ joinMs, leaveMs, joinAndLeaveMs }).map(
      ([name, values]) => `${name} p50 ${median(values).toFixed(1)}, max ${Math.max(...values).toFixed(1)}`,
    );
    console.log(`      ${text.join('; ')} (${joinMs.length} runs)`);
    for (const values of [joinMs, leaveMs, joinAndLeaveMs]) expect(median(values)).to.be.below(limitMs);
  });
}

/** Five thousand routes at once. */
export function tellBulk(stage: ClusterStage, limitMs: number): void {
  it(`makes 5,000 routes known and forgotten everywhere within ${limitMs} ms`, async () => {
    const { knownMs, forgottenMs } = await measureBulk(stage.cluster);

    console.log(`      known after ${knownMs.toFixed(0)} ms, forgotten after ${forgottenMs.toFixed(0)} ms`);
    expect(knownMs).to.be.below(limitMs);
    expect(forgottenMs).to.be.below(limitMs);
  });
}
