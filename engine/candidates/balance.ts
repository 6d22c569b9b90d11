// Whether a bracket is one too many can only be judged by what it pairs with; this counts what does not pair, in any
// language whose brackets and quotes look like everyone's.

const OPENERS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/**
 * Brackets without a partner plus quotes without an end. Only differences between two readings of the same
 * surroundings mean anything: what a language does its own way counts the same in both.
 * A quote between letters is an apostrophe; ' and " end on their line, ` and tripled quotes where they like.
 */
export function imbalance(text: string): number {
  const { open, lonely } = unpairedIn(text);
  return lonely + open;
}

/** Whether a bracket or a string of several lines has begun and not ended. Comments to the end of a line say nothing about it. */
export function isOpenAtEnd(text: string): boolean {
  return openAtEnd(text) > 0;
}

/** How many of them there are. */
export function openAtEnd(text: string): number {
  const { open, isInString } = unpairedIn(text, COMMENT);
  return open + Number(isInString);
}

/** Offset of the first closing bracket whose opener is not in the text; undefined: there is none. */
export function lonelyCloser(text: string): number | undefined {
  return unpairedIn(text, COMMENT).firstLonely;
}

/** Of the languages that most code is written in; without a blank on both sides it may be an operator, a color, or an address. */
const COMMENT = /(?<=^|\s)(#|\/\/)(?=\s)[^\n]*/my;

/** `open`: brackets that may still find a partner. `lonely`: those that lack an opener, and quotes without an end. */
function unpairedIn(text: string, comment?: RegExp) {
  const open: string[] = [];
  let lonely = 0;
  let isInString = false;
  let firstLonely: number | undefined;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (comment && (character === '#' || character === '/')) {
      comment.lastIndex = i;
      i += Math.max(0, (comment.exec(text)?.[0].length ?? 0) - 1);
    } else if (character === '\\') {
      i++;
    } else if (character === '"' || character === "'" || character === '`') {
      if (character === "'" && isLetter(text.charAt(i - 1)) && isLetter(text.charAt(i + 1))) continue;
      const end = stringEnd(text, i);
      if (end !== undefined) {
        i = end - 1;
        continue;
      }
      lonely++;
      isInString ||= character === '`' || text.startsWith(character.repeat(3), i);
    } else if ('([{'.includes(character)) {
      open.push(character);
    } else if (OPENERS[character] !== undefined) {
      // Openers in between have lost their closer; the bracket pairs with the nearest of its own kind.
      const partner = open.lastIndexOf(OPENERS[character]);
      if (partner < 0) {
        lonely++;
        firstLonely ??= i;
      } else lonely += open.splice(partner).length - 1;
    }
  }
  return { open: open.length, lonely, isInString, firstLonely };
}

/** Offset behind the string that opens at `start`, undefined if it has no end. */
function stringEnd(text: string, start: number): number | undefined {
  const quote = text.charAt(start);
  const tripled = quote.repeat(3);
  if (quote !== '`' && text.startsWith(tripled, start)) {
    const end = text.indexOf(tripled, start + 3);
    return end < 0 ? undefined : end + 3;
  }
  for (let i = start + 1; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '\\') i++;
    else if (character === quote) return i + 1;
    else if (quote !== '`' && (character === '\n' || character === '\r')) return undefined;
  }
  return undefined;
}

function isLetter(character: string): boolean {
  return /^\p{L}$/u.test(character);
}
