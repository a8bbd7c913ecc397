import { checkArgument } from '../check/argument.ts';
import { NetlinkError, isNetlinkError } from '../errors.ts';
import type { Netlink } from '../netlink/contract.ts';
import { GENL_HDRLEN, genericFamily, genericHeader } from '../netlink/generic.ts';
import { LINK_SELECTOR } from '../rtnl/arguments.ts';
import type { LinkSelector } from '../types/link.ts';
import { DEVICE } from './attributes.ts';
import { CHANGE, decodeDevice, encodeChange, targetOf } from './messages.ts';
import type { Wireguard, WireguardChange, WireguardDevice } from './types.ts';

/** Source: linux uapi wireguard.h `WG_GENL_NAME`, `WG_GENL_VERSION`, `enum wg_cmd`. */
const FAMILY = 'wireguard';
const VERSION = 1;
const WG_CMD_GET_DEVICE = 0;
const WG_CMD_SET_DEVICE = 1;
const EOPNOTSUPP = 95;

/** {@link Wireguard} over generic netlink. */
export class KernelWireguard implements Wireguard {
  readonly #netlink: Netlink;
  #family: number | undefined;

  /** Takes over `netlink`. */
  constructor(netlink: Netlink) {
    this.#netlink = netlink;
  }

  async get(selector: LinkSelector): Promise<WireguardDevice | undefined> {
    checkArgument(LINK_SELECTOR, selector, 'wireguard.get');
    const purpose = { operation: 'wireguard.get', subject: subjectOf(selector) };
    const request = {
      type: await this.#type(purpose),
      header: genericHeader(WG_CMD_GET_DEVICE, VERSION),
      attributes: DEVICE.encode(targetOf(selector)),
      ...purpose,
    };
    const rows: Uint8Array[] = [];
    try {
      for await (const { payload } of this.#netlink.dump(request)) rows.push(payload.subarray(GENL_HDRLEN));
    } catch (error) {
      if (isNetlinkError(error, 'ENODEV')) return undefined;
      throw error;
    }
    return decodeDevice(rows);
  }

  async set(selector: LinkSelector, change: WireguardChange): Promise<void> {
    checkArgument(LINK_SELECTOR, selector, 'wireguard.set');
    checkArgument(CHANGE, change, 'wireguard.set');
    const purpose = { operation: 'wireguard.set', subject: subjectOf(selector) };
    const type = await this.#type(purpose);
    const header = genericHeader(WG_CMD_SET_DEVICE, VERSION);
    for (const attributes of encodeChange(selector, change)) {
      await this.#netlink.request({ type, header, attributes, ...purpose });
    }
  }

  close(): Promise<void> {
    return this.#netlink.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The family comes with the kernel module, which the first link of the kind loads. */
  async #type(purpose: { readonly operation: string; readonly subject: string }): Promise<number> {
    this.#family ??= (await genericFamily(this.#netlink, FAMILY))?.id;
    if (this.#family !== undefined) return this.#family;
    const reason = 'this kernel has no WireGuard, or its module is not loaded: create a link of that kind first';
    throw new NetlinkError({ code: 'EOPNOTSUPP', errno: EOPNOTSUPP, ...purpose, reason });
  }
}

function subjectOf(selector: LinkSelector): string {
  return 'index' in selector ? `index ${selector.index}` : selector.name;
}
