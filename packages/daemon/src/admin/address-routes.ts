import type { AddressList, AddressRecord, ContainerAddresses } from '@routed/driver';
import Router from '@koa/router';
import { canonicalHostAddress } from '@routed/ipam';
import { z } from 'zod';
import { parameter, readJson } from './request.ts';

/** What commands about addresses ask. */
export interface AddressServices {
  readonly addresses: Pick<ContainerAddresses, 'add' | 'remove'>;
  readonly list: Pick<AddressList, 'list'>;
  readonly describe: (address: string) => AddressRecord;
}

const addressBody = z.object({
  address: z.string().min(1),
  network: z.string().min(1).optional(),
  anycast: z.boolean().optional(),
});

/** `/v1/addresses`, and `/v1/containers/<container>/addresses`. */
export function addressRoutes(loaded: Promise<AddressServices>): Router {
  const router = new Router({ prefix: '/v1' });
  router.get('/addresses', async (ctx) => {
    const { container } = ctx.query;
    ctx.body = await (await loaded).list.list(typeof container === 'string' ? container : undefined);
  });
  router.get('/addresses/:address', async (ctx) => {
    ctx.body = (await loaded).describe(canonicalHostAddress(parameter(ctx, 'address')));
  });
  router.post('/containers/:container/addresses', async (ctx) => {
    const { address, network, anycast } = addressBody.parse(await readJson(ctx));
    const { addresses } = await loaded;
    const options = { networkName: network, isAnycast: anycast };
    ctx.body = await addresses.add(parameter(ctx, 'container'), address, options);
  });
  router.delete('/containers/:container/addresses/:address', async (ctx) => {
    const { addresses } = await loaded;
    ctx.body = await addresses.remove(parameter(ctx, 'container'), parameter(ctx, 'address'));
  });
  return router;
}
