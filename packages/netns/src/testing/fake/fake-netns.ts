import { NetnsError } from '../../errors.ts';
import { invalid } from '../../message/validate.ts';
import { sysctlPath } from '../../netns/sysctl-path.ts';
import { sysctlWithin } from '../../netns/sysctl.ts';
import type { Purpose } from '../../socket/channel.ts';
import type { NetnsHandle } from '../../types/handles.ts';
import type { Netns } from '../../types/netns.ts';
import type { Limits, Rtnl } from '../../types/rtnl.ts';
import type { FakeNamespace } from './fake-state.ts';

/** What opens a connection to a namespace; passed in, because connections need namespaces in turn. */
export type OpenFakeRtnl = (namespace: FakeNamespace) => Rtnl;

const namespaces = new WeakMap<NetnsHandle, FakeNamespace>();

/** The contents behind a handle. @throws {@link NetlinkError} `EINVAL` for a handle of the real kernel. */
export function namespaceOf(netns: NetnsHandle, purpose: Purpose): FakeNamespace {
  const namespace = namespaces.get(netns);
  if (namespace === undefined) throw invalid(purpose, 'netns', 'not a namespace of a fake kernel');
  return namespace;
}

/** A {@link Netns} in memory. A sysctl that was never written reads `0`, unless it belongs to a link that is not there. */
export class FakeNetns implements Netns {
  readonly identity: string;
  readonly #namespace: FakeNamespace;
  readonly #open: OpenFakeRtnl;
  #isClosed = false;

  constructor(namespace: FakeNamespace, identity: string, open: OpenFakeRtnl) {
    this.identity = identity;
    this.#namespace = namespace;
    this.#open = open;
    namespaces.set(this, namespace);
  }

  async openRtnl(): Promise<Rtnl> {
    await this.#begin();
    return this.#open(this.#namespace);
  }

  readSysctl(key: string, limits: Limits = {}): Promise<string> {
    return sysctlWithin(key, limits, async () => {
      await this.#begin();
      return this.#namespace.sysctls.get(this.#pathOf(key)) ?? '0';
    });
  }

  writeSysctl(key: string, value: string, limits: Limits = {}): Promise<void> {
    return sysctlWithin(key, limits, async () => {
      await this.#begin();
      this.#namespace.sysctls.set(this.#pathOf(key), value);
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #begin(): Promise<void> {
    await Promise.resolve();
    if (this.#isClosed) throw new NetnsError('CLOSED', `namespace ${this.identity}`, 'it was closed');
  }

  #pathOf(key: string): string {
    const path = sysctlPath(key);
    const name = /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//.exec(path)?.[1];
    if (name !== undefined && !['all', 'default'].includes(name) && this.#namespace.find({ name }) === undefined) {
      throw new NetnsError('NOT_FOUND', `sysctl ${key}`, 'this kernel or namespace has no such key');
    }
    return path;
  }
}
