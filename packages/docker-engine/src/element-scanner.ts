const [QUOTE, COMMA, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [34, 44, 91, 93, 123, 125] as const;

/**
 * Cuts a long JSON text, as it comes, into the texts of its elements and what is left without them. An array is cut into its elements;
 * an object, where a member is named, into the members of that member. Of `[1,2]`, `[]` is left; of `{"a":1,"all":{"b":2,"c":3}}`, cut
 * at `all`, the elements are `"b":2` and `"c":3`, and `{"a":1,"all":{}}` is left. Of anything else, all is left.
 *
 * It looks at strings, brackets and commas only: the text was JSON if the elements and what is left are.
 */
export class ElementScanner {
  /** The end of what comes before the elements; undefined: the array's own bracket. */
  readonly #opening: RegExp | undefined;
  readonly #cutDepth: number;
  #depth = 0;
  #isCutting = false;
  #isInString = false;
  /** How many characters of the next piece belong to a backslash at the end of the last one. */
  #skipped = 0;
  /** The beginning of an element that has not ended, and whether it comes after a comma. */
  #element = '';
  #isAfterComma = false;
  #rest = '';
  /** Those that ended in the piece that is looked at, and where what is not attributed yet begins there. */
  #ended: string[] = [];
  #from = 0;
  /** The first backslash from a place in it that was looked at, or its end. */
  #backslash = -1;

  /** @param member of the object whose members are the elements; absent: the text is an array */
  constructor(member?: string) {
    this.#cutDepth = member === undefined ? 1 : 2;
    if (member !== undefined) this.#opening = new RegExp(`${JSON.stringify(member)}\\s*:\\s*\\{$`);
  }

  /** What is left, once everything has come. */
  get rest(): string {
    return this.#rest;
  }

  /** Takes the next piece of the text; returns the elements that end in it. @throws SyntaxError for an element that is empty */
  push(piece: string): readonly string[] {
    this.#ended = [];
    this.#from = 0;
    this.#backslash = -1;
    let at = this.#skipped;
    while (at < piece.length) at = this.#isInString ? this.#throughString(piece, at) : this.#beyond(piece, at);
    this.#skipped = at - piece.length;
    const last = piece.slice(this.#from);
    if (this.#isCutting) this.#element += last;
    else this.#rest += last;
    return this.#ended;
  }

  /** Returns where the string has ended, or the piece; behind its end: a backslash was the last of it. */
  #throughString(piece: string, start: number): number {
    let at = start;
    while (at < piece.length) {
      if (this.#backslash < at) this.#backslash = indexOrEnd(piece, '\\', at);
      const quote = indexOrEnd(piece, '"', at);
      if (quote <= this.#backslash) {
        this.#isInString = quote === piece.length;
        return Math.min(quote + 1, piece.length);
      }
      at = this.#backslash + 2;
    }
    return at;
  }

  /** Returns the next place after the brackets, commas and others up to the next string. */
  #beyond(piece: string, start: number): number {
    for (let at = start; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (code === QUOTE) {
        this.#isInString = true;
        return at + 1;
      }
      if (code === OPEN_BRACKET || code === OPEN_BRACE) this.#open(piece, at);
      else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) this.#close(piece, at);
      else if (code === COMMA && this.#isAtElements()) this.#end(piece, at);
    }
    return piece.length;
  }

  #open(piece: string, at: number): void {
    this.#depth++;
    if (this.#isCutting || this.#depth !== this.#cutDepth) return;
    this.#rest += piece.slice(this.#from, at + 1);
    this.#from = at + 1;
    this.#isCutting = this.#opening?.test(this.#rest) ?? piece.charCodeAt(at) === OPEN_BRACKET;
  }

  #close(piece: string, at: number): void {
    if (this.#isAtElements()) {
      this.#end(piece, at);
      // The bracket is left.
      this.#from = at;
      this.#isCutting = false;
    }
    this.#depth--;
  }

  /** An element ends before a comma or the last bracket; `[]` has none. */
  #end(piece: string, at: number): void {
    const isLast = piece.charCodeAt(at) !== COMMA;
    const element = this.#element + piece.slice(this.#from, at);
    if (element.trim() !== '') this.#ended.push(element);
    else if (!isLast || this.#isAfterComma) throw new SyntaxError('there is nothing before or after a comma');
    this.#element = '';
    this.#isAfterComma = !isLast;
    this.#from = at + 1;
  }

  #isAtElements(): boolean {
    return this.#isCutting && this.#depth === this.#cutDepth;
  }
}

function indexOrEnd(text: string, sought: string, from: number): number {
  const found = text.indexOf(sought, from);
  return found === -1 ? text.length : found;
}
