/** The methods that were called, in order, from a log in JSON at debug level. */
export function callsIn(log: string): string[] {
  const entries = log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { readonly msg: string; readonly method?: string });
  return entries.filter(({ msg }) => msg === 'request').map(({ method }) => method ?? 'none');
}
