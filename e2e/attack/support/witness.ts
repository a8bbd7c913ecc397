import type { Place } from './namespaces.ts';

/** Where in the kernel packets are seen. Source: linux uapi netfilter_ipv4.h `enum nf_ip_hook_priorities`. */
export const SEEN = {
  /** As they arrive, fragments one by one. */
  first: -500,
  /** What the plugin's own filter of senders, at priority raw (-300), has let by. */
  afterSenders: -290,
  /** What a host takes for its own, behind every rule of the plugin's. */
  received: 100,
} as const;

/** Sees packets pass a place. It knows them by IPv4's identification, by IPv6's flow label, by the sender's MAC in ARP. */
export interface Witness {
  /** The numbers of IP packets that came by since the last call. */
  seen(): Promise<ReadonlySet<number>>;
  /** The sender's MAC addresses in ARP that came by since the last call. */
  seenInArp(): Promise<ReadonlySet<string>>;
}

/** Flow labels are of 20 bits and share four bytes with other fields: this is their lower half. */
const FLOW_LABEL = '@nh,16,16';

/** Puts a witness into a network namespace, where it stays. */
export async function placeWitness(
  place: Place,
  priority: number,
  hook: 'prerouting' | 'input' = 'prerouting',
): Promise<Witness> {
  const set = (name: string, type: string): string => `set ${name} { ${type}; flags dynamic; size 65535; }`;
  const script = `
    table inet witness {
      ${set('seen4', 'typeof ip id')}
      ${set('seen6', `typeof ${FLOW_LABEL}`)}
      chain look {
        type filter hook ${hook} priority ${priority};
        meta nfproto ipv4 add @seen4 { ip id }
        meta nfproto ipv6 add @seen6 { ${FLOW_LABEL} }
      }
    }
    table arp witness {
      ${set('seen', 'type ether_addr')}
      chain look {
        type filter hook input priority 10;
        add @seen { arp saddr ether }
      }
    }`;
  await place.run(['nft', '-f', '-'], script);
  const take = async <T>(family: string, name: string): Promise<T[]> => {
    const { stdout } = await place.run(['nft', '-j', 'list', 'set', family, 'witness', name]);
    await place.run(['nft', 'flush', 'set', family, 'witness', name]);
    const { nftables } = JSON.parse(stdout) as {
      readonly nftables: readonly { readonly set?: { readonly elem?: readonly T[] } }[];
    };
    return nftables.flatMap(({ set: found }) => found?.elem ?? []);
  };
  return {
    async seen() {
      const numbers = [...(await take<number>('inet', 'seen4')), ...(await take<number>('inet', 'seen6'))];
      return new Set(numbers);
    },
    seenInArp: async () => new Set(await take<string>('arp', 'seen')),
  };
}
