import { VIRTUAL_GATEWAY_PREFIX } from '@routed/datapath';
import type { Endpoint } from './endpoint.ts';

const LAST_HOST_NUMBER = 254;

/**
 * Gives each endpoint of one container a gateway of its own.
 *
 * A container cannot have the same gateway on two links: the second connected route to it is refused ("file
 * exists"). Two networks have the same gateway unless the operator says otherwise, so the second endpoint gets
 * another link-local address, which answers just the same.
 */
export class SandboxGateways {
  readonly #taken = new Map<string, Map<string, readonly string[]>>();

  /** The endpoint with gateways that no other endpoint in the sandbox has. */
  assign(endpoint: Endpoint, sandboxKey: string): Endpoint {
    const others = [...(this.#taken.get(sandboxKey) ?? [])].filter(([id]) => id !== endpoint.id);
    const taken = new Set(others.flatMap(([, gateways]) => gateways));
    const addresses = endpoint.addresses.map((address) => ({
      ...address,
      gateway: freeGateway(address.gateway, address.family, taken),
    }));
    return { ...endpoint, addresses, sandboxKey };
  }

  /** The endpoints in a sandbox. */
  idsIn(sandboxKey: string): readonly string[] {
    return [...(this.#taken.get(sandboxKey)?.keys() ?? [])];
  }

  /** Remembers an endpoint that has joined its sandbox. */
  add(endpoint: Endpoint & { readonly sandboxKey: string }): void {
    const sandbox = this.#taken.get(endpoint.sandboxKey) ?? new Map<string, readonly string[]>();
    const gateways = endpoint.addresses.map(({ gateway }) => gateway);
    this.#taken.set(endpoint.sandboxKey, sandbox.set(endpoint.id, gateways));
  }

  /** Forgets an endpoint that has left its sandbox. */
  remove(endpointId: string, sandboxKey: string): void {
    const sandbox = this.#taken.get(sandboxKey);
    sandbox?.delete(endpointId);
    if (sandbox?.size === 0) this.#taken.delete(sandboxKey);
  }
}

function freeGateway(wanted: string, family: 4 | 6, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let number = 1; number <= LAST_HOST_NUMBER; number++) {
    const candidate = VIRTUAL_GATEWAY_PREFIX[family] + number.toString(family === 4 ? 10 : 16);
    if (!taken.has(candidate)) return candidate;
  }
  return wanted;
}
