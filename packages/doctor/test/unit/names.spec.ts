import { expect } from 'chai';
import { namesCheck } from '../../src/checks/names.ts';

const queue = { waiting: 0, droppedFull: 0, droppedUnread: 7 };
const names = {
  way: 'iptables' as const,
  links: 2,
  open: 0,
  lost: 7,
  counters: { questions: 0, answers: 0, unasked: 0, unreadable: 0, closed: 0 },
};

describe('egress-names', () => {
  for (const [what, findings, severity, found] of [
    [
      'containers that are open while the plugin is away',
      namesCheck.judge({ isAnswered: true, filtering: {}, openWhenAway: ['a', 'b', 'c', 'd'] }),
      'note',
      /^4 containers may go everywhere while routed-plugin does not run: a, b, c …$/,
    ],
    [
      'containers that are open, as the plugin is away',
      namesCheck.judge({ isAnswered: false, filtering: undefined, openWhenAway: ['job'] }),
      'warning',
      /^1 containers may go everywhere now: job$/,
    ],
    [
      'names that nobody reads',
      namesCheck.judge({ isAnswered: true, filtering: { names }, openWhenAway: [] }),
      'broken',
      /^nobody reads the DNS of 2 endpoints/,
    ],
    [
      'DNS that was lost a moment ago',
      namesCheck.judge({
        isAnswered: true,
        filtering: { names: { ...names, queue, lastLossMsAgo: 61_000 } },
        openWhenAway: [],
      }),
      'warning',
      /^DNS packets of containers were lost: 7 since routed-plugin started, the last 61 s ago$/,
    ],
    [
      'DNS that was lost long ago',
      namesCheck.judge({
        isAnswered: true,
        filtering: { names: { ...names, queue, lastLossMsAgo: 601_000 } },
        openWhenAway: [],
      }),
      undefined,
      /^$/,
    ],
    [
      'a kernel that cannot log what is refused',
      namesCheck.judge({ isAnswered: true, filtering: { isLogging: false }, openWhenAway: [] }),
      'note',
      /^refused packets are counted, and not shown$/,
    ],
  ] as const) {
    it(`judges ${what}`, () => {
      expect(findings[0]?.severity).to.equal(severity);
      expect(findings[0]?.found ?? '').to.match(found);
      expect(findings.length).to.equal(severity === undefined ? 0 : 1);
    });
  }
});
