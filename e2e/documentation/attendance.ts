/** What is done with a command that does not end by itself, or wants somebody at a terminal. */
export type Attendance =
  /** It runs until the page starts another one, or ends. */
  | { readonly kind: 'serving' }
  /** This is typed, and that is seen. */
  | { readonly kind: 'terminal'; readonly types: string; readonly shows: RegExp }
  /** It is ended as soon as this is seen. */
  | { readonly kind: 'watching'; readonly shows: RegExp };

export const ATTENDED: readonly (readonly [lines: RegExp, how: Attendance])[] = [
  [/^routed-plugin( --(gateway|mtu|debug).*)?$/, { kind: 'serving' }],
  [
    /\brun (--rm )?-(ti|it) .*\bsh$/,
    { kind: 'terminal', types: 'ip address; ip route; exit\n', shows: /inet [^]*default via/ },
  ],
  [/^docker compose exec client nc /, { kind: 'terminal', types: '', shows: /hello from web/ }],
  [/^docker compose exec web ip /, { kind: 'terminal', types: '', shows: /inet 10\.1\.0\.4\/32 / }],
  [/^tools\/lab\/lab exec .*\bbash$/, { kind: 'terminal', types: 'ip -o address; exit\n', shows: /inet / }],
  [/^npx lerna version /, { kind: 'terminal', types: 'y\n', shows: /version.* finished/ }],
  [/^tail -f .*plugin\.log$/, { kind: 'watching', shows: /"msg":/ }],
  [/tcpdump -n -i eth1$/, { kind: 'watching', shows: /listening on eth1/ }],
  [/^tools\/lab\/lab forward /, { kind: 'watching', shows: /is that of h1 now/ }],
  [/^tools\/fuzz /, { kind: 'watching', shows: /^seed \d+$/m }],
  [/^routed-plugin events --follow$/, { kind: 'watching', shows: /its container joins the network/ }],
];

/** How a line is attended; undefined for one that ends by itself, without being asked anything. */
export function attendanceOf(line: string): Attendance | undefined {
  return ATTENDED.find(([lines]) => lines.test(line))?.[1];
}
