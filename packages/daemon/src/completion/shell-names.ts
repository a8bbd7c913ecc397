/** The shells that completion is written for. */
// eslint-disable-next-line no-restricted-syntax -- they are named here, and none is run
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];
