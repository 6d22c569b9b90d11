// What a language server says of two versions of a text, and what follows for a rewrite. Pure.
import { splitLines } from '../text/lineEnds';

/** A diagnostic without its place: an edit moves places. */
export interface Problem {
  readonly message: string;
  readonly code: string;
  /** 0 error … 3 hint, as VS Code counts. */
  readonly severity: number;
}

export type Verdict =
  /** Gone, and nothing as bad has come. */
  | 'gone'
  | 'still'
  /** Gone, and another one at least as bad has come. */
  | 'traded';

/** `code` as VS Code gives it: a string, a number, or either with an address. */
export function codeOf(code: unknown): string {
  if (typeof code === 'object' && code !== null && 'value' in code) return String(code.value);
  return code === undefined || code === null ? '' : String(code);
}

function keyOf({ message, code }: Problem): string {
  return JSON.stringify([code, message]);
}

export function countOf(problem: Problem, all: readonly Problem[]): number {
  const key = keyOf(problem);
  return all.filter((other) => keyOf(other) === key).length;
}

/** `before`: of a copy of the old text, where the problem is one of them. */
export function verdictOf(target: Problem, before: readonly Problem[], after: readonly Problem[]): Verdict {
  if (countOf(target, after) >= countOf(target, before)) return 'still';
  const isNew = (problem: Problem) =>
    problem.severity <= target.severity && countOf(problem, after) > countOf(problem, before);
  return after.some(isNew) ? 'traded' : 'gone';
}

export interface Checked<T> {
  readonly candidate: T;
  /** Undefined: no server looked at it. */
  readonly verdict: Verdict | undefined;
}

/** `unchecked`: there were candidates, and no server looked at any of them. */
export type Sifting<T> =
  | { readonly kind: 'fixes'; readonly candidates: readonly T[] }
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'none' };

/** Only what a server found good is a fix; what nobody looked at is as likely none. In the order given. */
export function fixesAmong<T>(checked: readonly Checked<T>[]): Sifting<T> {
  const candidates = checked.filter(({ verdict }) => verdict === 'gone').map(({ candidate }) => candidate);
  if (candidates.length > 0) return { kind: 'fixes', candidates };
  const wasSeen = checked.some(({ verdict }) => verdict !== undefined);
  return { kind: checked.length > 0 && !wasSeen ? 'unchecked' : 'none' };
}

/** Characters of a message, and of the text that it is about, that a model is told. */
const MOST_OF_MESSAGE = 600;
const MOST_OF_TEXT = 80;

/** What a model that takes instructions is told of a problem; `pointedAt`: the text that it is about. */
export function instructionFor(message: string, pointedAt: string): string {
  const said = splitLines(message)
    .map((line) => line.trim())
    .join(' ')
    .trim()
    .slice(0, MOST_OF_MESSAGE);
  const text = pointedAt.trim();
  const isShort = text !== '' && text.length <= MOST_OF_TEXT && splitLines(text).length === 1;
  return `Fix this problem${isShort ? ` at \`${text}\`` : ''}: ${said}`;
}
