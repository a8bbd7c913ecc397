import { eth1 } from './rule-cases.ts';

const chain = (...keys: object[]): object =>
  eth1({
    authentication: { type: 'hmac-sha-256', keys: keys.map((key, index) => ({ id: index + 1, key: 'abc', ...key })) },
  });
const [JAN, FEB, MAR] = ['2027-01-01 00:00:00', '2027-02-01 00:00:00', '2027-03-01 00:00:00'];
const KEYS = 'interfaces.eth1.ospf.authentication.keys';

/** Lifetimes of keys that end adjacencies, and what their first finding begins with. */
export const KEY_CASES: [rule: string, input: unknown, finding: string][] = [
  ['14 keys', chain({}, { id: 1 }), `error ${KEYS}[1].id: 1 is used twice`],
  ['14 keys', chain({ send: {} }), `error ${KEYS}[0].send: needs from or until`],
  ['14 keys', chain({ send: { from: '2027-02-30 00:00:00' } }), `error ${KEYS}[0].send.from: is no moment`],
  ['14 keys', chain({ send: { from: '2036-01-01 00:00:00' } }), `error ${KEYS}[0].send.from: is a moment such as`],
  ['14 keys', chain({ accept: { from: FEB, until: JAN } }), `error ${KEYS}[0].accept.until: is not later than from`],
  [
    '14 keys',
    chain({ send: { from: JAN }, accept: { from: FEB } }),
    `error ${KEYS}[0].accept.from: is later than the key is sent from (${JAN})`,
  ],
  [
    '14 keys',
    chain({ accept: { until: FEB } }),
    `error ${KEYS}[0].accept.until: is earlier than the key is sent until (always)`,
  ],
  ['14 keys', chain({ send: { from: JAN } }), `error ${KEYS}: have none to send before the first send.from`],
  ['14 keys', chain({ send: { until: JAN } }), `error ${KEYS}: have none to send after ${JAN}`],
  [
    '14 keys',
    chain({ send: { until: FEB } }, { send: { from: JAN, until: FEB } }, { send: { from: MAR } }),
    `error ${KEYS}: have none to send after ${FEB}`,
  ],
  [
    '14 keys',
    chain({ send: { until: FEB }, accept: { until: FEB } }, { send: { from: JAN } }),
    `warning ${KEYS}[0].accept.until: is when the key is sent last`,
  ],
];

/** Keys that follow each other. */
export const ROLL_OVER: object = chain(
  { send: { from: FEB, until: MAR } },
  { send: { until: FEB }, accept: { until: MAR } },
  { send: { from: MAR } },
);
