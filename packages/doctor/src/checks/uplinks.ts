import { absentUplinks } from '@routed/datapath';
import { type Check, defineCheck } from '../check.ts';

export interface UplinkNamesFacts {
  /** What to say of each uplink that was named and is not there. */
  readonly absent: readonly string[];
}

export const uplinkNamesCheck = defineCheck<UplinkNamesFacts>({
  id: 'uplink-names',
  title: 'Uplinks that were named are there',
  read: async (host) => ({ absent: absentUplinks((await host.daemon())?.uplinks ?? [], await host.links()) }),
  judge: ({ absent }) =>
    absent.map((found) => ({
      severity: 'warning' as const,
      found,
      why: 'what containers begin leaves by the uplinks that were named, and by no other link',
      remedy:
        'correct --uplinks (ROUTED_UPLINKS) and restart routed-plugin, or make the link: it counts as soon as it is there',
    })),
});

export const uplinkChecks: readonly Check[] = [uplinkNamesCheck];
