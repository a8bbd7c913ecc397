import { openCluster, RollingService, summarizeRequests, type Replacement, type RequestReport } from '@routed/lab';
import { atNormalPriority } from '../process/normal-priority.ts';
import { summarize } from '../statistics.ts';
import type { Goal, Outcome, Scenario, Setting } from './scenario.ts';

/** Containers run in it, and 500 requests a second are to be answered: rounds would only repeat networks and askers. */
const replacements = { full: 200, quick: 5 } as const;

/** A web server at one address that moves between two hosts, or runs on both, asked 500 times a second from three places. */
export const rollingScenarios: readonly Scenario[] = [
  ...(['ospf', 'bgp'] as const).map((protocol) => ({
    name: `rolling-${protocol}`,
    title: `moves between hosts, ${protocol.toUpperCase()}`,
    run: (setting: Setting) => atNormalPriority(() => measureRolling(protocol, setting)),
  })),
  {
    name: 'rolling-anycast',
    title: 'anycast members stopped in turn, OSPF',
    run: (setting: Setting) => atNormalPriority(() => measureAnycast(setting)),
  },
];

async function measureRolling(protocol: 'ospf' | 'bgp', { effort, log }: Setting): Promise<Outcome> {
  const count = effort.isQuick ? replacements.quick : replacements.full;
  await using cluster = await openCluster({ protocol });
  await using service = await RollingService.prepare(cluster, { networkOptions: ['routed.takeover=true'] });
  await service.run(service.current);
  await service.untilHealthy(service.current);
  await service.ask();
  const taken: Replacement[] = [];
  try {
    while (taken.length < count) {
      taken.push(await service.replace('command'));
      if (taken.length % 10 === 0) log(`${taken.length} of ${count} replacements`);
    }
  } catch (error) {
    log(`replacement ${taken.length + 1}: ${String(error)}`);
  }
  const all = await tellReport(service, log);
  const us = (pick: (one: Replacement) => number) => summarize([taken.map((one) => pick(one) * 1_000)]);
  const goal = noneFailed(
    `${protocol.toUpperCase()}: no failed request in ${count} moves`,
    all,
    taken.length === count,
  );
  return {
    measurements: [
      { subject: 'routed', step: 'docker run to handed over and drained', us: us(({ handedOverMs }) => handedOverMs) },
      { subject: 'routed', step: 'until the old container is removed', us: us(({ totalMs }) => totalMs) },
    ],
    goals: [goal],
  };
}

/** Each member has Docker's stop signal start `routed.drain`, as docs/announcing.md says. */
async function measureAnycast({ effort, log }: Setting): Promise<Outcome> {
  const count = effort.isQuick ? replacements.quick : replacements.full;
  await using cluster = await openCluster({ protocol: 'ospf' });
  const networkOptions = ['routed.anycast=true', 'routed.takeover=true', 'routed.drain=20s'];
  const runOptions = ['--stop-signal', 'SIGURG', '--stop-timeout', '60'];
  await using service = await RollingService.prepare(cluster, { networkOptions, runOptions });
  const [h1, h2, h3] = service.hosts;
  await h3.host.exec(['sysctl', '-qw', 'net.ipv4.fib_multipath_hash_policy=1']);
  for (const member of [h1, h2]) {
    await service.run(member);
    await service.untilHealthy(member);
  }
  await service.untilWays(2);
  await service.ask();
  const tookMs: number[] = [];
  try {
    while (tookMs.length < count) {
      const startedMs = performance.now();
      await service.restart(tookMs.length % 2 === 0 ? h1 : h2);
      await service.untilWays(2);
      tookMs.push(performance.now() - startedMs);
      if (tookMs.length % 10 === 0) log(`${tookMs.length} of ${count} stops`);
    }
  } catch (error) {
    log(`stop ${tookMs.length + 1}: ${String(error)}`);
  }
  const all = await tellReport(service, log);

  const us = summarize([tookMs.map((ms) => ms * 1_000)]);
  const goal = noneFailed(`OSPF: no failed request in ${count} stops of anycast members`, all, tookMs.length === count);
  return { measurements: [{ subject: 'routed', step: 'docker stop to announced again', us }], goals: [goal] };
}

async function tellReport(service: RollingService, log: Setting['log']): Promise<RequestReport> {
  const { all, byHost } = await service.report();
  for (const [name, report] of byHost) log(`from ${name}: ${summarizeRequests(report)}`);
  for (const failure of all.failures.slice(0, 20)) log(JSON.stringify(failure));
  return all;
}

function noneFailed(what: string, all: RequestReport, isComplete: boolean): Goal {
  return {
    text: `${what}, 500 requests a second`,
    isMet: all.failures.length === 0 && isComplete,
    found: summarizeRequests(all),
    isHard: true,
  };
}
