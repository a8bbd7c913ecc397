import { object } from '../check/check.ts';
import { type AttributeSet, attributeSet } from '../attributes/attribute-set.ts';
import {
  type Bits,
  asBe16,
  asBe32,
  asBits,
  asBoolean,
  asFlag,
  asIpv4,
  asU32,
  asU8,
  inRange,
} from '../attributes/format.ts';
import { encapsulationFields } from './encapsulation.ts';
import type { Decoded } from '../types/common.ts';
import type { GreCommon, GreSettings } from '../types/link-kinds.ts';

type Header = Bits<'checksum' | 'sequence' | 'key'>;
/** What travels: whether there is a key is a flag beside it. */
interface GreAttributes extends GreCommon {
  readonly input?: Header;
  readonly output?: Header;
}

const asHeader = asBits(asBe16, { checksum: 0x8000, key: 0x2000, sequence: 0x1000 });
const ATTRIBUTES = attributeSet<GreAttributes>({
  lowerIndex: [1, inRange(asU32, 0, 0x7fff_ffff)],
  input: [2, asHeader],
  output: [3, asHeader],
  inputKey: [4, asBe32],
  outputKey: [5, asBe32],
  local: [6, asIpv4],
  remote: [7, asIpv4],
  pathMtuDiscovery: [10, asBoolean],
  tos: [9, asU8],
  ttl: [8, asU8],
  mark: [20, asU32],
  external: [18, asFlag],
  ignoreDontFragment: [19, asBoolean],
  ...encapsulationFields(14),
});
const isPartOfHeader = asBits(asBe16, { checksum: 0x8000, sequence: 0x1000 });
const SETTINGS = attributeSet<Pick<GreSettings, 'input' | 'output'>>({
  input: [2, isPartOfHeader],
  output: [3, isPartOfHeader],
});

function withKey(header: Header | undefined, key: number | undefined): Header | undefined {
  return key === undefined ? header : { ...header, key: true };
}

function withoutKey({ checksum = false, sequence = false }: Header): Omit<Header, 'key'> {
  return { checksum, sequence };
}

function settingsOf({ input, output, inputKey, outputKey, ...rest }: Decoded<GreAttributes>): Decoded<GreSettings> {
  return {
    ...rest,
    ...(input !== undefined && { input: withoutKey(input) }),
    ...(output !== undefined && { output: withoutKey(output) }),
    ...(input?.key === true && inputKey !== undefined && { inputKey }),
    ...(output?.key === true && outputKey !== undefined && { outputKey }),
  };
}

const fields = { ...ATTRIBUTES.fields, ...SETTINGS.fields };

export const GRE: AttributeSet<GreSettings> = {
  fields,
  check: object<GreSettings>(fields),
  encode: (settings) => {
    const input = withKey(settings.input, settings.inputKey);
    const output = withKey(settings.output, settings.outputKey);
    return ATTRIBUTES.encode({ ...settings, ...(input && { input }), ...(output && { output }) });
  },
  decode: (bytes) => settingsOf(ATTRIBUTES.decode(bytes)),
};
