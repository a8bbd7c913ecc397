import type { Lifetime } from '../model/keys.ts';
import type { Ospf6Interface, OspfInterface } from '../model/ospf.ts';
import type { RouterModel } from '../model/router.ts';
import type { Dialect } from '../dialect.ts';
import type { ConfigBlock } from '../text/block.ts';
import { sortedEntries } from '../validation/finding.ts';
import { compact, setting } from './filters.ts';

export const BACKBONE = '0.0.0.0';

/** What the names of the key chains begin with that the renderer writes, one per interface. */
const KEY_CHAIN = 'OSPF-KEYS-';

/** True for the name of a key chain of the renderer's. */
export function isKeyChainName(name: string): boolean {
  return name.startsWith(KEY_CHAIN);
}

/** Key chains of the interfaces that authenticate by HMAC. Debian builds FRR without the library for other algorithms. */
export function keyChainBlocks(model: RouterModel): ConfigBlock[] {
  return sortedEntries(model.interfaces).flatMap(([name, { ospf }]) => {
    if (ospf?.authentication?.type !== 'hmac-sha-256') return [];
    const blocks = sortedKeys(ospf.authentication.keys).map(({ id, key, accept, send }) => ({
      header: `key ${id}`,
      lines: compact([
        'cryptographic-algorithm hmac-sha-256',
        `key-string ${key}`,
        send !== undefined && `send-lifetime ${lifetimeText(send)}`,
        accept !== undefined && `accept-lifetime ${lifetimeText(accept)}`,
      ]),
    }));
    return [{ header: `key chain ${KEY_CHAIN}${name}`, lines: [], blocks }];
  });
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** The first moment that the daemons take, where no other is given. Source: FRR lib/keychain_cli.c. */
const BEGINNING = '1993-01-01 00:00:00';

/** `18:00:00 Jan 31 2027`, as the daemons show it but for padding. */
function momentText(moment: string): string {
  const [year, month, day, time] = moment.split(/[- ]/);
  return `${time} ${MONTHS[Number(month) - 1]} ${Number(day)} ${year}`;
}

function lifetimeText({ from = BEGINNING, until }: Lifetime): string {
  return `${momentText(from)} ${until === undefined ? 'infinite' : momentText(until)}`;
}

function sortedKeys<T extends { readonly id: number }>(keys: readonly T[]): T[] {
  return keys.toSorted((a, b) => a.id - b.id);
}

/** True when `network` statements choose the interfaces; the daemon then refuses an area on an interface. */
export function usesNetworks(model: RouterModel): boolean {
  return (model.ospf?.networks?.length ?? 0) > 0;
}

function timers(keyword: string, settings: OspfInterface | Ospf6Interface): (string | false)[] {
  const hello = settings.helloIntervalSec ?? 10;
  return [
    setting(`${keyword} dead-interval`, settings.deadIntervalSec ?? 4 * hello, 40),
    setting(`${keyword} hello-interval`, hello, 10),
    setting(`${keyword} retransmit-interval`, settings.retransmitIntervalSec, 5),
    setting(`${keyword} transmit-delay`, settings.transmitDelaySec, 1),
  ];
}

/** `bfd` alone comes first: ospfd refuses a profile on an interface without BFD. */
function bfdLines(keyword: string, use: boolean | string | undefined): (string | false)[] {
  const enabled = use !== undefined && use !== false;
  return [enabled && `${keyword} bfd`, typeof use === 'string' && `${keyword} bfd profile ${use}`];
}

function authentication(name: string, settings: OspfInterface): (string | false)[] {
  const auth = settings.authentication;
  switch (auth?.type) {
    case undefined:
      return [];
    case 'null':
      return ['ip ospf authentication null'];
    case 'simple':
      return ['ip ospf authentication', `ip ospf authentication-key ${auth.key}`];
    case 'message-digest':
      return [
        'ip ospf authentication message-digest',
        ...sortedKeys(auth.keys).map(({ id, key }) => `ip ospf message-digest-key ${id} md5 ${key}`),
      ];
    case 'hmac-sha-256':
      return [`ip ospf authentication key-chain ${KEY_CHAIN}${name}`];
  }
}

function passive(model: RouterModel, settings: OspfInterface): string | false {
  const standard = model.ospf?.passiveInterfaceDefault === true;
  if ((settings.passive ?? false) === standard) return false;
  return standard ? 'no ip ospf passive' : 'ip ospf passive';
}

/** OSPFv2 lines of one interface, in the order of FRR's running configuration. */
export function ospfInterfaceLines(
  model: RouterModel,
  name: string,
  settings: OspfInterface,
  dialect: Dialect,
): string[] {
  const minimal = settings.minimalHelloMultiplier;
  const own: OspfInterface =
    minimal === undefined ? settings : { ...settings, helloIntervalSec: undefined, deadIntervalSec: undefined };
  return compact([
    !usesNetworks(model) && `ip ospf area ${settings.area ?? BACKBONE}`,
    ...authentication(name, settings),
    ...bfdLines('ip ospf', settings.bfd),
    setting('ip ospf cost', settings.cost),
    minimal !== undefined && `ip ospf dead-interval minimal hello-multiplier ${minimal}`,
    ...timers('ip ospf', own),
    settings.mtuIgnore === true && 'ip ospf mtu-ignore',
    setting('ip ospf network', settings.network, 'broadcast'),
    dialect === 'frr' && passive(model, settings),
    setting('ip ospf priority', settings.priority, 1),
  ]);
}

/** OSPFv3 lines of one interface. Quagga names the area under `router ospf6`. */
export function ospf6InterfaceLines(settings: Ospf6Interface, dialect: Dialect): string[] {
  const auth = settings.authentication;
  return compact([
    dialect === 'frr' && `ipv6 ospf6 area ${settings.area ?? BACKBONE}`,
    auth !== undefined && `ipv6 ospf6 authentication key-id ${auth.keyId} hash-algo ${auth.algorithm} key ${auth.key}`,
    ...bfdLines('ipv6 ospf6', settings.bfd),
    setting('ipv6 ospf6 cost', settings.cost),
    ...timers('ipv6 ospf6', settings),
    setting('ipv6 ospf6 instance-id', settings.instanceId, 0),
    settings.mtuIgnore === true && 'ipv6 ospf6 mtu-ignore',
    setting('ipv6 ospf6 network', settings.network),
    settings.passive === true && 'ipv6 ospf6 passive',
    setting('ipv6 ospf6 priority', settings.priority, 1),
  ]);
}
