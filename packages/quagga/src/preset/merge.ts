export type Fields = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `own` with what only `defaults` has; records are merged field by field, everything else is taken whole. */
export function mergeDefaults(defaults: unknown, own: unknown): unknown {
  if (own === undefined) return defaults;
  if (!isRecord(defaults) || !isRecord(own)) return own;
  const keys = [...new Set([...Object.keys(own), ...Object.keys(defaults)])];
  return Object.fromEntries(keys.map((key) => [key, mergeDefaults(defaults[key], own[key])]));
}
