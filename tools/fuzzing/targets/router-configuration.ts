import { passesPrefixList, passesRouteMap, topLines } from '@routed/doctor';
import { readdirSync, readFileSync } from 'node:fs';
import { canonicalTree, diffTrees, formatDifferences, mergeTrees, parseConfig, redactLine } from '@routed/quagga';
import { checkFleet, DIALECTS, parseDocument, parseModel, planChanges, render } from '@routed/quagga';
import fc from 'fast-check';
import { parse as parseYaml } from 'yaml';
import { parseSource } from '../../../packages/quagga/src/cli/source.ts';
import { mutated, mutatedBytes } from '../mutations.ts';
import { target } from '../fuzz.ts';
import { expectTyped } from '../typed-errors.ts';

const GOLDEN = new URL('../../../packages/quagga/test/golden/', import.meta.url);
const goldens = readdirSync(GOLDEN);
const texts = goldens.map((name) => readFileSync(new URL(`${name}/model.yaml`, GOLDEN), 'utf8'));
const documents = texts.map((text) => parseYaml(text) as unknown);
const configurations = goldens.map((name) => readFileSync(new URL(`${name}/frr.conf`, GOLDEN)));
const dialect = fc.constantFrom(...DIALECTS);

/** Models of routers: what is accepted must also render. */
export const routerModels = target({
  name: 'router models',
  weight: 3,
  input: fc.tuple(
    fc.oneof({ weight: 9, arbitrary: mutated(documents) }, { weight: 1, arbitrary: fc.jsonValue() }),
    dialect,
  ),
  feed: ([document, chosen]) => {
    expectTyped(() => parseModel(document));
    expectTyped(() => {
      const { model } = parseDocument(document, chosen);
      checkFleet({ h1: model, h2: model });
      for (const each of DIALECTS) expectTyped(() => render(model, each));
    });
  },
});

/** Files that an operator writes. */
export const routerDocuments = target({
  name: 'router documents',
  weight: 1,
  input: fc.oneof(
    { weight: 6, arbitrary: mutatedBytes(texts.map((text) => Buffer.from(text))) },
    {
      weight: 1,
      arbitrary: fc.array(fc.constantFrom('&a ', '*a', '[', ']', '{', '}', ': ', '- ', '\n', '!!', '<<', 'x', '"')),
    },
  ),
  feed: (input) => {
    const text = Array.isArray(input) ? input.join('') : Buffer.from(input).toString();
    expectTyped(() => {
      const source = parseSource('router.yaml', text);
      source.locate(['interfaces', 'eth1', 'ospf', 'cost']);
      parseDocument(source.value);
    });
  },
});

/** What routers say they run. */
export const routerConfigurations = target({
  name: 'router configurations',
  weight: 6,
  input: fc.tuple(mutatedBytes(configurations), mutatedBytes(configurations)),
  feed: (pair) => {
    expectTyped(() => {
      const [before, after] = pair.map((bytes) => parseConfig(Buffer.from(bytes).toString())) as [Tree, Tree];
      formatDifferences(diffTrees(canonicalTree(before), canonicalTree(after)));
      mergeTrees([before, after]);
      planChanges(new Map([['ospfd', before]]), new Map([['ospfd', after]]));
      topLines(before);
      for (const name of ['EXPORT', 'CONTAINERS', 'CONTAINERS-V4']) {
        passesRouteMap(before, name, ROUTES);
        passesPrefixList(before, name, ROUTES);
      }
      for (const { path } of before.values()) path.forEach(redactLine);
    });
  },
});

const ROUTES = { prefix: '10.1.0.0/16', shortest: 32, longest: 32 } as const;

type Tree = ReturnType<typeof parseConfig>;
