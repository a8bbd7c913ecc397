/**
 * A change that `--fix` makes and `--undo` takes back.
 *
 * `sysctl`: sets it, and writes it to a file of /etc/sysctl.d so that it stays. `file`: a file with this very text.
 * `stale-socket`: removes a socket that nobody listens on; that one `--undo` does not bring back.
 */
export type Fix =
  | { readonly kind: 'sysctl'; readonly key: string; readonly value: string }
  | { readonly kind: 'file'; readonly path: string; readonly text: string; readonly then?: string }
  | { readonly kind: 'stale-socket'; readonly path: string };
