// What is wrong with a candidate as far as its text tells: likelihood alone ranks a loop first and an empty answer second.
// Pure. Whether it parses is for those to say who have a grammar (engine/syntax).
import type { Span } from '../../canvas/types';
import { DEFAULT_GATE, type Flaw } from '../../protocol';
import { imbalance } from '../balance';
import { doublesLine } from './doubled';
import { hasNames, isStyleSheet } from './languages';
import { repetition } from './loops';
import { nameCount, namesIn, unknownNames, unknownVariables } from './names';
import { type Joined, joinedAnswer } from './torn';
import { isName, unitsOf, withoutProse } from './words';

/** Of fewer words and signs than this, any part may go. */
const FEWEST = 12;
/** Parts of what stood there, in words and signs, by which an answer is shorter. */
const MOST_GONE = 0.7;
const MUCH_GONE = 0.5;
/** Lines from which on an answer that keeps hardly a name of what stood there is another text, not a rewrite. */
const SEVERAL_LINES = 4;
const LEAST_KEPT = 0.2;
/** Part of the names from which on unknown ones are a flaw. */
const MANY_UNKNOWN = 1 / 3;
/** UTF-16 units on each side in which names and repetitions are looked for, and those whose brackets are. */
const REACH = 100_000;
const BRACKET_REACH = 4000;

/** Looks at all candidates of one request; what stands around the spans is read once, and only when it is needed. */
export class FlawFinder {
  private readonly from: number;
  private readonly to: number;
  private known: ReadonlySet<string> | undefined;

  /**
   * `spans` in text order, apart from each other; `gate`: 0…1, the confidence below which an answer is improbable, the same
   * as that of ghost text (docs/copying.md); `language`: an id of VS Code's, where it is known.
   */
  constructor(
    private readonly text: string,
    private readonly spans: readonly Span[],
    private readonly gate = DEFAULT_GATE,
    private readonly language?: string,
  ) {
    this.from = Math.max(0, (spans[0]?.start ?? 0) - REACH);
    this.to = Math.min(text.length, (spans.at(-1)?.end ?? 0) + REACH);
  }

  /**
   * Gravest first. `texts`: the new text of each span; `confidence`: 0…1, where it is known; `isCut`: whether one of them
   * breaks off.
   */
  flawsOf(texts: readonly string[], confidence?: number, isCut = false): readonly Flaw[] {
    const found = new Set<Flaw>(isCut ? ['unfinished'] : []);
    for (const [i, { start, end }] of this.spans.entries()) {
      const old = this.text.slice(start, end);
      const text = texts[i] ?? old;
      if (old === text) continue;
      const repeated = repetition(text, old, () => this.around());
      if (repeated !== undefined) found.add(repeated);
      else if (this.spans.length === 1 && doublesLine(this.text, { start, end }, text)) found.add('repeats');
      const gone = deletion(old, text);
      if (gone !== undefined) found.add(gone);
      this.known ??= namesIn(this.text.slice(this.from, this.to));
      if (this.isStrange(joinedAnswer(this.text, { start, end }, text), this.known))
        found.add('unknown-names');
    }
    if (this.isUnbalanced(texts)) found.add('unbalanced');
    if (confidence !== undefined && confidence < this.gate) found.add('improbable');
    return ORDER.filter((flaw) => found.has(flaw));
  }

  /** Whether many of its names are new, or a word that is only partly its own. */
  private isStrange({ answer, words }: Joined, known: ReadonlySet<string>): boolean {
    if (!hasNames(this.language)) return false;
    if (isStyleSheet(this.language)) return unknownVariables(answer, this.around()).length > 0;
    const unknown = unknownNames(answer, known).length;
    if (unknown > 0 && unknown >= MANY_UNKNOWN * nameCount(answer)) return true;
    return words.some((word) => unknownNames(word, known).length > 0);
  }

  private isUnbalanced(texts: readonly string[]): boolean {
    const { text, spans } = this;
    const [first, last] = [spans[0], spans.at(-1)];
    if (first === undefined || last === undefined) return false;
    const from = text.lastIndexOf('\n', Math.max(0, first.start - BRACKET_REACH)) + 1;
    const to = Math.min(text.length, last.end + BRACKET_REACH);
    const after = this.around(texts, from, to);
    return imbalance(after) > imbalance(text.slice(from, to));
  }

  /** With `texts` in the spans; without them a line feed in each. */
  private around(texts: readonly string[] = [], from = this.from, to = this.to): string {
    let result = '';
    let at = from;
    for (const [i, { start, end }] of this.spans.entries()) {
      result += this.text.slice(at, start) + (texts[i] ?? '\n');
      at = end;
    }
    return result + this.text.slice(at, to);
  }
}

const ORDER: readonly Flaw[] = [
  'unfinished',
  'loops',
  'deletes',
  'unbalanced',
  'repeats',
  'shortens',
  'unknown-names',
  'improbable',
];

/** Where nobody can say whether a candidate parses, these are reason enough not to show it. */
export const GRAVE: ReadonlySet<Flaw> = new Set<Flaw>(['unfinished', 'loops', 'deletes', 'unbalanced']);

function deletion(old: string, text: string): 'deletes' | 'shortens' | undefined {
  const before = unitsOf(old);
  if (before.length < FEWEST) return undefined;
  const after = unitsOf(text);
  const gone = 1 - after.length / before.length;
  if (gone >= MOST_GONE || isAnotherText(old, text)) return 'deletes';
  return gone >= MUCH_GONE ? 'shortens' : undefined;
}

/** Several lines of code of which hardly a name is left, as where a function became a docstring. */
function isAnotherText(old: string, text: string): boolean {
  if (old.trim().split('\n').length < SEVERAL_LINES) return false;
  const names = unitsOf(withoutProse(old)).filter(isName);
  const left = new Map<string, number>();
  for (const unit of unitsOf(withoutProse(text))) left.set(unit, (left.get(unit) ?? 0) + 1);
  let kept = 0;
  for (const name of names) {
    const count = left.get(name) ?? 0;
    if (count > 0) kept++;
    left.set(name, count - 1);
  }
  return names.length > 0 && kept < LEAST_KEPT * names.length;
}
