import { EventEmitter } from 'node:events';
import type { Netns } from '@routed/netns';
import type { FakeKernel } from '@routed/netns/testing';
import { linkNames } from '../../../src/names/kernel-names.ts';
import type { SandboxView } from '../../../src/sandbox/sandbox-view.ts';

/** A container's namespace in the fake kernel, and the part of Docker that works in it. */
export interface FakeSandbox {
  readonly netns: Netns;
  /** How often it was opened, and how often it is open now. */
  readonly opened: { count: number; open: number };
  open(): Promise<SandboxView>;
  /** The addresses of the container's link. */
  addresses(): string[];
  /** What Docker does after Join: moves the link, sets it up, gives it its address; each step an event. */
  receive(endpointId: string, ...addresses: readonly string[]): Promise<void>;
}

/** A sandbox without links. The fake kernel cannot move a link: it gets a new one with the same other end. */
export function fakeSandbox(kernel: FakeKernel): FakeSandbox {
  const netns = kernel.createNetns();
  const events = new EventEmitter();
  const opened = { count: 0, open: 0 };
  return {
    netns,
    opened,
    open: async () => {
      opened.count++;
      opened.open++;
      return {
        rtnl: await netns.openRtnl(),
        events,
        close: () => {
          opened.open--;
          return Promise.resolve();
        },
      };
    },
    addresses: () => kernel.inspect(netns).addresses.map(({ address }) => address),
    receive: async (endpointId, ...addresses) => {
      const names = linkNames(endpointId);
      const host = kernel.inspect().links.find(({ name }) => name === names.host);
      const routes = kernel.inspect().routes.filter(({ linkIndex }) => linkIndex === host?.index);
      await kernel.links.delete({ name: names.host });
      const name = `eth${kernel.inspect(netns).links.length - 1}`;
      const { index } = await kernel.links.createVeth({
        name: names.host,
        alias: names.alias,
        ...(host === undefined ? {} : { group: host.group }),
        isUp: true,
        peer: { name, netns },
      });
      for (const { destination } of routes) {
        await kernel.routes.replace({ destination, linkIndex: index, scope: 'link', protocol: 200 });
      }
      const inside = await netns.openRtnl();
      const linkIndex = (await inside.links.get({ name }))!.index;
      for (const address of addresses) {
        await inside.addresses.add({ linkIndex, address, skipDuplicateDetection: true });
        const held = (await inside.addresses.list({ linkIndex })).find((entry) => entry.address === address);
        events.emit('address', { change: 'new', address: held });
      }
      await inside.links.set({ index: linkIndex }, { isUp: true });
      events.emit('link', { change: 'new', link: await inside.links.get({ index: linkIndex }) });
      await inside.close();
    },
  };
}
