const HIDDEN = '<hidden>';

/** Lines that end in a secret, by what stands before it. */
const SECRET_LINES = [
  /^(\s*(?:no )?ip ospf authentication-key ).*/,
  /^(\s*(?:no )?ip ospf message-digest-key \d+ md5 ).*/,
  /^(\s*(?:no )?key-string ).*/,
  /^(\s*(?:no )?ipv6 ospf6 authentication .*\bkey ).*/,
  /^(\s*(?:no )?neighbor \S+ password ).*/,
  /^(\s*(?:no )?(?:enable )?password ).*/,
];

/** A configuration line with its secret hidden. */
export function redactLine(line: string): string {
  const pattern = SECRET_LINES.find((candidate) => candidate.test(line));
  return pattern === undefined ? line : line.replace(pattern, `$1${HIDDEN}`);
}

/** Secret phrases anywhere in a daemon's message, which quotes the line it refuses. */
const SECRET_PHRASES = /(authentication-key|md5|\bkey|key-string|password)( )(?!key-id\b|chain \S)\S+/g;

/** Free text, such as a daemon's message, with everything hidden that follows a secret's keyword. */
export function redactText(text: string): string {
  return text.replace(SECRET_PHRASES, `$1$2${HIDDEN}`);
}
