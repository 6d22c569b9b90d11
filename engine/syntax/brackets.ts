// Where no grammar reads a language, brackets tell a little: a piece that left its surroundings balanced must go on to.

const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/**
 * What a piece of text leaves over when its own brackets are paired: closers that open outside, then openers that close
 * outside. Two pieces with the same rest fit the same surroundings. Quotes are not looked at: each language has its own.
 */
export function bracketRest(text: string): string {
  const rest: string[] = [];
  for (const character of text) {
    const opener = PAIRS[character];
    if (opener !== undefined && rest.at(-1) === opener) rest.pop();
    else if (opener !== undefined || '([{'.includes(character)) rest.push(character);
  }
  return rest.join('');
}
