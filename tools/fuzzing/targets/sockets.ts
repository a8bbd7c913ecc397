import { METHODS, type MethodName } from '@routed/plugin-protocol';
import fc from 'fast-check';
import { readTraces } from '../../../packages/plugin-protocol/test/support/traces.ts';
import { jsonText, mutated, mutatedBytes } from '../mutations.ts';
import type { FuzzTarget, OpenTarget } from '../fuzz.ts';
import type { Attempt } from './http-client.ts';
import { CONTAINERS, IDS, serveDaemon } from './served-daemon.ts';

const POOL = 'routed-local/10.1.0.0/16';

/** Recorded calls, about the ids and pools of the served daemon. */
const bodies = readTraces()
  .filter(({ request }) => request !== '')
  .map(({ method, request }) => {
    const body = JSON.parse(request) as Record<string, unknown>;
    const own = { PoolID: POOL, NetworkID: IDS[0], EndpointID: IDS[body['EndpointID'] === undefined ? 1 : 3] };
    for (const [key, value] of Object.entries(own)) if (key in body) body[key] = value;
    return { method, body };
  });

const anyMethod = fc.constantFrom(...(Object.keys(METHODS) as MethodName[]), 'Plugin.None', '', '__proto__', '..%2f');
const recorded = fc.constantFrom(...bodies).chain(({ method, body }) => {
  const sameOrOther = fc.oneof(
    { weight: 15, arbitrary: fc.constant<string>(method) },
    { weight: 1, arbitrary: anyMethod },
  );
  return fc.record({ method: sameOrOther, body: mutated([body]) });
});

const call: fc.Arbitrary<Attempt> = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: recorded },
      { weight: 1, arbitrary: fc.record({ method: anyMethod, body: fc.jsonValue() }) },
    ),
    fc.constantFrom(...IDS),
    fc.boolean(),
  )
  .map(([{ method, body }, endpointId, isOwn]) => {
    const isAboutEndpoint = isOwn && typeof body === 'object' && body !== null && 'EndpointID' in body;
    const changed = isAboutEndpoint ? { ...body, EndpointID: endpointId } : body;
    return { method: 'POST', path: `/${method}`, body: jsonText(changed) };
  });

/** Without halves of surrogate pairs, which no URL has. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

const REQUEST = Buffer.from('POST /NetworkDriver.Leave HTTP/1.1\r\nHost: \r\nContent-Length: 2\r\n\r\n{}');
const CHUNKED = Buffer.from(
  'POST /NetworkDriver.Leave HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
);
const raw = fc.oneof(mutatedBytes([REQUEST, CHUNKED]), fc.uint8Array({ maxLength: 300 }));

const segment = fc.oneof(
  fc.constantFrom(...CONTAINERS, ...IDS, '10.1.0.3', 'fd00::1', '%', '%2F', '..', '%00', '%ff', '10.1.0.3%2f32'),
  fc.string({ maxLength: 8 }).map((text) => encodeURIComponent(wellFormed(text))),
);
const adminPath = fc.oneof(
  fc.tuple(segment).map(([name]) => `/v1/containers/${name}/addresses`),
  fc.tuple(segment, segment).map(([name, address]) => `/v1/containers/${name}/addresses/${address}`),
  fc
    .tuple(segment, fc.constantFrom('ingress', 'egress', 'ingress/test', 'egress/test'))
    .map(([name, list]) => `/v1/containers/${name}/${list}`),
  fc.tuple(segment).map(([address]) => `/v1/addresses/${address}`),
  fc.tuple(segment).map(([name]) => `/v1/addresses?container=${name}`),
  fc.tuple(segment).map(([address]) => `/v1/events?address=${address}`),
  fc.constantFrom('/v1/status', '/v1/addresses', '/metrics', '/healthz', '/readyz', '/v1/doctor'),
  fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
);
const adminBodies = [
  { address: '10.1.0.7' },
  { address: '10.1.0.8', network: 'apps', anycast: true },
  { ingress: '10.0.0.0/8:443/tcp, [fd00::/8]:53/udp', network: 'apps' },
  { ingress: 'none' },
  { egress: '10.0.0.0/8:8000-8100/tcp' },
  { peer: '[fd00::7]:443/tcp' },
];
const adminAttempt: fc.Arbitrary<Attempt> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'PATCH'),
  path: adminPath,
  body: fc.oneof(
    mutated(adminBodies).map((value) => jsonText(value)),
    fc.constant(''),
    fc.string(),
  ),
});

/** Every answer is one that the asker can read. */
function check({ path }: Attempt, { status, body }: { readonly status: number; readonly body: string }): void {
  if (![200, 400, 404, 409, 413, 500, 503].includes(status)) throw new Error(`${path}: answered with ${status}`);
  if (status !== 200 && !/"(Err|error)":/.test(body)) throw new Error(`${path}: ${status} without an error: ${body}`);
}

function servedTarget(kind: 'plugin' | 'admin', attempts: fc.Arbitrary<Attempt>): FuzzTarget {
  const input = fc.oneof<fc.WeightedArbitrary<Attempt | Uint8Array>[]>(
    { weight: 19, arbitrary: attempts },
    { weight: 1, arbitrary: raw },
  );
  const open = async (): Promise<OpenTarget<Attempt | Uint8Array>> => {
    const daemon = await serveDaemon(kind);
    return {
      feed: async (attempt) => {
        if (attempt instanceof Uint8Array) await daemon.client.sendRaw(attempt);
        else check(attempt, await daemon.client.ask(attempt));
        daemon.complain();
      },
      close: () => daemon.close(),
    };
  };
  return { name: `${kind} socket`, weight: 1, input, open } satisfies FuzzTarget<Attempt | Uint8Array>;
}

/** Docker's socket, as a whole: HTTP, schemas, drivers, leases, links in a kernel in memory. */
export const pluginSocket = servedTarget('plugin', call);

/** The operators' socket, likewise. */
export const adminSocket = servedTarget('admin', adminAttempt);
