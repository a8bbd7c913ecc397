/**
 * Whether a word where an address or a container may stand is meant as an address. Pure.
 *
 * No container can have a colon or a slash in its name; one of digits and dots is improbable, and a mistyped address not.
 */
export function isMeantAsAddress(text: string): boolean {
  return /[:/]|^[\d.]*\.[\d.]*$/.test(text);
}
