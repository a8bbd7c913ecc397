import { buildRule, buildRuleDump, decodeRule } from '../message/rule.ts';
import type { Listed } from '../types/common.ts';
import type { Channel } from '../socket/channel.ts';
import type { Rule, RuleFilter, RuleSpec, Rules } from '../types/rule.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../uapi/netlink.ts';
import { RTM } from '../uapi/rtnetlink.ts';
import { didExist, forFamilies } from './outcome.ts';
import { rulePurpose } from './purpose.ts';

/** {@link Rules} over a channel to the kernel. */
export class KernelRules implements Rules {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async add(spec: RuleSpec): Promise<void> {
    const purpose = rulePurpose('add', spec);
    await this.#channel.request(buildRule(RTM.NEWRULE, NLM_F_CREATE | NLM_F_EXCL, spec, purpose), purpose);
  }

  async delete(spec: RuleSpec): Promise<boolean> {
    const purpose = rulePurpose('delete', spec);
    return didExist(this.#channel.request(buildRule(RTM.DELRULE, 0, spec, purpose), purpose), 'ENOENT');
  }

  list(filter: RuleFilter = {}): Promise<Listed<Rule>> {
    const { table, protocol } = filter;
    const purpose = rulePurpose('list', {});
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
