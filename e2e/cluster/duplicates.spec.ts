import { tellSimultaneousClaims } from './stories/claims.ts';
import { tellParallelAllocation } from './stories/parallel-allocation.ts';
import { tellAnycastAddresses, tellStrangers, tellTakenAddresses } from './stories/shared-addresses.ts';
import { count } from '../attack/support/count.ts';
import { setCluster } from './support/cluster.ts';

describe('addresses that two hosts want, on a LAN with OSPF', () => {
  const stage = setCluster({ protocol: 'ospf', engine: 'none', containers: ['10.1.0.0/16', '10.69.0.0/16'] });

  describe('one that another host announces', () => tellTakenAddresses(stage));
  describe('one that two hosts claim at once', () => tellSimultaneousClaims(stage, 'ospf'));
  describe('one that a stranger announces', () => tellStrangers(stage));
  describe('one that is meant to be shared', () => tellAnycastAddresses(stage));
  // The places where h1 and h2 begin to look are six addresses apart in this prefix.
  describe('any, from one prefix', () =>
    tellParallelAllocation(stage, { subnet: '10.69.0.0/16', count: count(300, 2_000) }));
});

describe('addresses that two hosts want, on a LAN with BGP', () => {
  const stage = setCluster({ protocol: 'bgp', engine: 'none' });

  describe('one that two hosts claim at once', () => tellSimultaneousClaims(stage, 'bgp'));
});
