import { readdir, readFile, readlink, stat, statfs } from 'node:fs/promises';
import { type CommandResult, runCommand } from '@routed/netfilter';
import type { Address, Link, Route, Rtnl } from '@routed/netns';
import { endpointOfAlias, GRAVEYARD_GROUP, LINK_GROUP, MAIN_TABLE } from '../endpoints/kernel-names.ts';
import { Uplinks } from '../host/uplinks.ts';
import { isServed } from '../server/socket-file.ts';
import { type DaemonFacts, readDaemon } from './facts/daemon-facts.ts';
import { type EngineFacts, readEngine } from './facts/engine-facts.ts';
import { readRouters, type RouterFacts } from './facts/router-facts.ts';

/** Where things are on this host. */
export interface HostPaths {
  readonly pluginDir: string;
  readonly stateDir: string;
  readonly adminSocket: string;
  readonly dockerSocket: string;
  /** Where routing daemons have their sockets and pid files; the first that exists counts. */
  readonly routerDirs: readonly string[];
}

/** The links that others are to be reached by. */
export type Uplink = Link;

/** What checks may look at. Everything is read once, when it is first asked for. */
export interface HostView {
  readonly paths: HostPaths;
  readonly nodeVersion: string;
  /** The text of a file; undefined when there is none, or it may not be read. */
  file(path: string): Promise<string | undefined>;
  /** The names in a directory, sorted; empty when there is none. */
  list(path: string): Promise<readonly string[]>;
  /** Where a symbolic link leads, such as `/proc/1/ns/mnt`. */
  linkTarget(path: string): Promise<string | undefined>;
  /** The magic number of the file system that a path is on. */
  fileSystem(path: string): Promise<number | undefined>;
  isSocket(path: string): Promise<boolean>;
  /** Whether somebody accepts connections there. */
  accepts(path: string): Promise<boolean>;
  /** A sysctl without white space around it: `net/ipv4/ip_forward`. */
  sysctl(key: string): Promise<string | undefined>;
  /** Runs a program that changes nothing; undefined when it is not installed. */
  run(argv: readonly [string, ...string[]]): Promise<CommandResult | undefined>;
  links(): Promise<readonly Link[]>;
  /** Links that lead off the host and are up. */
  uplinks(): Promise<readonly Uplink[]>;
  /** The host ends of containers' links. */
  containerLinks(): Promise<readonly Link[]>;
  addresses(): Promise<readonly Address[]>;
  /** The main table, both families. */
  routes(): Promise<readonly Route[]>;
  /** Undefined when no engine answers. */
  engine(): Promise<EngineFacts | undefined>;
  /** Undefined when the daemon does not answer. */
  daemon(): Promise<DaemonFacts | undefined>;
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

/** Whether it is the host end of a container's link, also of one that waits for deletion. */
export function isContainerLink({ group, alias }: Pick<Link, 'group' | 'alias'>): boolean {
  return group === LINK_GROUP || group === GRAVEYARD_GROUP || endpointOfAlias(alias) !== undefined;
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => (reading ??= read());
}
