import { buildRule, buildRuleDump, decodeRule } from '../message/rule.ts';
import { attributeNames } from '../message/tables.ts';
import type { Channel, Purpose } from '../socket/channel.ts';
import type { Rule, RuleFilter, RuleSpec, Rules } from '../types/rule.ts';
import { FRA } from '../uapi/fib-rules.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../uapi/netlink.ts';
import { RTM } from '../uapi/rtnetlink.ts';
import { didExist, forFamilies } from './outcome.ts';

const attributeName = attributeNames('FRA', FRA);

function purposeOf(action: string, { family, priority, source, destination }: RuleSpec): Purpose {
  const words = [
    `IPv${family}`,
    priority === undefined ? '' : `priority ${priority}`,
    source === undefined ? '' : `from ${source}`,
    destination === undefined ? '' : `to ${destination}`,
  ];
  return { operation: `rule.${action}`, subject: words.filter(Boolean).join(' '), attributeName };
}

/** {@link Rules} over a channel to the kernel. */
export class KernelRules implements Rules {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async add(spec: RuleSpec): Promise<void> {
    const purpose = purposeOf('add', spec);
    await this.#channel.request(buildRule(RTM.NEWRULE, NLM_F_CREATE | NLM_F_EXCL, spec, purpose), purpose);
  }

  async delete(spec: RuleSpec): Promise<boolean> {
    const purpose = purposeOf('delete', spec);
    return didExist(this.#channel.request(buildRule(RTM.DELRULE, 0, spec, purpose), purpose), 'ENOENT');
  }

  list(filter: RuleFilter = {}): Promise<Rule[]> {
    const { table, protocol } = filter;
    const purpose = { operation: 'rule.list', subject: '', attributeName };
    return forFamilies(filter.family, (family) =>
      this.#channel.dump(buildRuleDump(family), purpose, (row) => {
        const rule = decodeRule(row);
        if (rule?.family !== family) return undefined;
        if (table !== undefined && rule.table !== table) return undefined;
        return protocol === undefined || rule.protocol === protocol ? rule : undefined;
      }),
    );
  }
}
