import type { HostPaths, HostReader } from './facts/host-reader.ts';
import { endpointOfAlias, DELETE_GROUP, LINK_GROUP, MAIN_TABLE, Uplinks } from '@routed/datapath';
import { isServed } from '@routed/plugin-server';
import { readdir, readFile, readlink, stat, statfs } from 'node:fs/promises';
import { runCommand } from '@routed/netfilter';
import type { Link, Rtnl } from '@routed/netns';
import type { DaemonReport } from '@routed/driver';
import { readDaemon } from './facts/daemon-report.ts';
import { type EngineFacts, readEngine } from './facts/engine-facts.ts';
import { readRouters, type RouterFacts } from './facts/router-facts.ts';

/** What checks may look at: the host as it is, and what the programs on it say. */
export interface HostView extends HostReader {
  /** Undefined when no engine answers. */
  engine(): Promise<EngineFacts | undefined>;
  /** Undefined when the daemon does not answer. */
  daemon(): Promise<DaemonReport | undefined>;
  /** Undefined without FRR or Quagga. */
  routers(): Promise<RouterFacts | undefined>;
}

/** The host that this process runs on. */
export function viewHost(paths: HostPaths, rtnl: Rtnl): HostView {
  const links = once(() => rtnl.links.list());
  const file = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);
  const view: HostView = {
    paths,
    nodeVersion: process.version,
    file,
    list: async (path) => (await readdir(path).catch(() => [])).sort(),
    linkTarget: (path) => readlink(path).catch(() => undefined),
    fileSystem: (path) =>
      statfs(path).then(
        ({ type }) => type,
        () => undefined,
      ),
    isSocket: (path) =>
      stat(path).then(
        (stats) => stats.isSocket(),
        () => false,
      ),
    accepts: isServed,
    sysctl: async (key) => (await file(`/proc/sys/${key}`))?.trim(),
    run: runCommand,
    links,
    uplinks: once(async () => {
      const named = (await view.daemon())?.uplinks;
      const names = new Set(new Uplinks({ rtnl }, named).namesOf(await links()));
      return (await links()).filter(({ name, isUp }) => isUp && names.has(name));
    }),
    containerLinks: once(async () => (await links()).filter(isContainerLink)),
    addresses: once(() => rtnl.addresses.list()),
    routes: once(() => rtnl.routes.list({ table: MAIN_TABLE })),
    engine: once(() => readEngine(view)),
    daemon: once(() => readDaemon(paths.adminSocket)),
    routers: once(() => readRouters(view)),
  };
  return view;
}

/** Whether it is the host end of a container's link, also of one that waits for deletion; not a link that shapes. */
export function isContainerLink({ group, alias, kind }: Pick<Link, 'group' | 'alias' | 'kind'>): boolean {
  if (kind === 'ifb') return false;
  return group === LINK_GROUP || group === DELETE_GROUP || endpointOfAlias(alias) !== undefined;
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => (reading ??= read());
}
