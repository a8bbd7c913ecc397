import type { AddressList, AddressRecord, ContainerAddresses, DaemonStatus } from '@routed/driver';
import Router from '@koa/router';
import { canonicalHostAddress } from '@routed/ipam';
import { z } from 'zod';
import { parameter, readJson } from './request.ts';

/** What commands about addresses ask. */
export interface AddressServices {
  readonly addresses: Pick<ContainerAddresses, 'add' | 'remove'>;
  readonly list: Pick<AddressList, 'list'>;
  readonly describe: (address: string) => AddressRecord;
  readonly status: Pick<DaemonStatus, 'completeReport' | 'refreshNames'>;
  /** Undefined: the kernel could not be asked. */
  readonly connectionsTo: (address: string) => Promise<number | undefined>;
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
    const { describe, status, connectionsTo } = await loaded;
    const address = canonicalHostAddress(parameter(ctx, 'address'));
    // Of an address that nobody has, the network is all that can be named.
    if (describe(address).lease === undefined) await status.refreshNames();
    const record = describe(address);
    const isCounted = record.announcement !== undefined && record.endpoint?.isUntracked !== true;
    const connections = isCounted ? await connectionsTo(address) : undefined;
    ctx.body = { ...record, ...(connections !== undefined && { connections }) } satisfies AddressRecord;
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
