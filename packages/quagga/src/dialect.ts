/** Which daemons a configuration is for. */
export const DIALECTS = ['quagga', 'frr'] as const;
export type Dialect = (typeof DIALECTS)[number];
