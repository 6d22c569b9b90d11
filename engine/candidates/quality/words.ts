// A text as words and signs: what repeats itself, what is gone and which names are new is counted in these, not in tokens
// of some vocabulary.

const UNIT = /[\p{L}\p{N}_$]+|[^\s\p{L}\p{N}_$]/gu;
const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/** Words and single signs in their order; blanks and line ends are none. */
export function unitsOf(text: string): readonly string[] {
  return text.match(UNIT) ?? [];
}

export function isName(unit: string): boolean {
  return NAME.test(unit);
}

const QUOTED = /("""|''')[\s\S]*?\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
const COMMENT = /\/\*[\s\S]*?\*\/|(?:^|[\s;{}()])(?:#|\/\/|--)[^\n]*/g;

/** The text without strings and comments, as far as they look like everyone's. */
export function withoutProse(text: string): string {
  return text.replace(QUOTED, '""').replace(COMMENT, ' ');
}
