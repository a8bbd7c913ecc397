import { z } from 'zod';
import { integer } from './primitives.ts';

/** How large the cluster may grow: the presets size the guards of BGP by it. */
export const fleet = z.strictObject({
  hosts: integer(1, 100_000, 'the number of hosts'),
  containersPerHost: integer(1, 100_000, 'the number of containers per host').meta({
    description: 'Addresses of each family, at most, that one host announces.',
  }),
});

export type Fleet = z.infer<typeof fleet>;
