/** Start of the names of the links that the plugin makes. */
export const hostLinkPrefix = 'vethr';

/** Start of the names of the other ends, until Docker renames them in the container. */
export const containerLinkPrefix = 'vethc';

/** The host's end of an endpoint's link. */
export function hostLinkName(endpointId: string): string {
  return `${hostLinkPrefix}${endpointId.slice(0, 10)}`;
}

/** The container's end of an endpoint's link. */
export function containerLinkName(endpointId: string): string {
  return `${containerLinkPrefix}${endpointId.slice(0, 10)}`;
}
