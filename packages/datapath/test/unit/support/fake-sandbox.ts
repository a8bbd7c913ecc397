import type { Endpoint } from '@routed/driver';
import { EventEmitter } from 'node:events';
import type { MonitorEvents, Netns, Rtnl } from '@routed/netns';
import type { FakeKernel, FakeState } from '@routed/netns/testing';
import { hostPrefix } from '@routed/addresses';
import { linkNames } from '../../../src/names/kernel-names.ts';
import type { SandboxView } from '../../../src/sandbox/sandbox-view.ts';
import { allAddresses } from '../../../src/endpoint/kernel-endpoint.ts';

/** A container's namespace in a kernel in memory; does there what Docker does, with the events of it. */
export class FakeSandbox {
  readonly #kernel: FakeKernel;
  readonly #netns: Netns;
  readonly rtnl: Rtnl;
  readonly events = new EventEmitter<MonitorEvents>();
  /** Views opened and not closed. */
  views = 0;

  private constructor(kernel: FakeKernel, netns: Netns, rtnl: Rtnl) {
    this.#kernel = kernel;
    this.#netns = netns;
    this.rtnl = rtnl;
  }

  static async in(kernel: FakeKernel): Promise<FakeSandbox> {
    const netns = kernel.createNetns();
    return new FakeSandbox(kernel, netns, await netns.openRtnl());
  }

  open(): SandboxView {
    this.views++;
    return {
      rtnl: this.rtnl,
      events: this.events,
      close: () => {
        this.views--;
        return Promise.resolve();
      },
    };
  }

  inspect(): FakeState {
    return this.#kernel.inspect(this.#netns);
  }

  /** What the link of an endpoint holds, in the order in which it got it. */
  async addressesOf(endpoint: Endpoint): Promise<string[]> {
    const link = await this.rtnl.links.get({ name: nameOf(endpoint) });
    return this.inspect()
      .addresses.filter(({ linkIndex }) => linkIndex === link?.index)
      .map(({ address }) => address);
  }

  /** The whole of it: the link arrives, gets its addresses, and is set up. */
  async receive(endpoint: Endpoint): Promise<void> {
    await this.move(endpoint);
    await this.address(endpoint);
    await this.raise(endpoint);
  }

  async move(endpoint: Endpoint): Promise<void> {
    const { container } = linkNames(endpoint.id);
    await this.#kernel.links.set({ name: container }, { netns: this.#netns, name: nameOf(endpoint) });
    await this.#tellLink(nameOf(endpoint));
  }

  async address(endpoint: Endpoint, addresses: readonly string[] = primariesOf(endpoint)): Promise<void> {
    const link = await this.rtnl.links.get({ name: nameOf(endpoint) });
    for (const address of addresses) {
      await this.rtnl.addresses.add({ linkIndex: link!.index, address });
      const [made] = this.inspect().addresses.slice(-1);
      this.events.emit('address', { change: 'new', address: made! });
    }
  }

  async raise(endpoint: Endpoint): Promise<void> {
    await this.rtnl.links.set({ name: nameOf(endpoint) }, { isUp: true });
    await this.#tellLink(nameOf(endpoint));
  }

  async #tellLink(name: string): Promise<void> {
    const link = await this.rtnl.links.get({ name });
    this.events.emit('link', { change: 'new', link: link! });
  }
}

/** Makes an endpoint's links on the host, as Join does. */
export async function makeLinks(kernel: FakeKernel, endpoint: Endpoint): Promise<number> {
  const { host, container, alias } = linkNames(endpoint.id);
  const made = await kernel.links.createVeth({ name: host, alias, isUp: true, peer: { name: container } });
  return made.index;
}

function nameOf({ id }: Endpoint): string {
  return `eth-${id.slice(0, 10)}`;
}

function primariesOf({ addresses }: Endpoint): string[] {
  return addresses.map(({ address }) => hostPrefix(address));
}

/** Every address of an endpoint as its link should have it. */
export function everyAddressOf(endpoint: Endpoint): string[] {
  return allAddresses(endpoint).map(({ address }) => hostPrefix(address));
}
