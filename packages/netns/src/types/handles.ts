/** A network namespace that is held open: what `openNetns` returns. */
export interface NetnsHandle {
  /** `<dev>:<ino>` of the namespace, equal for two handles of the same one. */
  readonly identity: string;
}
