import { canonicalCidr } from '../../message/canonical.ts';
import { buildRule } from '../../message/rule.ts';
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
    const { action = 'lookup', table = 0, protocol = 0, family } = spec;
    const priority = spec.priority ?? lowestOf(rules, family) - 1;
    const rule: Rule = { ...prefixes(spec), family, priority, table, action, protocol };
    if (rules.some((held) => isMatch(held, { ...rule, action }) && isMatch(rule, asSpec(held)))) {
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
    const index = rules.findIndex((held) => isMatch(held, spec));
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

type Selectors = Pick<RuleSpec, 'source' | 'destination' | 'inputLink' | 'outputLink' | 'mark'>;

function prefixes({ source, destination, inputLink, outputLink, mark }: Selectors): Selectors {
  return {
    ...(source !== undefined && { source: canonicalCidr(source) }),
    ...(destination !== undefined && { destination: canonicalCidr(destination) }),
    ...(inputLink !== undefined && { inputLink }),
    ...(outputLink !== undefined && { outputLink }),
    ...(mark !== undefined && mark !== 0 && { mark }),
  };
}

function asSpec({ action, ...rest }: Rule): RuleSpec {
  return action === 'other' ? rest : { ...rest, action };
}

function isMatch(held: Rule, spec: RuleSpec): boolean {
  const { family, priority, table, action, protocol } = spec;
  const wanted: Partial<Record<keyof Rule, unknown>> = { family, priority, table, action, protocol, ...prefixes(spec) };
  return Object.entries(wanted).every(([field, value]) => value === undefined || held[field as keyof Rule] === value);
}
