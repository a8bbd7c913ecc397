import { isDeepStrictEqual } from 'node:util';

import { messages } from '../../codec/reader.ts';
import { buildRule, decodeRule } from '../../message/rule.ts';
import { rulePurpose } from '../../rtnl/purpose.ts';
import type { Purpose } from '../../socket/channel.ts';
import type { Rule, RuleFilter, RuleSpec, Rules } from '../../types/rule.ts';
import { RTM } from '../../uapi/rtnetlink.ts';
import { type FakeNamespace, refusal } from './fake-state.ts';

/** {@link Rules} in memory; nothing consults them. */
export class FakeRules implements Rules {
  readonly #namespace: FakeNamespace;

  constructor(namespace: FakeNamespace) {
    this.#namespace = namespace;
  }

  async add(spec: RuleSpec): Promise<void> {
    const purpose = rulePurpose('add', spec);
    buildRule(RTM.NEWRULE, 0, spec, purpose);
    await this.#record(purpose);
    const { rules } = this.#namespace;
    const rule = asRule({ ...spec, priority: spec.priority ?? lowestOf(rules, spec.family) - 1 }, purpose);
    if (rules.some((held) => isMatch(held, rule) && isMatch(rule, held))) {
      throw refusal('EEXIST', purpose);
    }
    rules.push(rule);
    rules.sort((one, other) => one.family - other.family || one.priority - other.priority);
  }

  async delete(spec: RuleSpec): Promise<boolean> {
    const purpose = rulePurpose('delete', spec);
    buildRule(RTM.DELRULE, 0, spec, purpose);
    await this.#record(purpose);
    const { rules } = this.#namespace;
    const wanted = asWanted(spec, purpose);
    const index = rules.findIndex((held) => isMatch(held, wanted));
    if (index !== -1) rules.splice(index, 1);
    return index !== -1;
  }

  async list(filter: RuleFilter = {}): Promise<Rule[]> {
    await this.#record(rulePurpose('list', {}));
    const { family, table, protocol } = filter;
    return this.#namespace.rules
      .filter((rule) => family === undefined || rule.family === family)
      .filter((rule) => table === undefined || rule.table === table)
      .filter((rule) => protocol === undefined || rule.protocol === protocol);
  }

  async #record(purpose: Purpose): Promise<void> {
    await Promise.resolve();
    this.#namespace.journal.record(purpose);
  }
}

/** The lowest priority after the rule 0 that is always there. */
function lowestOf(rules: readonly Rule[], family: number): number {
  return Math.min(...rules.filter((rule) => rule.family === family && rule.priority > 0).map((rule) => rule.priority));
}

/** A rule as the real codec reads back what it wrote. */
function asRule(spec: RuleSpec, purpose: Purpose): Rule {
  const [message] = messages(buildRule(RTM.NEWRULE, 0, spec, purpose));
  const rule = message === undefined ? undefined : decodeRule(message);
  if (rule === undefined) throw refusal('EINVAL', purpose);
  return rule;
}

/** Of a rule to delete, what was given; in the form in which rules are kept. */
function asWanted(spec: RuleSpec, purpose: Purpose): Partial<Rule> {
  const rule = asRule(
    { ...spec, table: spec.table ?? 0, action: spec.action ?? 'nop', gotoPriority: spec.gotoPriority ?? 0 },
    purpose,
  );
  // The kernel does not compare whether a rule is inverted.
  const isGiven = ([field]: [string, unknown]): boolean =>
    field !== 'isInverted' && spec[field as keyof RuleSpec] !== undefined;
  return Object.fromEntries(Object.entries(rule).filter(isGiven));
}

function isMatch(held: Partial<Rule>, wanted: Partial<Rule>): boolean {
  return Object.entries(wanted).every(([field, value]) => isDeepStrictEqual(held[field as keyof Rule], value));
}
