import { BGP } from './bgp-changes.ts';
import type { Base } from './crossing.ts';
import { OSPF } from './ospf-changes.ts';
import { type Trial, CONTAINERS } from './trial.ts';

export interface Suite {
  readonly protocol: string;
  readonly base: Base;
  /** Lines before the rendered ones. */
  readonly preamble: string;
  readonly trials: readonly Trial[];
}

export const SUITES: readonly Suite[] = [
  {
    protocol: 'OSPF',
    base: (host) => ({
      preset: 'lan',
      routerId: `10.0.0.${host}`,
      containers: CONTAINERS,
      interfaces: { eth1: {} },
    }),
    preamble: '',
    trials: OSPF,
  },
  {
    protocol: 'BGP',
    base: (host) => ({
      preset: 'bgp-unnumbered',
      routerId: `10.0.0.${host}`,
      containers: CONTAINERS,
      interfaces: { eth1: {} },
      // Slow enough for a machine that does much besides.
      bfd: { profiles: { fabric: { transmitIntervalMs: 300, receiveIntervalMs: 300, detectMultiplier: 5 } } },
      bgp: { asn: 65000 + host },
    }),
    // bgpd waits that long before it uses a changed route map; 5 s by default.
    preamble: 'bgp route-map delay-timer 1\n',
    trials: BGP,
  },
];
