import type { CommandResult } from '@routed/netfilter';
import type { Address, Link, Route } from '@routed/netns';

/** Where things are on this host. */
export interface HostPaths {
  readonly pluginDir: string;
  readonly stateDir: string;
  readonly adminSocket: string;
  readonly dockerSocket: string;
  /** Where routing daemons have their sockets and pid files; the first that exists counts. */
  readonly routerDirs: readonly string[];
  /** Whether the operator says that this host announces nothing, so that no router is missed. */
  readonly isWithoutRouter?: boolean;
}

/** The links that others are to be reached by. */
export type Uplink = Link;

/** What can be read of a host as it is. Everything is read once, when it is first asked for. */
export interface HostReader {
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
}
