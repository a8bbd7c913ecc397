import { Fabric } from './fabric.ts';
import { Host } from './host.ts';
import type { ModelNetwork } from './model-engine.ts';
import type { ModelContainer } from './model-container.ts';
import { Random } from './random.ts';
import { Story } from './story.ts';

/** What a cluster is like: drawn from the seed. */
export interface ClusterTraits {
  readonly hosts: number;
  readonly announce: 'always' | 'running' | 'healthy' | 'manual';
  readonly onConflict: 'keep' | 'yield' | 'handover';
  readonly isTakeover: boolean;
  readonly delaySec: number;
  readonly isLiveRestore: boolean;
  readonly lossPart: number;
  /** Whether the end is waited for until blocks that nothing uses are given back. */
  readonly isPatient: boolean;
}

/** Hosts with the plugin, Docker and a router each, and what is between them. */
export class Cluster {
  readonly random: Random;
  readonly traits: ClusterTraits;
  readonly story = new Story();
  readonly fabric: Fabric;
  readonly hosts: readonly Host[];
  /** Of `own` each address is one host's, of `any` every host's that wants it, of `blocks` most are announced with a block. */
  readonly networks: readonly ModelNetwork[];

  constructor(seed: number) {
    this.random = new Random(seed);
    this.traits = traitsOf(this.random);
    this.networks = networksOf(this.traits);
    this.fabric = new Fabric(this.random);
    this.fabric.lossPart = this.traits.lossPart;
    this.story.tell('', `seed ${seed}: ${JSON.stringify(this.traits)}`);
    this.hosts = Array.from({ length: this.traits.hosts }, (_, index) => this.#host(index + 1));
    this.fabric.routers.push(...this.hosts.map(({ router }) => router));
  }

  async start(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.powerOn()));
    await Promise.all(this.hosts.map(({ engine }) => engine.createNetworks()));
  }

  /** The containers of a host. */
  containersOf(host: Host): ModelContainer[] {
    return [...host.engine.containers.values()];
  }

  /** Whether every host may announce an address. */
  isShared(address: string): boolean {
    return address.startsWith('10.2.');
  }

  #host(number: number): Host {
    const { random, fabric, networks, traits } = this;
    const tell = (who: string, what: string): void => this.story.tell(who, what);
    return new Host({
      ...{ name: `h${number}`, number, random, fabric, networks, tell },
      isLiveRestore: traits.isLiveRestore,
    });
  }
}

function traitsOf(random: Random): ClusterTraits {
  return {
    hosts: random.weighted([
      [1, 2],
      [1, 3],
    ]),
    announce: random.pick(['always', 'running', 'healthy', 'manual']),
    onConflict: random.pick(['keep', 'yield', 'handover', 'handover']),
    isTakeover: random.isTrue(0.6),
    delaySec: random.weighted([
      [3, 0],
      [1, 2],
    ]),
    isLiveRestore: random.isTrue(0.7),
    lossPart: random.pick([0, 0, 0.1, 0.3]),
    isPatient: random.isTrue(0.15),
  };
}

function networksOf({ announce, onConflict, delaySec, isTakeover }: ClusterTraits): ModelNetwork[] {
  const common = { 'routed.announce': announce, 'routed.announce-delay': `${delaySec}s` };
  return [
    {
      name: 'own',
      id: '0a'.padEnd(64, '0'),
      subnet: '10.1.0.0/24',
      options: { ...common, 'routed.on-conflict': onConflict, 'routed.takeover': String(isTakeover) },
    },
    { name: 'any', id: '0b'.padEnd(64, '0'), subnet: '10.2.0.0/24', options: { ...common, 'routed.anycast': 'true' } },
    // Few, so that hosts get into each other's way.
    {
      name: 'blocks',
      id: '0c'.padEnd(64, '0'),
      subnet: '10.3.0.0/27',
      options: { 'routed.block': '/30', 'routed.on-conflict': onConflict },
    },
  ];
}
