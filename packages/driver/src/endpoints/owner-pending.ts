import type { Endpoint } from './endpoint.ts';

/** The endpoint, closed until it is known whose it is. Pure. */
export function withPendingOwner(endpoint: Endpoint): Endpoint {
  return { ...endpoint, isOwnerPending: true };
}

/** The endpoint with the list that it has of its own, now that it is known whose it is. Pure. */
export function withKnownOwner(endpoint: Endpoint): Endpoint {
  const { isOwnerPending, ...known } = endpoint;
  return isOwnerPending === undefined ? endpoint : known;
}

/** The endpoint with another list, its operator's; absent: everybody may enter. Pure. */
export function withIngress(endpoint: Endpoint, ingress: string | undefined): Endpoint {
  const { ingress: former, ...open } = withKnownOwner(endpoint);
  if (former === ingress) return withKnownOwner(endpoint);
  return ingress === undefined ? open : { ...open, ingress };
}
