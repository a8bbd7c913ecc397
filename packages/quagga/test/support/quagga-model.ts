import type { FieldPath } from '../../src/errors.ts';
import { isQuaggaError } from '../../src/errors.ts';
import type { RouterModel } from '../../src/model/router.ts';
import { inspectModel } from '../../src/validation/validate.ts';
import { type RenderedConfig } from '../../src/render/config.ts';
import { render } from '../../src/render/render.ts';

type Node = Record<string | number, unknown>;

/** Takes out of a model what Quagga lacks, until it renders; undefined when too little is left of it. */
export function renderForQuagga(model: RouterModel): RenderedConfig | undefined {
  let rest: RouterModel | undefined = structuredClone(model);
  while (rest !== undefined) {
    try {
      return render(rest, 'quagga');
    } catch (error) {
      if (!isQuaggaError(error, 'UNSUPPORTED')) throw error;
      replace(rest, error.diagnostics[0]?.path ?? []);
      rest = inspectModel(rest).model;
    }
  }
  return undefined;
}

function replace(root: Node, path: FieldPath): void {
  const [field = ''] = path.slice(-1);
  // Quagga has BGP over addresses and to numbers only.
  const isUnnumbered = field === 'interface';
  const parents = path.slice(0, isUnnumbered ? -2 : -1);
  const parent = parents.reduce<unknown>((node, key) => (node as Node | undefined)?.[key], root) as Node | unknown[];
  if (Array.isArray(parent)) parent.splice(Number(path.at(-2)), 1);
  else if (field === 'remoteAs') parent[field] = 65007;
  else Reflect.deleteProperty(parent, field);
}
