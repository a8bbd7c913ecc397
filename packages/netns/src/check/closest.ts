/** The name that was probably meant: one that begins as `word` does, or that is a few letters away. */
export function closest(word: string, names: readonly string[]): string | undefined {
  const wanted = word.slice(0, 40).toLowerCase();
  const isSameStart = (name: string): boolean => name.startsWith(wanted) || wanted.startsWith(name);
  const sameStart = wanted.length < 3 ? undefined : names.find((name) => isSameStart(name.toLowerCase()));
  if (sameStart !== undefined) return sameStart;
  const [best] = names
    .map((name) => ({ name, distance: distance(wanted, name.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance);
  return best !== undefined && best.distance <= Math.max(2, Math.floor(wanted.length / 3)) ? best.name : undefined;
}

/** Letters to insert, to delete or to replace. Source: Levenshtein 1966, one row at a time. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
