import type { Announcer, Way } from '@routed/quagga/show';
import type { Owner } from './owner.ts';

/** A line about one thing: what it is, and what is said of it. */
export type OwnerRow = readonly [label: string, text: string];

/** The answer in one sentence. Pure. */
export function ownerSentence(owner: Owner): string {
  const { address, state, announcers, prefix, container, network, endpointId, conflict } = owner;
  const others = announcers.filter(({ isThisHost }) => !isThisHost);
  const what = prefix === undefined || prefix.startsWith(`${address}/`) ? address : `${address}, in ${prefix},`;
  switch (state) {
    case 'container': {
      const id = endpointId === undefined ? 'a container' : `endpoint ${endpointId.slice(0, 12)}`;
      const who = container === undefined ? id : `container ${container}`;
      const where = network === undefined ? '' : ` on ${network}`;
      const told = others.length === 0 || conflict !== undefined ? '' : `, and ${namesOf(others)} announces it, too`;
      return `${address} is ${who}${where}, on this host${told}`;
    }
    case 'host':
      return `${address} is an address of this host itself`;
    case 'elsewhere':
      return others.length === 0
        ? `${what} is on another host: nobody says which`
        : `${what} is announced by ${namesOf(others)}`;
    case 'nobody':
      return `${address} is in no container of this host, and no other host announces it`;
    case 'unknown':
      return `${address}: this host cannot tell who has it`;
  }
}

/** What is known besides, a line each. Pure. */
export function ownerRows(owner: Owner): readonly OwnerRow[] {
  const { announcers, since, route, pool, block, lease, announcement, conflict, state } = owner;
  const rows: (OwnerRow | undefined)[] = [
    since === undefined ? undefined : ['since', since],
    ...announcers.map((each): OwnerRow => ['announced by', announcerText(each)]),
    conflict && [
      'also',
      `${conflict.holders.join('; ')}: ${conflict.state} since ${conflict.since}, ${conflict.reason}`,
    ],
    announcement && [
      'announced',
      `${announcement.isAnnounced ? 'yes' : 'no'} (routed.announce=${announcement.policy}): ${announcement.why}`,
    ],
    route && ['route', routeText(route)],
    block === undefined ? undefined : ['block', `${block}, of this host`],
    pool && [
      'pool',
      `${pool.prefix}${pool.networks.length === 0 ? '' : `, of ${pool.networks.join(', ')} on this host`}`,
    ],
    state === 'nobody' && lease !== undefined
      ? ['lease', `${lease.purpose}, of ${lease.holder ?? 'nobody named'}`]
      : undefined,
  ];
  return rows.filter((row) => row !== undefined);
}

/** `h2 (router 10.112.11.2, AS 65002)`: by name where there is one. */
export function announcerName({ host, router, as, neighbor, isThisHost }: Announcer): string {
  const [first = 'a router that is not named', ...rest] = [
    ...(isThisHost ? ['this host'] : host === undefined ? [] : [host]),
    ...(router === undefined ? [] : [`router ${router}`]),
    ...(as === undefined ? [] : [`AS ${as}`]),
    ...(host === undefined && neighbor !== undefined ? [`by way of ${neighbor}`] : []),
  ];
  return rest.length === 0 ? first : `${first} (${rest.join(', ')})`;
}

function namesOf(announcers: readonly Announcer[]): string {
  return announcers.map(announcerName).join(' and ');
}

function announcerText(announcer: Announcer): string {
  const { protocol, ways, since } = announcer;
  const hops = wayText(ways);
  return [
    `${announcerName(announcer)}, by ${protocol.toUpperCase()}`,
    ...(hops === '' ? [] : [hops]),
    ...(since === undefined ? [] : [`since ${since}`]),
  ].join(', ');
}

function routeText({ destination, protocol, metric, nextHops }: NonNullable<Owner['route']>): string {
  const way = wayText(nextHops);
  return `${destination}${way === '' ? '' : ` ${way}`} proto ${protocol}${metric === undefined ? '' : ` metric ${metric}`}`;
}

/** As `ip route` writes next hops. */
export function wayText(ways: readonly Way[]): string {
  return ways
    .map(({ gateway, link }) =>
      [...(gateway === undefined ? [] : [`via ${gateway}`]), ...(link === undefined ? [] : [`dev ${link}`])].join(' '),
    )
    .filter((way) => way !== '')
    .join(' or ');
}
