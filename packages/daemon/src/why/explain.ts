import { hostPrefix, linkNames, ROUTE_PROTOCOL, UNANNOUNCED_TABLE } from '@routed/datapath';
import { protocolText } from '../ground/protocol-text.ts';
import type { AddressFacts } from './facts.ts';

/** One station of an address on its way from the lease to other hosts. */
export interface Stage {
  readonly name: string;
  /** `broken`: it ends here. `unknown`: it cannot be seen from here. */
  readonly state: 'ok' | 'broken' | 'unknown';
  readonly text: string;
}

/** How the text of the lease begins where an address is free. */
export const NOBODY_HAS_IT = 'nobody has it';

/** Of a list, in characters. */
const LONGEST_LIST = 100;

type Answer = Omit<Stage, 'name'>;
const ok = (text: string): Answer => ({ state: 'ok', text });
const broken = (text: string): Answer => ({ state: 'broken', text });
const unknown = (text: string): Answer => ({ state: 'unknown', text });

/**
 * Walks an address through everything that it needs to be reached. Pure.
 *
 * An address of another host, and one that nobody has, have two stations only: there is nothing more of it to see from here.
 */
export function explain(facts: AddressFacts): Stage[] {
  return stationsOf(facts).map(([name, answer]) => ({ name, ...answer(facts) }));
}

type Stations = readonly (readonly [string, (facts: AddressFacts) => Answer])[];

const ELSEWHERE: Stations = [
  ['lease', leaseElsewhere],
  ['route', routeElsewhere],
];
const NOBODYS: Stations = [
  ['lease', leaseOfNobody],
  ['route', routeToNobody],
];
const HERE: Stations = [
  ['lease', lease],
  ['endpoint', endpoint],
  ['sandbox', sandbox],
  ['link', link],
  ['neighbour', neighbour],
  ['announcement', announcement],
  ['route', route],
  ['firewall', firewall],
  ['ingress', ingress],
  ['router', router],
];

function stationsOf(facts: AddressFacts): Stations {
  if (isElsewhere(facts)) return ELSEWHERE;
  return isNobodys(facts) ? NOBODYS : HERE;
}

function isElsewhere({ address, record, route: found }: AddressFacts): boolean {
  const isExact = found?.destination === hostPrefix(address) && found.type !== 'local';
  return record?.lease === undefined && isExact && found.protocol !== ROUTE_PROTOCOL;
}

/** Nothing on this host, and no host route of another one, says that somebody has it. */
function isNobodys({ address, record, route: found }: AddressFacts): boolean {
  const isUnused = record !== undefined && record.lease === undefined && record.endpoint === undefined;
  return isUnused && found?.destination !== hostPrefix(address);
}

function leaseOfNobody({ address, record }: AddressFacts): Answer {
  if (record?.pool === undefined) return broken(`no network of this host has a prefix with ${address}`);
  const { pool, networks = [] } = record;
  const of = networks.length === 0 ? '' : `, of network ${networks.join(', ')}`;
  return ok(`${NOBODY_HAS_IT}: it is free in ${pool}${of}`);
}

function routeToNobody({ route: found }: AddressFacts): Answer {
  if (found === undefined) return ok('no host announces it, and there is no route to it');
  return ok(`no host announces it: packets to it take the route to ${found.destination}`);
}

function leaseElsewhere({ record }: AddressFacts): Answer {
  if (record === undefined) return unknown('routed-plugin does not answer on this host');
  return ok('not leased on this host');
}

function routeElsewhere({ route: found, routeLink }: AddressFacts): Answer {
  const hops = found?.nextHops.flatMap(({ gateway }) => gateway ?? []) ?? [];
  const where = hops.length > 0 ? `via ${hops.join(', ')}` : `dev ${routeLink?.name ?? '?'}`;
  const protocol = found === undefined ? '?' : protocolText(found.protocol);
  return ok(`another host has it: ${where} proto ${protocol}; ask "routed-plugin why" there`);
}

function lease({ address, record }: AddressFacts): Answer {
  if (record === undefined) return unknown('routed-plugin does not answer: start it');
  if (record.lease !== undefined) {
    const { purpose, holder, poolId } = record.lease;
    return ok(`${purpose} lease of ${namesOf(record) ?? holder ?? 'nobody named'}, from ${poolId}`);
  }
  if (record.pool === undefined) return broken(`no network of this host has a prefix with ${address}`);
  return broken(`nobody has leased it from ${record.pool}`);
}

function endpoint({ record }: AddressFacts): Answer {
  if (record === undefined) return unknown('routed-plugin does not answer');
  const { endpoint: found } = record;
  if (found === undefined) return broken('no endpoint has it: no running container uses it');
  const names = namesOf(record);
  const text = `endpoint ${found.id.slice(0, 12)}`;
  if (found.sandboxKey === undefined)
    return broken(`${text}${names === undefined ? '' : ` of ${names}`} is in no container`);
  return ok(`${text} of ${names ?? `a container on network ${found.networkId.slice(0, 12)}`}`);
}

/** Of the container that has the address, where Docker has said them: `web on apps`. */
function namesOf(record: AddressFacts['record']): string | undefined {
  const { container, network } = record?.endpoint ?? {};
  return container === undefined ? undefined : `${container} on ${network ?? '?'}`;
}

function sandbox({ record, sandbox: found, address }: AddressFacts): Answer {
  if (record?.sandbox?.state === 'failed') return broken(record.sandbox.reason ?? 'it could not be set up');
  if (found === undefined) return unknown('no container to look into');
  if (found.unreachable !== undefined) return unknown(found.unreachable);
  if (!found.isUp) return broken("the container's end of the link is down");
  return found.hasAddress ? ok(`the container has ${address}`) : broken(`the container does not have ${address}`);
}

function link({ record, link: found }: AddressFacts): Answer {
  if (found === undefined) {
    const name = record?.endpoint === undefined ? 'its link' : `link ${linkNames(record.endpoint.id).host}`;
    return broken(`${name} is not there`);
  }
  if (!found.isUp) return broken(`link ${found.name} is down`);
  if (!found.hasCarrier) return broken(`link ${found.name} has no carrier: the container's end is down`);
  return ok(`link ${found.name} is up, MTU ${found.mtuBytes}`);
}

function neighbour({ neighbour: found, record, silentArp }: AddressFacts): Answer {
  if (silentArp !== undefined)
    return broken(`${silentArp}: the host does not answer the container's ARP for its gateway`);
  if (found === undefined)
    return broken('the host has no permanent neighbour entry for it, and resolves it by ARP or NDP');
  const mac = record?.endpoint?.mac;
  if (mac !== undefined && found.mac !== mac)
    return broken(`the neighbour entry has MAC ${found.mac ?? '?'}, but the container has ${mac}`);
  return ok(`${found.mac ?? '?'}, permanent`);
}

function announcement({ record }: AddressFacts): Answer {
  const found = record?.announcement;
  if (found === undefined) return unknown('routed-plugin does not say whether it announces it');
  const { isAnnounced, policy, why, until, since, dueAt } = found;
  const time = since === undefined ? '' : ` since ${since}`;
  const end = dueAt === undefined ? until : `${until}, at ${dueAt}`;
  const text = `announced${time} (routed.announce=${policy}): ${why}; until ${end}; ${connectionsOf(record)}`;
  const { block } = record ?? {};
  if (block === undefined) return isAnnounced ? ok(text) : broken(`not ${text}`);
  const covered = `block ${block} of this host leads other hosts here`;
  return ok(isAnnounced ? `${covered}; ${text}` : `not ${text}; but ${covered} all the same`);
}

/** What a withdrawal would leave, or has left. */
function connectionsOf(record: AddressFacts['record']): string {
  const { connections } = record ?? {};
  if (record?.endpoint?.isUntracked === true) return 'its connections are not tracked (routed.conntrack=off)';
  if (connections === undefined) return 'its connections cannot be counted';
  return `others have ${connections} connection${connections === 1 ? '' : 's'} to it`;
}

function route({ address, record, route: found, routeLink, link: own }: AddressFacts): Answer {
  if (found?.destination !== hostPrefix(address)) {
    const where = found === undefined ? 'there is no route' : `packets use the route to ${found.destination}`;
    return broken(`the host has no host route for it: ${where}`);
  }
  if (found.type === 'local') return broken('it is an address of this host itself');
  if (record?.announcement?.isAnnounced === false && found.protocol !== ROUTE_PROTOCOL) {
    return ok(`packets go to the other host: proto ${protocolText(found.protocol)}`);
  }
  if (found.protocol !== ROUTE_PROTOCOL)
    return broken(`its route is not from this plugin: proto ${protocolText(found.protocol)}`);
  if (own !== undefined && routeLink?.index !== own.index)
    return broken(`its route leads to ${routeLink?.name ?? '?'}`);
  const where = found.table === UNANNOUNCED_TABLE ? `, table ${found.table}, which routers do not redistribute` : '';
  return ok(`${found.destination} dev ${routeLink?.name ?? '?'} proto ${found.protocol}${where}`);
}

function firewall({ firewall: found }: AddressFacts): Answer {
  if (found === undefined) return unknown('iptables is not installed, or does not answer');
  if (found.policy === 'DROP' && !found.hasChain)
    return broken('the policy of FORWARD is DROP, and it does not call our chain');
  return ok(`FORWARD policy ${found.policy}${found.hasChain ? ', our chain is in it' : ''}`);
}

/** What routed's own filter lets in. */
function ingress({ record }: AddressFacts): Answer {
  if (record === undefined) return unknown('routed-plugin does not answer');
  const { ingress: list, ingressMode, isOwnerPending } = record.endpoint ?? {};
  if (isOwnerPending === true) return broken('nobody may enter until Docker has said which container this is');
  if (list === undefined) return ok('everybody may enter');
  if (ingressMode === 'observe') return ok(`everybody may enter; routed.ingress only counts: ${shorten(list)}`);
  if (list === 'none') return broken('nobody may enter: routed.ingress=none');
  return ok(`only ${shorten(list)} may enter; --from tells of one address`);
}

function shorten(list: string): string {
  return list.length > LONGEST_LIST ? `${list.slice(0, LONGEST_LIST)}…` : list;
}

function router({ record, router: found, stuckDaemons }: AddressFacts): Answer {
  if (stuckDaemons.length > 0) {
    const verb = stuckDaemons.length === 1 ? 'does' : 'do';
    return broken(`${stuckDaemons.join(', ')} ${verb} not answer: see "routed-plugin doctor"`);
  }
  if (found === undefined) return unknown('no routing daemon runs on this host: other hosts do not learn the route');
  const daemons = found.daemons.join(', ');
  if (record?.announcement?.isAnnounced === false && record.block === undefined) {
    return found.announcedBy.length === 0
      ? ok(`no daemon announces it, as it should be (running: ${daemons})`)
      : broken(`${found.announcedBy.join(', ')} still announces it`);
  }
  if (!found.isKnown) return broken(`zebra does not have the host's route (running: ${daemons})`);
  if (found.announcedBy.length === 0)
    return broken(`no daemon announces it (running: ${daemons}): check the export filter`);
  if (found.neighbors === 0) return broken(`${found.announcedBy.join(', ')} announces it, and has no neighbor`);
  const what = record?.block === undefined ? '' : `block ${record.block} `;
  return ok(`${what}announced by ${found.announcedBy.join(', ')} to ${found.neighbors} neighbors`);
}
