import { linkNames } from '@routed/datapath';
import type { ContainerDetails } from '@routed/docker-engine';
import type { Netns, Rtnl } from '@routed/netns';
import type { HostKernel } from './host-kernel.ts';

/** What a user asks for with `docker run`. */
export interface ContainerWish {
  readonly name: string;
  readonly network: string;
  /** `--ip` */
  readonly ip?: string;
  readonly hasHealthcheck: boolean;
  readonly doesRestart: boolean;
}

/** What Docker has of a container on its network, from RequestAddress to ReleaseAddress. */
export interface Attachment {
  readonly endpointId: string;
  readonly address: string;
  readonly hasJoined: boolean;
  /** Docker names it to who asks. */
  readonly isNamed: boolean;
}

/** A container of a model engine: what Docker knows of it, and what is. */
export class ModelContainer {
  readonly id: string;
  readonly wish: ContainerWish;
  status: 'created' | 'running' | 'paused' | 'exited' = 'created';
  health: 'starting' | 'healthy' | 'unhealthy' | undefined;
  attachment: Attachment | undefined;
  /** Counts the starts. */
  run = 0;
  /** Whether its process lives, whatever Docker knows. */
  isAlive = false;
  /** Whether Docker makes its calls for a start. */
  isStarting = false;
  /** Whether it was sent a signal that ends it, since its start. */
  endsBySignal = false;
  /** Whether Docker is starting or taking down it: a question about it waits. */
  #busy: Promise<void> = Promise.resolve();
  #lock = { holders: 0 };
  #netns: Netns | undefined;

  constructor(id: string, wish: ContainerWish) {
    this.id = id;
    this.wish = wish;
  }

  get name(): string {
    return this.wish.name;
  }

  /** Whether its process runs, in a network namespace with its address. */
  get isServing(): boolean {
    return this.isAlive && this.#netns !== undefined;
  }

  /** Whether Docker holds its lock, or waits for it. */
  get isHeld(): boolean {
    return this.#lock.holders > 0;
  }

  /** Under the lock that Docker has for each container. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#busy;
    const lock = this.#lock;
    lock.holders++;
    const done = before.then(work).finally(() => lock.holders--);
    this.#busy = done.then(
      () => undefined,
      () => undefined,
    );
    return await done;
  }

  /** When Docker is killed, its locks go with it. */
  unlock(): void {
    this.#busy = Promise.resolve();
    this.#lock = { holders: 0 };
  }

  /** What Docker does after Join: moves the container's end of the link into a namespace and sets it up. */
  async moveIn(kernel: HostKernel, endpointId: string): Promise<void> {
    const netns = kernel.fake.createNetns();
    await kernel.fake.links.set({ name: linkNames(endpointId).container }, { netns, name: 'eth0' });
    await inside(netns, async (rtnl) => rtnl.links.set({ name: 'eth0' }, { isUp: true }));
    this.#netns = netns;
    kernel.changed();
  }

  /** What Docker does after Leave: moves it back under its former name, if it is still there. */
  async moveOut(kernel: HostKernel, endpointId: string): Promise<void> {
    const netns = this.#netns;
    if (netns === undefined) return;
    await inside(netns, async (rtnl) => {
      if ((await rtnl.links.get({ name: 'eth0' })) === undefined) return;
      const { netns: host } = kernel.fake;
      await rtnl.links.set({ name: 'eth0' }, { netns: host, name: linkNames(endpointId).container });
    });
    this.#netns = undefined;
    kernel.changed();
  }

  /** Its namespace goes, and with it the link inside. */
  async loseNamespace(kernel: HostKernel): Promise<void> {
    const netns = this.#netns;
    this.#netns = undefined;
    if (netns !== undefined) await inside(netns, async (rtnl) => rtnl.links.delete({ name: 'eth0' }));
    kernel.changed();
  }

  /** The host has lost power. */
  forgetNamespace(): void {
    this.#netns = undefined;
  }

  /** As `docker inspect` shows it. */
  details(networkId: string): ContainerDetails {
    const { id, name, status, health, attachment } = this;
    const endpointId = attachment?.isNamed === true ? attachment.endpointId : '';
    return {
      id,
      name,
      status,
      isRunning: status === 'running' || status === 'paused',
      isPaused: status === 'paused',
      ...(health !== undefined && { health }),
      startedAtMs: 0,
      stopSignal: '',
      labels: {},
      networks: [{ networkName: this.wish.network, networkId, endpointId }],
    };
  }
}

async function inside(netns: Netns, work: (rtnl: Rtnl) => Promise<unknown>): Promise<void> {
  const rtnl = await netns.openRtnl();
  await work(rtnl);
  await rtnl.close();
}
