import type { Dialect } from '../dialect.ts';
import type { FieldPath } from '../errors.ts';

/** The flags that describe a router without a file, or add to one. */
export interface InputFlags {
  readonly dialect?: Dialect;
  readonly protocol?: 'ospf' | 'bgp';
  readonly preset?: string;
  readonly routerId?: string;
  readonly hostname?: string;
  readonly interface?: readonly string[];
  readonly network?: readonly string[];
  readonly container?: readonly string[];
  readonly area?: string;
  readonly asn?: number;
  readonly neighbor?: readonly string[];
}

type Flag = keyof InputFlags;

const OPTIONS: Partial<Record<Flag, string>> = {
  routerId: '--router-id',
  hostname: '--hostname',
  interface: '--interface',
  network: '--network',
  container: '--container',
  area: '--area',
  asn: '--asn',
  neighbor: '--neighbor',
};

/** The flags that a field may come from, the likeliest first. */
function flagsOf([section, item, field, ...deeper]: FieldPath, flags: InputFlags): readonly Flag[] {
  if (field === 'area' || deeper.at(-1) === 'area') return ['area'];
  if (section === 'routerId') return ['routerId'];
  if (section === 'hostname') return ['hostname'];
  if (section === 'containers') return ['container', 'network'];
  if (section === 'interfaces')
    return field === undefined && flags.interface?.includes(String(item)) ? ['interface'] : [];
  if (section === 'ospf' && item === 'networks') return field === undefined ? [] : ['network'];
  if (section === 'bgp' && item === 'asn') return ['asn'];
  return section === 'bgp' && item === 'neighbors' ? ['neighbor'] : [];
}

/**
 * The option, with its value, that said what a finding is about: `--network 10.0.0.0/33`. Without a file also the
 * option that would have to say it.
 */
export function optionOf(path: FieldPath, flags: InputFlags, hasFile: boolean): string | undefined {
  const candidates = flagsOf(path, flags);
  const given = candidates.find((flag) => flags[flag] !== undefined);
  const flag = given ?? (hasFile ? undefined : candidates[0]);
  if (flag === undefined) return undefined;
  const values = flags[flag];
  const index = path.find((key) => typeof key === 'number');
  const value: unknown = typeof values === 'object' && typeof index === 'number' ? values[index] : undefined;
  const option = OPTIONS[flag] ?? '';
  const whole = typeof value === 'string' ? `${option} ${value}` : option;
  return flag === 'neighbor' && path.at(-1) === 'remoteAs' ? `${whole}: remoteAs` : whole;
}
