/** The next hop of containers on a network that names none, per family: bare addresses. */
export interface DefaultGateways {
  readonly 4: string;
  readonly 6: string;
}

/** Gateways that need no address of the operator's: link-local ones, which every host may have. */
export const VIRTUAL_GATEWAYS: DefaultGateways = { 4: '169.254.1.1', 6: 'fe80::1' };
