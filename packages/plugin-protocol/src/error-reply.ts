/**
 * The body that reports an error to Docker; send it with a status other than 200.
 *
 * Docker reads `Err` from network drivers and with every status but 200, `Error` from IPAM drivers with status 200:
 * both fields carry the text, so that it is found whichever applies.
 *
 * Source: moby v20.10.24, v28.5.2 pkg/plugins, drivers/remote/api, ipams/remote/api.
 */
export function errorReply(message: string): { readonly Err: string; readonly Error: string } {
  return { Err: message, Error: message };
}
