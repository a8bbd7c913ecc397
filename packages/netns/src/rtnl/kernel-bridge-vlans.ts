import { checkArgument } from '../check/argument.ts';
import type { Channel, Purpose } from '../socket/channel.ts';
import type { BridgeVlan, BridgeVlanTarget, BridgeVlans, ReportedBridgeVlan } from '../types/bridge.ts';
import type { Listed } from '../types/common.ts';
import { linkAttribute } from '../message/tables.ts';
import { RTM } from '../uapi/rtnetlink.ts';
import { BRIDGE_VLAN, BRIDGE_VLAN_KEY, buildVlanChange, buildVlanDump, decodeVlans } from '../bridge/vlan-messages.ts';

/** {@link BridgeVlans} over a channel to the kernel. */
export class KernelBridgeVlans implements BridgeVlans {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async add(vlan: BridgeVlan & BridgeVlanTarget): Promise<void> {
    checkArgument(BRIDGE_VLAN, vlan, 'bridgeVlan.add');
    const purpose = purposeOf('add', vlan);
    await this.#channel.request(buildVlanChange(RTM.SETLINK, vlan, purpose), purpose);
  }

  async delete(vlan: Pick<BridgeVlan, 'linkIndex' | 'id' | 'lastId'> & BridgeVlanTarget): Promise<void> {
    checkArgument(BRIDGE_VLAN_KEY, vlan, 'bridgeVlan.delete');
    const { linkIndex, id, lastId, isSelf } = vlan;
    const purpose = purposeOf('delete', vlan);
    const key = { linkIndex, id, ...(lastId !== undefined && { lastId }), ...(isSelf !== undefined && { isSelf }) };
    await this.#channel.request(buildVlanChange(RTM.DELLINK, key, purpose), purpose);
  }

  async list(): Promise<Listed<ReportedBridgeVlan>> {
    const rows = await this.#channel.dump(buildVlanDump(), purposeOf('list'), decodeVlans);
    const vlans: Listed<ReportedBridgeVlan> = rows.flat();
    return rows.isInterrupted === true ? Object.assign(vlans, { isInterrupted: true } as const) : vlans;
  }
}

function purposeOf(action: string, vlan?: Pick<BridgeVlan, 'linkIndex' | 'id'>): Purpose {
  const subject = vlan === undefined ? '' : `VLAN ${vlan.id} on link ${vlan.linkIndex}`;
  return { operation: `bridgeVlan.${action}`, subject, attributeName: linkAttribute };
}
