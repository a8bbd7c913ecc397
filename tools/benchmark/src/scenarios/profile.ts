import { checkoutProgram } from '@routed/lab';
import { openPluginHost } from '../plugin/plugin-host.ts';
import { startProbe, stopProbe } from '../probe/probe.ts';
import { summarizeProfile } from '../probe/summarize-profile.ts';
import { saveResult } from '../report/save-result.ts';
import { runBurst } from '../plugin/burst.ts';
import type { Outcome, Scenario, Setting } from './scenario.ts';

/** What has less of the whole is summed up. */
const leastShare = 0.01;

const cycles = { full: 2000, quick: 100 } as const;

/** Where the daemon's own time goes, per endpoint cycle and by package. The kernel's work is done on other threads. */
export const profileScenario: Scenario = {
  name: 'profile',
  title: 'CPU profile of the event loop',
  isOnDemand: true,
  run: async ({ lab, effort, log }: Setting): Promise<Outcome> => {
    // In a bundle the packages are not to be told apart.
    await using host = await openPluginHost(lab, { withProbe: true, plugin: { program: checkoutProgram } });
    const count = effort.isQuick ? cycles.quick : cycles.full;
    await runBurst(host, { parallel: 1, cycles: count / 4 });
    log(`${count} cycles`);
    await startProbe(host.probePath, true);
    await runBurst(host, { parallel: 1, cycles: count });
    const { profile } = await stopProbe(host.probePath, true);
    if (profile === undefined) throw new Error('the probe returned no profile');
    log(`for a flame graph: ${await saveResult('daemon.cpuprofile', profile)}`);
    const shares = summarizeProfile(profile);
    const total = shares.reduce((sum, { us }) => sum + us, 0);
    const large = shares.filter(({ us }) => us >= total * leastShare);
    const rest = total - large.reduce((sum, { us }) => sum + us, 0);
    const figures = [...large, { name: 'the rest', us: rest }, { name: 'all', us: total }].map(({ name, us }) => ({
      subject: 'routed',
      name,
      unit: 'us/cycle',
      value: us / count,
    }));
    return { figures };
  },
};
