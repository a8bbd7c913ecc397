/** What stands where a secret was. */
export const REMOVED = '[removed]';

/** A word in a name that says that its value is a secret. */
const SECRET_NAME = String.raw`pass(?:word|wd|phrase|code)|(?<![a-z])pass(?![a-z])|pwd|secret|token|credentials?|api[-_]?key|access[-_]?key|private[-_]?key|auth[-_]?key|md5[-_]?key|encryption[-_]?key|cookie|authorization`;
/** With what may stand before and after it in the name. */
const NAME = String.raw`[\w.-]*(?:${SECRET_NAME})[\w.-]*`;

interface Rule {
  readonly form: RegExp;
  /** What stays, and what is put in place of the rest. */
  readonly replacement: string;
}

/** One after another: the first ones know most of what they look for. */
const RULES: readonly Rule[] = [
  // PEM. Source: RFC 7468. Over several lines, which JSON has as \n.
  {
    form: /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g,
    replacement: `-----BEGIN $1-----${REMOVED}`,
  },
  // FRR and Quagga. Source: docs.frrouting.org, "password", "neighbor PEER password", "ip ospf authentication-key", "key-string".
  {
    form: /((?:^|[\n"]|\\n)[ \t]*(?:enable |username \S+ )?password(?: 8)?[ \t]+)[^\n"\\]+/g,
    replacement: `$1${REMOVED}`,
  },
  { form: /(neighbor \S+ password[ \t]+)[^\n"\\]+/g, replacement: `$1${REMOVED}` },
  {
    form: /((?:authentication-key|message-digest-key \d+ md5|authentication-string|key-string|keychain-key|md5 key|area-password(?: md5)?|domain-password(?: md5| clear)?|isis password(?: md5| clear)?)[ \t]+)[^\n"\\]+/g,
    replacement: `$1${REMOVED}`,
  },
  { form: /(snmp-server community[ \t]+)\S+/g, replacement: `$1${REMOVED}` },
  // URLs with a user. Source: RFC 3986 section 3.2.1.
  { form: /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\]+@/gi, replacement: `$1${REMOVED}@` },
  // HTTP. Source: RFC 9110 section 11.
  { form: /\b(Bearer|Basic|Digest)[ \t]+[\w.~+/=-]{6,}/gi, replacement: `$1 ${REMOVED}` },
  // JSON: "DB_PASSWORD":"…", and a number or a word.
  {
    form: new RegExp(String.raw`("${NAME}"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|[\w.+-]+)`, 'gi'),
    replacement: `$1"${REMOVED}"`,
  },
  // JSON as a text within JSON.
  {
    form: new RegExp(String.raw`(\\"${NAME}\\"\s*:\s*)(?:\\"[^"\\]*\\"|[\w.+-]+)`, 'gi'),
    replacement: `$1\\"${REMOVED}\\"`,
  },
  // NAME=value, name: value, --name value; in quotes or not. Behind an escaped quote as well: a text within JSON.
  {
    form: new RegExp(String.raw`(\b${NAME}(?:=|:[ \t]+))(?:\\"[^"\\]*\\"|"[^"\n]*"|'[^'\n]*'|[^\s"',;\\]+)`, 'gi'),
    replacement: `$1${REMOVED}`,
  },
  {
    form: new RegExp(String.raw`(--${NAME}[ \t]+)(?:"[^"\n]*"|'[^'\n]*'|[^\s"',\\]+)`, 'gi'),
    replacement: `$1${REMOVED}`,
  },
  // Tokens that say by their form what they are: GitHub, GitLab, Slack, AWS, JSON Web Tokens (RFC 7519).
  {
    form: /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*)/g,
    replacement: REMOVED,
  },
];

/**
 * The text without what looks like a secret: passwords and keys of routers, values whose name says so, users in URLs, tokens. Names,
 * addresses and everything else stay. Pure.
 */
export function redact(text: string): string {
  return RULES.reduce((rest, { form, replacement }) => rest.replace(form, replacement), text);
}
