import { expect } from 'chai';
import type { Router } from '@routed/lab';
import { eventually } from './eventually.ts';

const adjacencyMs = 20_000;

/** OSPF and OSPFv3, those of them that the router runs, have found another router. */
export async function untilAdjacent(router: Router): Promise<void> {
  await eventually(async () => {
    if (router.daemons.includes('ospfd')) expect(await router.vtysh('show ip ospf neighbor')).to.contain('Full');
    if (router.daemons.includes('ospf6d')) expect(await router.vtysh('show ipv6 ospf6 neighbor')).to.contain('Full');
  }, adjacencyMs);
}
