/** What is done with a command that does not end by itself, or wants somebody at a terminal. */
export type Attendance =
  /** It runs until the page starts another one, or ends. */
  | { readonly kind: 'serving' }
  /** This is typed, and that is seen. */
  | { readonly kind: 'terminal'; readonly types: string; readonly shows: RegExp }
  /** It is ended as soon as this is seen. */
  | { readonly kind: 'watching'; readonly shows: RegExp };

const attended: readonly (readonly [lines: RegExp, how: Attendance])[] = [
  [/^routed-plugin( --(gateway|mtu|debug).*)?$/, { kind: 'serving' }],
  [
    /\brun (--rm )?-(ti|it) .*\bsh$/,
    { kind: 'terminal', types: 'ip address; ip route; exit\n', shows: /inet [^]*default via/ },
  ],
  [/^routed-plugin events --follow$/, { kind: 'watching', shows: /its container joins the network/ }],
];

/** How a line is attended; undefined for one that ends by itself, without being asked anything. */
export function attendanceOf(line: string): Attendance | undefined {
  return attended.find(([lines]) => lines.test(line))?.[1];
}
