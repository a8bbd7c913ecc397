import { BGP, OSPF } from './rule-cases.ts';

/** Models that announce what they must not, and what their first finding begins with. */
export const ANNOUNCEMENT_CASES: [rule: string, input: unknown, finding: string][] = [
  ['7 export', { ...OSPF, containers: [] }, 'error containers: is empty, so nothing would be announced'],
  ['7 export', { ...OSPF, containers: ['0.0.0.0/0'] }, 'error containers[0]: is the default route'],
  ['7 loopbacks', { ...OSPF, loopbacks: ['0.0.0.0/0'] }, 'error loopbacks[0]: is the default route; give the prefixes'],
  [
    '7 loopbacks',
    { ...OSPF, loopbacks: ['127.0.0.0/8'] },
    'error loopbacks[0]: 127.0.0.0/8 holds link-local, loopback',
  ],
  ['7 loopbacks', { ...OSPF, loopbacks: [] }, 'error loopbacks: has no prefix; leave it out instead'],
  ['7 loopbacks', { ...OSPF, loopbacks: ['fd00:200::/64'] }, 'error loopbacks[0]: is ipv6, and no container prefix is'],
  ['7 loopbacks', { ...OSPF, loopbacks: ['10.112.9.0/24'] }, 'warning loopbacks[0]: overlaps the container prefixes'],
  [
    '7 loopbacks',
    { ...OSPF, loopbacks: ['10.200.0.0/24'], export: { source: 'connected' } },
    'error loopbacks: are connected routes, which export.source announces already',
  ],
  [
    '7 loopbacks',
    { ...BGP, loopbacks: ['10.200.0.0/24'], import: { permit: [{ prefix: '10.112.0.0/12', le: 32 }] } },
    'warning import.permit: does not permit the host routes in 10.200.0.0/24; add it with le 32',
  ],
  ['7 export', { ...OSPF, containers: ['169.254.0.0/16'] }, 'error containers[0]: 169.254.0.0/16 holds link-local'],
  [
    '7 export',
    { ...OSPF, export: { unfiltered: true } },
    'warning export.unfiltered: every route of the source is announced',
  ],
];
