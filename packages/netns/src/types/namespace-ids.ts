import type { NetnsHandle } from './handles.ts';

/** The numbers that one namespace has for others, as `peerNetnsId` of a link is one. Every method rejects with {@link NetlinkError}. Not in a batch. */
export interface NamespaceIds {
  /** `undefined`: this namespace has no number for it. */
  get(netns: NetnsHandle): Promise<number | undefined>;
  /**
   * Gives `netns` a number here, 0 to 2147483647; without one the kernel chooses.
   *
   * @returns the number
   * @throws {@link NetlinkError} `EEXIST`: it has one, or another has this one
   */
  assign(netns: NetnsHandle, id?: number): Promise<number>;
  /** All numbers in use: the peers that this namespace knows. */
  list(): Promise<readonly number[]>;
}
