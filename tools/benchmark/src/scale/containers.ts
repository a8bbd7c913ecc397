/** How hosts announce their containers: each address, or the blocks of `routed.block=/26`. */
export type Announced = 'host routes' | 'blocks';

export const announcedForms: readonly Announced[] = ['host routes', 'blocks'];

/** Where all containers have their addresses. */
export const containersPrefix = '10.128.0.0/9';

/** Length of a block, and the addresses that it has. */
export const blockLength = 26;
const blockSize = 64;

/** Of the routes inside a block, which routers do not redistribute: docs/blocks.md. */
const unannouncedTable = 7200;

/** The routes of a host's containers, as arguments of `ip route add`. */
export interface ContainerRoutes {
  /** In the main table: routers tell each other of these. */
  readonly announced: readonly string[];
  /** In table 7200. */
  readonly local: readonly string[];
}

/**
 * What the plugin puts into the kernel for the containers of one host of a fleet, on the link `containers`.
 * Hosts share no block, so the addresses of a host start where the blocks of the one before it end.
 *
 * @param host counted from 0
 */
export function containerRoutes(host: number, containers: number, announced: Announced): ContainerRoutes {
  const blocks = Math.ceil(containers / blockSize);
  const first = host * blocks * blockSize;
  const addresses = Array.from({ length: containers }, (_, index) => `${addressAt(first + index)}/32`);
  const routes = addresses.map((address) => `${address} dev containers scope link proto 200`);
  if (announced === 'host routes') return { announced: routes, local: [] };
  return {
    announced: Array.from(
      { length: blocks },
      (_, index) => `blackhole ${addressAt(first + index * blockSize)}/${blockLength} proto 201`,
    ),
    local: routes.map((route) => `${route} table ${unannouncedTable}`),
  };
}

/** @throws RangeError beyond {@link containersPrefix} */
function addressAt(index: number): string {
  if (index >= 2 ** 23) throw new RangeError(`${containersPrefix} has no address number ${index}`);
  return [10, 128 + (index >> 16), (index >> 8) & 255, index & 255].join('.');
}
