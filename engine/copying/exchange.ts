// Names of one place that stand for names of another: `width` there is `height` here, so `minWidth` there is `minHeight`.

/** Words and parts of words that were seen to stand for each other. */
export class Exchange {
  constructor(
    private readonly words = new Map<string, string>(),
    /** In lower case. */
    private readonly parts = new Map<string, string>(),
  ) {}

  copy(): Exchange {
    return new Exchange(new Map(this.words), new Map(this.parts));
  }

  knows(theirs: string): boolean {
    return this.words.has(theirs);
  }

  /** Takes in one pair more; false, with nothing taken in, where it contradicts what is known. */
  learn(theirs: string, ours: string): boolean {
    const known = this.words.get(theirs);
    if (known !== undefined) return known === ours;
    this.words.set(theirs, ours);
    if (theirs === ours) return true;
    const [theirPart, ourPart] = whatDiffers(partsOf(theirs), partsOf(ours));
    if (theirPart.length >= LEAST_PART && ourPart !== '') this.parts.set(theirPart.toLowerCase(), ourPart);
    return true;
  }

  /** What stands here for a word there. */
  word(theirs: string): string {
    const whole = this.words.get(theirs);
    if (whole !== undefined) return whole;
    for (const [part, ours] of this.parts) {
      const at = theirs.toLowerCase().indexOf(part);
      if (at < 0) continue;
      const end = at + part.length;
      return theirs.slice(0, at) + inCaseOf(theirs.slice(at, end), ours) + theirs.slice(end);
    }
    return theirs;
  }

  text(theirs: string): string {
    return theirs.replace(WORDS, (word) => this.word(word));
  }
}

/** Characters that a part of a word has at least, to be exchanged within other words. */
const LEAST_PART = 2;
const WORDS = /[\p{L}\p{N}_$]+/gu;
const PARTS = /\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{N}+|./gsu;

/** `maxItems_2` → max, Items, _, 2. */
function partsOf(word: string): readonly string[] {
  return word.match(PARTS) ?? [word];
}

/** The middles of two words, without the parts that both begin and end with. */
function whatDiffers(a: readonly string[], b: readonly string[]): [string, string] {
  let front = 0;
  while (front < a.length && front < b.length && a[front] === b[front]) front++;
  let back = 0;
  while (back < Math.min(a.length, b.length) - front && a[a.length - 1 - back] === b[b.length - 1 - back])
    back++;
  return [a.slice(front, a.length - back).join(''), b.slice(front, b.length - back).join('')];
}

/** `height` where `Width` stood is `Height`, where `WIDTH` stood `HEIGHT`. */
function inCaseOf(model: string, word: string): string {
  const first = model.charAt(0);
  if (model.length > 1 && model === model.toUpperCase() && model !== model.toLowerCase())
    return word.toUpperCase();
  const head = first === first.toLowerCase() ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase();
  return head + word.slice(1);
}
