import {
  type Document,
  LineCounter,
  type Node,
  type ParsedNode,
  isMap,
  isScalar,
  parseDocument as parseYaml,
} from 'yaml';
import { type FieldPath, QuaggaError } from '../errors.ts';

/** An input file, parsed, that still knows where everything stands. YAML and JSON alike. */
export interface Source {
  readonly name: string;
  readonly value: unknown;
  /** `file:line:column` of a field, or of the nearest field around it. */
  readonly locate: (path: FieldPath) => string;
}

/** @throws {@link QuaggaError} `INVALID_INPUT` with file, line and column, and without quoting the text. */
export function parseSource(name: string, text: string): Source {
  const lines = new LineCounter();
  const document = parseYaml(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error !== undefined) throw new QuaggaError('INVALID_INPUT', `${at(error.pos[0])}: error: ${error.message}`);
  return {
    name,
    value: valueOf(name, document),
    locate: (path) => {
      const offset = offsetOf(document.contents, path);
      return offset === undefined ? name : at(offset);
    },
  };
}

/** Aliases are looked up here: one of nothing, or too many of them, is no error of the text before. */
function valueOf(name: string, document: Document.Parsed): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new QuaggaError('INVALID_INPUT', `${name}: ${error.message}`, { cause: error });
  }
}

/** Where the key or item of the longest known part of the path begins. */
function offsetOf(root: ParsedNode | null, path: FieldPath): number | undefined {
  let node: Node | null = root;
  let offset = root?.range[0];
  for (const key of path) {
    if (isMap(node)) {
      const pair: { key: unknown; value: unknown } | undefined = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(key),
      );
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = (pair.value as Node | null) ?? null;
    } else {
      const item: unknown =
        node !== null && 'items' in node && Array.isArray(node.items) ? node.items[Number(key)] : undefined;
      if (item === undefined || item === null) return offset;
      node = item as Node;
      offset = node.range?.[0] ?? offset;
    }
  }
  return offset;
}
