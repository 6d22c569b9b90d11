// Texts and numbers in Markdown. The texts come from a model: nothing in them may become markup. Pure.
import { LINE_ENDS } from '../text/lineEnds';

export function percent(probability: number): string {
  const value = 100 * probability;
  // From 9.5 on one digit is not enough: `toPrecision(1)` would write 1e+1.
  if (value >= 9.5) return `${Math.round(value)}%`;
  if (value >= 0.01) return `${value.toPrecision(1).replace(/e.*$/, '')}%`;
  return '< 0.01%';
}

/** White space as signs, so that it can be seen. */
export function visible(text: string): string {
  return text
    .replace(LINE_ENDS, '↵')
    .replace(/\t/g, '⇥')
    .replace(/^ +| +$/g, (blanks) => '␣'.repeat(blanks.length));
}

/** A code span of a table cell, whatever the text is. */
export function cellSpan(text: string): string {
  return codeSpan(text.replace(/\|/g, '\\|'));
}

/** A code span, whatever the text is. */
export function codeSpan(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}
