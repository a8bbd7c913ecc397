import type { RouterModel } from '../model/router.ts';
import { sortedEntries } from '../validation/finding.ts';
import type { Afi } from '../prefix.ts';
import { type ConfigBlock, writePerDaemon } from '../text/block.ts';
import { rawBlocks } from '../text/raw.ts';
import { bgpBlocks } from './bgp.ts';
import { daemonsOf, identityLines, importLines, logLines } from './common.ts';
import { asPathBlock, compact, prefixListBlock, routeMapBlocks, setting } from './filters.ts';
import { ospf6InterfaceLines, ospfInterfaceLines } from './ospf-interface.ts';
import { ospf6Blocks, ospfBlocks } from './ospf.ts';
import { type NamedRouteMap, type Policies, policiesOf, policyName } from './policy.ts';
import { type DaemonName, FILE_MODE, type RenderedConfig, type RenderedFile } from './config.ts';

/** The route maps that a daemon refers to, with the lists that they refer to. */
function filterBlocks(
  policies: Policies,
  wanted: (map: NamedRouteMap) => boolean,
  explicitLists: boolean,
): ConfigBlock[] {
  const maps = policies.routeMaps.filter(wanted);
  const named = new Set(maps.flatMap((map) => map.entries.map((entry) => entry.match?.prefixList)));
  const lists = policies.prefixLists.filter((list) => explicitLists || named.has(list.name));
  return [...lists.map(prefixListBlock), asPathBlock(maps, 'quagga'), ...maps.flatMap(routeMapBlocks)];
}

/** The filters of `redistribute`; none when everything is announced. */
function exportFilter(policies: Policies, family: Afi): ConfigBlock[] {
  const used = policies.announces(family) ? [policies.exportMap(family, 'ospf'), policies.loopbackMap(family)] : [];
  return filterBlocks(policies, (map) => used.includes(map.name), false);
}

type Lines = (name: string, settings: NonNullable<RouterModel['interfaces']>[string]) => string[];

function interfaceBlocks(model: RouterModel, linesOf: Lines): ConfigBlock[] {
  return sortedEntries(model.interfaces)
    .map(([name, settings]) => ({ header: `interface ${name}`, lines: linesOf(name, settings) }))
    .filter(({ lines }) => lines.length > 0);
}

function zebraBlocks(model: RouterModel, policies: Policies): ConfigBlock[] {
  const imported = importLines(model);
  const used = imported.length > 0 ? policyName('IMPORT', 'ipv4') : undefined;
  return [
    ...filterBlocks(policies, (map) => map.name === used, false),
    { lines: imported },
    ...interfaceBlocks(model, (_, { description }) => compact([setting('description', description)])),
  ];
}

function ospfdBlocks(model: RouterModel, policies: Policies): ConfigBlock[] {
  return [
    ...exportFilter(policies, 'ipv4'),
    ...interfaceBlocks(model, (name, { ospf }) =>
      ospf === undefined ? [] : ospfInterfaceLines(model, name, ospf, 'quagga'),
    ),
    ...ospfBlocks(model, policies, 'quagga'),
  ];
}

function ospf6dBlocks(model: RouterModel, policies: Policies): ConfigBlock[] {
  return [
    ...exportFilter(policies, 'ipv6'),
    ...interfaceBlocks(model, (_, { ospf6 }) => (ospf6 === undefined ? [] : ospf6InterfaceLines(ospf6, 'quagga'))),
    ...ospf6Blocks(model, policies, 'quagga'),
  ];
}

function bgpdBlocks(model: RouterModel, policies: Policies): ConfigBlock[] {
  return [...filterBlocks(policies, () => true, true), ...bgpBlocks(model, policies, 'quagga')];
}

/**
 * zebra.conf is rendered only when the model has a section `zebra` or something for zebra to do:
 * the classic set-up has a zebra.conf of its own, which an empty one must not replace.
 */
function hasZebraFile(model: RouterModel): boolean {
  return model.zebra !== undefined || model.raw?.zebra !== undefined || importLines(model).length > 0;
}

export function renderQuagga(model: RouterModel): RenderedConfig {
  const policies = policiesOf(model);
  const daemons = daemonsOf(model);
  const blocks: Record<Exclude<DaemonName, 'bfdd' | 'staticd'>, () => ConfigBlock[]> = {
    zebra: () => (hasZebraFile(model) ? zebraBlocks(model, policies) : []),
    ospfd: () => ospfdBlocks(model, policies),
    ospf6d: () => ospf6dBlocks(model, policies),
    bgpd: () => bgpdBlocks(model, policies),
  };
  const written = daemons
    .filter((daemon) => daemon !== 'bfdd' && daemon !== 'staticd')
    .filter((daemon) => daemon !== 'zebra' || hasZebraFile(model));
  const files = written.map((daemon): RenderedFile => {
    const text = writePerDaemon([
      { lines: identityLines(model) },
      ...blocks[daemon](),
      { lines: logLines(model) },
      ...rawBlocks(model.raw?.[daemon]),
    ]);
    return { name: `${daemon}.conf`, text, mode: FILE_MODE };
  });
  return { dialect: 'quagga', files, daemons };
}
