import type { Netns } from '../types/netns.ts';
import type { Rtnl } from '../types/rtnl.ts';
import { addressCases } from './conformance/addresses.ts';
import { argumentCases } from './conformance/arguments.ts';
import { batchCases } from './conformance/batches.ts';
import type { ConformanceCase } from './conformance/case.ts';
import { linkKindCases } from './conformance/link-kinds.ts';
import { linkCases } from './conformance/links.ts';
import { neighbourCases } from './conformance/neighbours.ts';
import { routeCases } from './conformance/routes.ts';
import { ruleCases } from './conformance/rules.ts';

/** What {@link rtnlConformance} needs of a test framework and of the implementation under test. */
export interface RtnlConformanceOptions {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: (title: string, body: () => Promise<void>) => unknown;
  /** A connection to an empty namespace of its own: loopback, down, and nothing else. */
  readonly openRtnl: () => Promise<Rtnl>;
  /** Another empty namespace of the same kernel; without it the tests across namespaces are not defined. */
  readonly openNetns?: () => Promise<Netns>;
}

const GROUPS: Readonly<Record<string, readonly ConformanceCase[]>> = {
  links: linkCases,
  'kinds of links': linkKindCases,
  addresses: addressCases,
  routes: routeCases,
  neighbours: neighbourCases,
  rules: ruleCases,
  batches: batchCases,
  arguments: argumentCases,
};

/** Defines one test per behaviour that every {@link Rtnl}, real or fake, has in common. */
export function rtnlConformance(options: RtnlConformanceOptions): void {
  const { describe, it, openRtnl, openNetns } = options;
  for (const [group, cases] of Object.entries(GROUPS)) {
    describe(group, () => {
      for (const { title, run, needsNetns = false } of cases) {
        if (needsNetns && openNetns === undefined) continue;
        it(title, async () => {
          await using rtnl = await openRtnl();
          await using netns = needsNetns ? await openNetns?.() : undefined;
          await run(rtnl, netns);
        });
      }
    });
  }
}
