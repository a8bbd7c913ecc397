/** What is read when the metrics are asked for. */
export interface MeteredState {
  networks(): number;
  endpoints(): { readonly joined: number; readonly idle: number };
  pools(): Iterable<{ readonly id: string; readonly size: bigint; readonly leased: number }>;
  linksToDelete(): number;
  conflicts(): Readonly<Record<string, number>>;
  /** Of what other hosts announce, by kind. */
  cluster(): Readonly<Record<string, number>>;
  forgotten(): { readonly left: number; readonly endpoints: number; readonly leases: number };
}
