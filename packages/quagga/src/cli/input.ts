import { QuaggaError } from '../errors.ts';
import { type RouterDocument, parseDocument } from '../preset/document.ts';
import { type Fields, isRecord, mergeDefaults } from '../preset/merge.ts';
import { type RenderedConfig } from '../render/config.ts';
import { render } from '../render/render.ts';
import { type CliEnvironment, EXIT, type ExitCode } from './environment.ts';
import { type Origin, complain, readText, report } from './findings.ts';
import type { InputFlags } from './flags.ts';
import { parseSource } from './source.ts';

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** What the flags say, as a document. Networks are container prefixes too unless `--container` says otherwise. */
export function documentOfFlags(flags: InputFlags, given: Fields): Fields {
  const protocol = flags.protocol ?? protocolOf(given, flags);
  const networks = flags.network?.map((prefix) => defined({ prefix, area: flags.area }));
  const preset = flags.preset ?? given.preset ?? (protocol === 'bgp' ? bgpPreset(flags, given) : undefined);
  // The tuned presets know themselves what runs on an interface.
  const speaks = protocol === 'ospf' && flags.interface !== undefined && (preset === undefined || preset === 'seed');
  const area = networks === undefined ? flags.area : undefined;
  const onInterface = speaks || area !== undefined ? { ospf: defined({ area }) } : {};
  const bgp = defined({ asn: flags.asn, neighbors: flags.neighbor?.map(neighborOf) });
  const isSeed = preset === 'seed';
  return defined({
    dialect: flags.dialect,
    preset,
    routerId: flags.routerId,
    hostname: flags.hostname,
    containers: flags.container ?? (isSeed ? undefined : flags.network),
    interfaces:
      flags.interface === undefined
        ? undefined
        : Object.fromEntries(flags.interface.map((name) => [name, onInterface])),
    ospf: protocol === 'ospf' && (networks !== undefined || speaks) ? defined({ networks }) : undefined,
    bgp: Object.keys(bgp).length === 0 ? undefined : bgp,
  });
}

function refuseOtherProtocol(given: Fields, flags: InputFlags): void {
  if (flags.protocol === undefined || flags.protocol === protocolOf(given, flags)) return;
  const preset = flags.preset ?? given.preset;
  if (preset === undefined && flags.protocol === 'bgp') return;
  const message = `--protocol ${flags.protocol} does not go with ${typeof preset === 'string' ? `preset ${preset}` : 'the rest of the input'}; leave one of them out`;
  throw new QuaggaError('INVALID_INPUT', message);
}

function protocolOf(given: Fields, flags: InputFlags): 'ospf' | 'bgp' {
  const preset = flags.preset ?? given.preset;
  const isBgp =
    given.bgp !== undefined || flags.asn !== undefined || (typeof preset === 'string' && preset.startsWith('bgp-'));
  return isBgp ? 'bgp' : 'ospf';
}

function bgpPreset(flags: InputFlags, given: Fields): string | undefined {
  if (given.bgp !== undefined) return undefined;
  return flags.neighbor === undefined ? 'bgp-unnumbered' : 'bgp-numbered';
}

/** `10.0.0.2=65002`, or an address alone for a neighbor whose AS is not known beforehand. */
function neighborOf(text: string): Fields {
  const [address, remoteAs] = text.split('=');
  return remoteAs === undefined
    ? { address }
    : { address, remoteAs: /^\d+$/.test(remoteAs) ? Number(remoteAs) : remoteAs };
}

/** A document, and where what it says was said. */
export interface Input {
  readonly document: RouterDocument;
  readonly origin: Origin;
}

/** Reads the file, adds the flags, completes by the preset and checks; findings go to the error output. */
export async function readInput(
  environment: CliEnvironment,
  path: string | undefined,
  flags: InputFlags,
): Promise<Input | ExitCode> {
  let origin: Origin = { flags };
  try {
    if (path !== undefined)
      origin = { flags, source: parseSource(path === '-' ? 'stdin' : path, await readText(environment, path)) };
    const given = origin.source?.value ?? {};
    if (!isRecord(given)) throw new QuaggaError('INVALID_INPUT', `${path ?? ''} is not a mapping of fields`);
    refuseOtherProtocol(given, flags);
    const document = parseDocument(mergeDefaults(given, documentOfFlags(flags, given)));
    report(environment, document.warnings, origin);
    return { document, origin };
  } catch (error) {
    if (!(error instanceof QuaggaError)) throw error;
    complain(environment, error, origin);
    if (Object.values(flags).every((flag) => flag === undefined || typeof flag === 'boolean') && path === undefined)
      environment.complain('(name a file, which "quagga-config init" proposes, or describe the router by options)\n');
    return EXIT.invalidInput;
  }
}

/** Renders, or says what the dialect lacks. */
export function renderInput(environment: CliEnvironment, { document, origin }: Input): RenderedConfig | ExitCode {
  try {
    return render(document.model, document.dialect);
  } catch (error) {
    if (!(error instanceof QuaggaError)) throw error;
    complain(environment, error, origin);
    return EXIT.invalidInput;
  }
}
