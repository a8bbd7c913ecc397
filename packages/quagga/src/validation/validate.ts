import { hasHostBits, parseCidr } from '@routed/addresses';
import type { z } from 'zod';
import type { Diagnostic, FieldPath } from '../errors.ts';
import { QuaggaError, formatPath } from '../errors.ts';
import { afiOf } from '../prefix.ts';
import { type RouterModel, routerModelSchema } from '../model/router.ts';
import { bgpRules } from './bgp.ts';
import { caution, fault } from './finding.ts';
import { ospfRules } from './ospf.ts';
import { policyRules } from './policy.ts';

/** A model that every rule accepts, and what is worth a look all the same. */
export interface ValidatedModel {
  readonly model: RouterModel;
  readonly warnings: readonly Diagnostic[];
}

/**
 * Parses and checks a model.
 * @throws {@link QuaggaError} `INVALID_INPUT` with one diagnostic per fault, each naming field and fix.
 */
export function parseModel(input: unknown): ValidatedModel {
  const found = inspectModel(input);
  if (found.model !== undefined) return { model: found.model, warnings: found.diagnostics };
  throw invalidInput(found.diagnostics);
}

/** The error that carries these diagnostics. */
export function invalidInput(diagnostics: readonly Diagnostic[]): QuaggaError {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const message = errors.map(({ path, message: text }) => `${formatPath(path) || 'input'}: ${text}`).join('\n');
  return new QuaggaError('INVALID_INPUT', message, { diagnostics });
}

/** Like {@link parseModel}, but returns the findings. `model` is absent when there is an error among them. */
export function inspectModel(input: unknown): { model?: RouterModel; diagnostics: readonly Diagnostic[] } {
  const unusable = unusableKeys(input, []);
  if (unusable.length > 0) return { diagnostics: unusable };
  const parsed = routerModelSchema.safeParse(input);
  if (!parsed.success) return { diagnostics: parsed.error.issues.flatMap((issue) => schemaFaults(issue)) };
  const model = parsed.data;
  const diagnostics = [...maskedPrefixes(input, model, []), ...crossChecks(model)];
  return diagnostics.some(({ severity }) => severity === 'error') ? { diagnostics } : { model, diagnostics };
}

function crossChecks(model: RouterModel): Diagnostic[] {
  const protocols = [model.ospf, model.ospf6, model.bgp].filter((section) => section !== undefined);
  const none = fault([], 'has no routing protocol; add a section ospf, ospf6 or bgp, or a preset');
  const needs = (family: 'ipv4' | 'ipv6'): boolean => model.containers.some((prefix) => afiOf(prefix) === family);
  const found = [
    ...(protocols.length === 0 ? [none] : []),
    ...policyRules(model),
    ...ospfRules(model),
    ...bgpRules(model),
  ];
  if (needs('ipv6') && model.ospf6 === undefined && model.bgp === undefined && protocols.length > 0)
    found.push(caution(['containers'], 'IPv6 containers are announced by nobody; add a section ospf6'));
  if (needs('ipv4') && model.ospf === undefined && model.bgp === undefined && protocols.length > 0)
    found.push(caution(['containers'], 'IPv4 containers are announced by nobody; add a section ospf'));
  return found;
}

/** zod leaves out a key named `__proto__` without a word; nothing of the input may get lost. */
function unusableKeys(input: unknown, path: FieldPath): Diagnostic[] {
  if (typeof input !== 'object' || input === null) return [];
  return Object.entries(input).flatMap(([key, value]) =>
    key === '__proto__'
      ? [fault([...path, key], 'is no usable name; choose another')]
      : unusableKeys(value, [...path, Array.isArray(input) ? Number(key) : key]),
  );
}

/** Rule 4: the daemons clear host bits silently; say so. */
function maskedPrefixes(input: unknown, output: unknown, path: FieldPath): Diagnostic[] {
  if (typeof output === 'string') {
    const cidr = typeof input === 'string' && input.includes('/') ? parseCidr(input) : undefined;
    return cidr !== undefined && hasHostBits(cidr) ? [caution(path, `has host bits set; taken as ${output}`)] : [];
  }
  if (Array.isArray(output)) {
    const items = input as readonly unknown[];
    return output.flatMap((item: unknown, index) => maskedPrefixes(items[index], item, [...path, index]));
  }
  if (typeof output !== 'object' || output === null) return [];
  const fields = input as Readonly<Record<string, unknown>>;
  return Object.entries(output).flatMap(([key, value]) => maskedPrefixes(fields[key], value, [...path, key]));
}

type Issue = z.core.$ZodIssue;

function schemaFaults(issue: Issue, prefix: FieldPath = []): Diagnostic[] {
  const path = [...prefix, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => fault([...path, key], 'is not a known field; see "quagga-config schema"'));
  if (issue.code === 'invalid_key') return issue.issues.flatMap((inner) => fault(path, `the name: ${inner.message}`));
  if (issue.code === 'invalid_type' && issue.input === undefined && /undefined/.test(issue.message))
    return [fault(path, 'is missing')];
  return [fault(path, issue.message.replace(/^Invalid (input|option): /, ''))];
}
