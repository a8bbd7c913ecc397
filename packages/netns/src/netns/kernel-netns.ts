import { closeSync, fstatSync } from 'node:fs';

import { text } from '../check/check.ts';
import { RTNL_OPTIONS, requireOptions } from '../check/options.ts';
import { NetnsError } from '../errors.ts';
import { KernelRtnl } from '../rtnl/kernel-rtnl.ts';
import { LanePool } from '../socket/lane-pool.ts';
import { alwaysAway } from '../socket/pace.ts';
import { NetlinkSocket } from '../socket/netlink-socket.ts';
import { openRouteSocket } from '../socket/open-socket.ts';
import { closeWhenLost, keepOpen } from '../sys/reclaim.ts';
import type { Sys } from '../sys/sys.ts';
import type { Limits, Rtnl, RtnlOptions } from '../types/rtnl.ts';
import { inNetns } from './in-netns.ts';
import type { NetnsWithFd } from '../rtnl/netns-fd.ts';
import { readSysctl, sysctlWithin, writeSysctl } from './sysctl.ts';

/** Two to four requests in flight gain most of what there is to gain in bulk deletes. */
const DEFAULT_LANES = 4;

/** A namespace of this machine, held by a descriptor. */
export class KernelNetns implements NetnsWithFd {
  readonly identity: string;
  readonly #sys: Sys;
  readonly #fd: number;
  #users = 0;
  #onUnused: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** Takes over `fd`, which must be a network namespace. */
  constructor(sys: Sys, fd: number) {
    this.#sys = sys;
    this.#fd = fd;
    const { dev, ino } = fstatSync(fd, { bigint: true });
    this.identity = `${dev}:${ino}`;
    closeWhenLost(this, () => closeSync(fd));
  }

  async openRtnl(options: RtnlOptions = {}): Promise<Rtnl> {
    requireOptions(RTNL_OPTIONS, options, 'rtnl');
    const { trace, lanes = DEFAULT_LANES, threads = 'auto' } = options;
    const pace = threads === 'always' ? alwaysAway() : undefined;
    return this.lendFd((fd) => {
      const sockets = inNetns<number[]>(this.#sys, fd, () => openSockets(this.#sys, lanes));
      const pool = new LanePool(sockets.map((socket) => new NetlinkSocket(this.#sys, socket, trace, pace)));
      return Promise.resolve(new KernelRtnl(pool));
    });
  }

  readSysctl(key: string, limits: Limits = {}): Promise<string> {
    return sysctlWithin(key, limits, () => this.lendFd((fd) => readSysctl(this.#sys, fd, key)));
  }

  async writeSysctl(key: string, value: string, limits: Limits = {}): Promise<void> {
    requireOptions(text, value, `sysctl ${key}`);
    return sysctlWithin(key, limits, () => this.lendFd((fd) => writeSysctl(this.#sys, fd, key, value)));
  }

  async lendFd<T>(use: (fd: number) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new NetnsError('CLOSED', `namespace ${this.identity}`, 'it was closed');
    this.#users += 1;
    try {
      return await use(this.#fd);
    } finally {
      this.#users -= 1;
      if (this.#users === 0) this.#onUnused?.();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeWhenUnused();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeWhenUnused(): Promise<void> {
    if (this.#users > 0) await new Promise<void>((resolve) => (this.#onUnused = resolve));
    keepOpen(this);
    closeSync(this.#fd);
  }
}

function openSockets(sys: Sys, count: number): number[] {
  const sockets: number[] = [];
  try {
    while (sockets.length < count) sockets.push(openRouteSocket(sys));
    return sockets;
  } catch (error) {
    for (const socket of sockets) sys.close(socket);
    throw error;
  }
}
