import type { Link } from '@routed/netns';
import { createHash } from 'node:crypto';
import { parseIp } from '@routed/addresses';

/** Start of the name of every host link of an endpoint. */
export const HOST_LINK_PREFIX = 'vethr';

/** Start of the name of a container link, as long as it is in the host's namespace. */
export const CONTAINER_LINK_PREFIX = 'vethc';

/** Start of the name of the link that shapes what an endpoint's container sends. */
export const LIMIT_LINK_PREFIX = 'ifbr-';

/**
 * The route protocol number of every route that is ours.
 *
 * Not one of 186-198: FRR takes those for its own and never announces them.
 * Source: FRR zebra/rt_netlink.c; named `routed` in /etc/iproute2/rt_protos.d.
 */
export const ROUTE_PROTOCOL = 200;

/**
 * The route protocol number of the discard routes of this host's blocks. Told apart from {@link ROUTE_PROTOCOL}: what has this one is
 * on no container's link.
 */
export const BLOCK_PROTOCOL = 201;

/** The routing table that our routes are in, and that routers announce. Source: linux uapi rtnetlink.h, RT_TABLE_MAIN. */
export const MAIN_TABLE = 254;

/** The routing table of the host routes of addresses that are not announced: routers do not redistribute it. */
export const UNANNOUNCED_TABLE = 7200;

/**
 * The link group of every host link: "rout" in ASCII. A link is in it from its creation on, before it can have its
 * alias, so that an unfinished one is known as ours after a crash.
 */
export const LINK_GROUP = 0x726f7574;

/** The link group of host links that wait for their deletion. No other program uses either group. */
export const DELETE_GROUP = LINK_GROUP + 1;

/** The MAC address of every host link: fixed, so that systemd-udevd does not replace it by one of its own. */
export const HOST_LINK_MAC = 'ee:ee:ee:ee:ee:ee';

const ALIAS_PREFIX = 'routed:';
/** Another one than that of host links: nothing that goes by an alias takes a shaping link for a container's. */
const LIMIT_ALIAS_PREFIX = 'routed-limit:';
const ID_DIGITS = 10;

/** What an endpoint's kernel objects are called; follows from its id alone. */
export interface LinkNames {
  /** The end that stays in the host's namespace. */
  readonly host: string;
  /** The end that Docker moves into the container. */
  readonly container: string;
  /** The alias of the host link: the whole endpoint id, which tells our link from any other of that name. */
  readonly alias: string;
}

/** What the names of an endpoint's links end with. */
export function linkDigits(endpointId: string): string {
  return endpointId.slice(0, ID_DIGITS);
}

/** The names of an endpoint's kernel objects. Link names fit the kernel's limit of 15 characters. */
export function linkNames(endpointId: string): LinkNames {
  const digits = linkDigits(endpointId);
  return {
    host: HOST_LINK_PREFIX + digits,
    container: CONTAINER_LINK_PREFIX + digits,
    alias: ALIAS_PREFIX + endpointId,
  };
}

/** Name and alias of the link that shapes what an endpoint's container sends. */
export function limitLinkNames(endpointId: string): { readonly name: string; readonly alias: string } {
  return { name: LIMIT_LINK_PREFIX + linkDigits(endpointId), alias: LIMIT_ALIAS_PREFIX + endpointId };
}

/** What the names of all links of an endpoint end with, or undefined for a name that no link of ours has. */
export function digitsOfLink(name: string): string | undefined {
  const prefixes = [HOST_LINK_PREFIX, CONTAINER_LINK_PREFIX, LIMIT_LINK_PREFIX];
  const prefix = prefixes.find((candidate) => name.startsWith(candidate));
  return prefix === undefined ? undefined : name.slice(prefix.length);
}

/** The endpoint whose packets a link shapes, or undefined for the alias of any other link. */
export function endpointOfLimitAlias(alias: string | undefined): string | undefined {
  return alias?.startsWith(LIMIT_ALIAS_PREFIX) ? alias.slice(LIMIT_ALIAS_PREFIX.length) : undefined;
}

/** The endpoint that a link alias names, or undefined for the alias of a link that is not ours. */
export function endpointOfAlias(alias: string | undefined): string | undefined {
  return alias?.startsWith(ALIAS_PREFIX) ? alias.slice(ALIAS_PREFIX.length) : undefined;
}

/**
 * Whether a link is this endpoint's host link: by its alias, whatever its name is now. One whose alias somebody took away or
 * wrote over is known by its name and its group, unless the alias is that of another endpoint with links of the same name.
 * One that waits for its deletion is nobody's any more.
 */
export function isHostLinkOf(endpointId: string, link: Pick<Link, 'name' | 'alias' | 'group'>): boolean {
  const names = linkNames(endpointId);
  if (link.group === DELETE_GROUP) return false;
  if (link.alias === names.alias) return true;
  return link.name === names.host && link.group === LINK_GROUP && !isAliasOfName(link);
}

/** Whether alias and name are those of one endpoint. */
function isAliasOfName({ name, alias }: Pick<Link, 'name' | 'alias'>): boolean {
  const endpointId = endpointOfAlias(alias);
  return endpointId !== undefined && linkNames(endpointId).host === name;
}

/** Whether a link that is an endpoint's has the name, alias and group that we gave it, and is a port of no bridge. */
export function isAsWeMadeIt(
  endpointId: string,
  link: Pick<Link, 'name' | 'alias' | 'group' | 'masterIndex'>,
): boolean {
  const { host, alias } = linkNames(endpointId);
  return link.name === host && link.alias === alias && link.group === LINK_GROUP && link.masterIndex === undefined;
}

/**
 * The MAC address that follows from a container's first address: 02:42 and four bytes of it.
 *
 * The same address always has the same MAC, so that no neighbour keeps a stale entry when a container is replaced.
 * For IPv6 the four bytes are a hash of the address.
 */
export function containerMac(address: string): string {
  const ip = parseIp(address);
  const bytes = ip?.family === 4 ? ip.bytes : createHash('sha256').update(address).digest().subarray(0, 4);
  return ['02', '42', ...Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
