import { z } from 'zod';
import { DIALECTS, type Dialect } from '../dialect.ts';
import type { Diagnostic, FieldPath } from '../errors.ts';
import { QuaggaError } from '../errors.ts';
import { type RouterModel, routerModelSchema } from '../model/router.ts';
import { inspectModel, invalidInput } from '../validation/validate.ts';
import { withHostLimits } from './limits.ts';
import { isRecord } from './merge.ts';
import { PRESETS, type PresetName, completeDocument } from './presets.ts';

/** What an operator writes: a model, of which a preset may supply the rest. */
export interface RouterDocument {
  readonly dialect: Dialect;
  readonly preset: PresetName | undefined;
  readonly model: RouterModel;
  readonly warnings: readonly Diagnostic[];
}

const header = { dialect: z.enum(DIALECTS).optional(), preset: z.enum(PRESETS).optional() };

/**
 * Completes a document by its preset and checks the result.
 * @throws {@link QuaggaError} `INVALID_INPUT`
 */
export function parseDocument(input: unknown, defaultDialect: Dialect = 'quagga'): RouterDocument {
  if (!isRecord(input)) throw new QuaggaError('INVALID_INPUT', 'the input is not a mapping of fields');
  const { dialect: givenDialect, preset: givenPreset, ...own } = input;
  const parsed = z.object(header).safeParse({ dialect: givenDialect, preset: givenPreset });
  if (!parsed.success)
    throw invalidInput(
      parsed.error.issues.map((issue) => ({
        severity: 'error',
        path: issue.path as FieldPath,
        message: issue.message,
      })),
    );
  const dialect = parsed.data.dialect ?? defaultDialect;
  const { preset } = parsed.data;
  const found = inspectModel(withHostLimits(completeDocument(preset, own, dialect)));
  if (found.model === undefined) throw invalidInput(found.diagnostics);
  return { dialect, preset, model: found.model, warnings: found.diagnostics };
}

/** The JSON schema of {@link parseDocument}'s input, for editors. With a preset every field is optional. */
export function documentJsonSchema(): Record<string, unknown> {
  const { routerId, containers, ...rest } = routerModelSchema.shape;
  const document = z.strictObject({ ...header, routerId, containers: containers.optional(), ...rest });
  return {
    ...z.toJSONSchema(document, { io: 'input', reused: 'ref' }),
    title: 'quagga-config',
    description: 'One host’s router: OSPF, OSPFv3 or BGP for container routes, rendered for Quagga or FRR.',
  };
}
