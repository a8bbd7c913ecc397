import { expect } from 'chai';
import { RollingService, summarizeRequests, type RequestReport, type RollingOptions } from '@routed/lab';
import { median } from '../../support/median.ts';
import { untilForgotten } from '../support/routes.ts';
import type { ClusterStage } from '../support/cluster.ts';

interface HandoverStory extends Pick<RollingOptions, 'networks'> {
  readonly replacements: number;
  /** How the old host is told. */
  readonly how: 'command' | 'option';
}

/** Of all askers together; the benchmark asks more often, on a machine that does nothing else. */
const PER_SECOND = 200;

/** A web server at one address that moves between two hosts, as the third one and containers of the two find it. */
export function tellHandover(stage: ClusterStage, { networks, replacements, how }: HandoverStory): void {
  const options = how === 'option' ? ['routed.on-conflict=handover'] : [];
  let service: RollingService;

  before(async () => {
    service = await RollingService.prepare(stage.cluster, {
      perSecond: PER_SECOND,
      ...(networks === undefined ? {} : { networks }),
      networkOptions: ['routed.takeover=true', ...options],
    });
    await service.run(service.current);
    await service.untilHealthy(service.current);
  });
  after(() => service[Symbol.asyncDispose]());

  it(`loses no request in ${replacements} replacements`, async function () {
    this.timeout(replacements * 30_000);
    await service.ask();
    const totals: number[] = [];

    for (let count = 0; count < replacements; count += 1) totals.push((await service.replace(how)).totalMs);
    const report = await tellReport(service);

    console.log(`      a replacement took ${median(totals).toFixed(0)} ms (median of ${totals.length})`);
    expect(report.failures.slice(0, 20)).to.deep.equal([]);
    expect(Object.keys(report.answers)).to.have.members(service.hosts.slice(0, 2).map(({ name }) => name));
    expect(report.tried).to.be.above(replacements * PER_SECOND);
  });

  it('fails requests when the old container is removed before the new one is started', async () => {
    await service.ask();

    await service.remove(service.current);
    await untilForgotten(service.other.host, service.address);
    await service.run(service.other);
    await service.untilHealthy(service.other);
    const report = await tellReport(service);

    // Proves that the askers above would have seen it.
    const problems = new Set(report.failures.map(({ problem }) => problem));
    expect(report.failures.length).to.be.above(100);
    expect(problems).to.include('unreachable');
    await service.remove(service.other);
  });
}

async function tellReport(service: RollingService): Promise<RequestReport> {
  const { all, byHost } = await service.report();
  for (const [name, report] of byHost) console.log(`      from ${name}: ${summarizeRequests(report)}`);
  return all;
}
