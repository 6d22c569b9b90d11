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
  readonly answer: T;
  /** Undefined: no server looked at it. */
  readonly verdict: Verdict | undefined;
}

/**
 * The answers that are worth showing, best first: those that a server found good; where none looked, all. What it found
 * no better is left out: a fix that is known not to fix is none.
 */
export function worthShowing<T>(checked: readonly Checked<T>[]): readonly Checked<T>[] {
  const rankOf = ({ verdict }: Checked<T>) => (verdict === 'gone' ? 0 : verdict === undefined ? 1 : 2);
  return checked.filter((one) => rankOf(one) < 2).sort((a, b) => rankOf(a) - rankOf(b));
}

/** One line of a menu. */
export function shortened(message: string, most = 60): string {
  const line = (splitLines(message).find((one) => one.trim() !== '') ?? '').trim();
  const characters = [...line];
  return characters.length <= most
    ? line
    : `${characters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`;
}
