import type { ConnectionMarks } from '@routed/netfilter';
import type { Link, Route, Rtnl, Rule } from '@routed/netns';
import { applyAnnouncementRules } from '../announcement/announcement-rules.ts';
import { applyPreviousHolders, PREVIOUS_TABLE } from '../announcement/previous-holder.ts';
import { BlockRoutes } from '../host/block-routes.ts';
import type { Gateways } from '../host/gateways.ts';
import type { HostNetworkSetup } from '../host/host-network-setup.ts';
import type { KernelSettings } from '../host/kernel-settings.ts';
import {
  DELETE_GROUP,
  endpointOfAlias,
  LINK_GROUP,
  MAIN_TABLE,
  ROUTE_PROTOCOL,
  UNANNOUNCED_TABLE,
} from '../names/kernel-names.ts';

/** Something of ours that stays in the kernel when the daemon is gone. */
export interface Leftover {
  readonly kind: 'link' | 'route' | 'block' | 'rule' | 'gateway' | 'firewall' | 'setting';
  /** For people, without its kind. */
  readonly text: string;
  /** Of a link whose other end is in a container: whose network goes with it. */
  readonly usedBy?: { readonly endpointId?: string };
}

interface Deps {
  readonly rtnl: Pick<Rtnl, 'links' | 'routes' | 'rules' | 'addresses' | 'neighbours'>;
  readonly marks: Pick<ConnectionMarks, 'remove'>;
  /** The chains and tables of ours that are there, for people. */
  readonly firewall: () => Promise<readonly string[]>;
  readonly setup: Pick<HostNetworkSetup, 'release'>;
  readonly settings: Pick<KernelSettings, 'changes'>;
  readonly gateways: Pick<Gateways, 'retain'>;
}

/** What the daemon made in the kernel, for a host that gives it up. No daemon may run meanwhile. */
export class Leftovers {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** What there is; changes nothing. @throws NetlinkError */
  async list(): Promise<readonly Leftover[]> {
    const { rtnl, firewall, settings } = this.#deps;
    const addresses = await rtnl.addresses.list();
    return [
      ...(await this.#links()).map(describeLink),
      ...(await this.#routes()).map((route) => ({ kind: 'route', text: describeRoute(route) }) as const),
      ...[...(await this.#blocks().list()).keys()].map((text) => ({ kind: 'block', text }) as const),
      ...(await rtnl.rules.list({ protocol: ROUTE_PROTOCOL })).map(describeRule),
      ...addresses
        .filter(({ protocol }) => protocol === ROUTE_PROTOCOL)
        .map(({ address }) => ({ kind: 'gateway', text: `${address} on lo` }) as const),
      ...(await firewall()).map((text) => ({ kind: 'firewall', text }) as const),
      ...(await settings.changes()).map(
        ({ key, found, set }) => ({ kind: 'setting', text: `${key} is ${set}, was ${found}` }) as const,
      ),
    ];
  }

  /**
   * Takes it all away, in the order in which other hosts notice: routes first. Settings stay that others on this host need. Safe to
   * repeat.
   *
   * @throws NetlinkError, NetfilterError
   */
  async remove(): Promise<void> {
    const { rtnl, marks, setup, gateways } = this.#deps;
    for (const { destination, table } of await this.#routes()) {
      await rtnl.routes.delete({ destination, table, protocol: ROUTE_PROTOCOL });
    }
    for (const block of (await this.#blocks().list()).keys()) await this.#blocks().delete(block);
    await applyPreviousHolders(rtnl, []);
    await applyAnnouncementRules(rtnl.rules, []);
    for (const { index } of await this.#links()) await rtnl.links.delete({ index });
    await marks.remove();
    await setup.release({ pools: [] });
    await gateways.retain(new Set());
  }

  #blocks(): BlockRoutes {
    return new BlockRoutes({ rtnl: this.#deps.rtnl });
  }

  async #links(): Promise<readonly Link[]> {
    const links = await this.#deps.rtnl.links.list();
    return links.filter(
      ({ group, kind, alias }) =>
        group === LINK_GROUP || group === DELETE_GROUP || (kind === 'veth' && endpointOfAlias(alias) !== undefined),
    );
  }

  async #routes(): Promise<readonly Route[]> {
    const routes = await this.#deps.rtnl.routes.list({ protocol: ROUTE_PROTOCOL });
    return routes.filter(({ table }) => [MAIN_TABLE, UNANNOUNCED_TABLE, PREVIOUS_TABLE].includes(table));
  }
}

function describeLink({ name, alias, peerNetnsId }: Link): Leftover {
  const endpointId = endpointOfAlias(alias);
  const isUsed = peerNetnsId !== undefined;
  return {
    kind: 'link',
    text: name,
    ...(isUsed && { usedBy: endpointId === undefined ? {} : { endpointId } }),
  };
}

function describeRoute({ destination, table }: Route): string {
  return table === MAIN_TABLE ? destination : `${destination} in table ${table}`;
}

function describeRule({ priority, destination }: Rule): Leftover {
  return { kind: 'rule', text: `${priority}: to ${destination ?? 'all'}` };
}
