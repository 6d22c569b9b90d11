// The arguments of the calls in a line, as far as its brackets tell. Pure.
import type { OffsetRange } from '../../text/types';

const OPEN = new Set('([{');
const CLOSED = new Set(')]}');
const QUOTES = new Set('\'"`');
/** What stands in front of the bracket of a call: a name, or what one may end with. */
const CALLED = /[\p{L}\p{N}_$>!\])]$/u;

/** Of each call that is closed in the line, its arguments without the blanks around them; a call without any has none. */
export function callArguments(line: string): readonly (readonly OffsetRange[])[] {
  const calls: (readonly OffsetRange[])[] = [];
  const open: { readonly isCall: boolean; start: number; readonly own: OffsetRange[] }[] = [];
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const sign = line[at] ?? '';
    if (sign === '\\') at++;
    else if (quote !== undefined) quote = sign === quote ? undefined : quote;
    else if (QUOTES.has(sign)) quote = sign;
    else if (OPEN.has(sign)) {
      const isCall = sign === '(' && CALLED.test(line.slice(0, at));
      open.push({ isCall, start: at + 1, own: [] });
    } else if (sign === ',' || CLOSED.has(sign)) {
      const list = open.at(-1);
      if (list === undefined) continue;
      list.own.push(withoutBlanks(line, { start: list.start, end: at }));
      list.start = at + 1;
      if (sign === ',') continue;
      open.pop();
      if (list.isCall && list.own.every(({ start, end }) => end > start)) calls.push(list.own);
    }
  }
  return calls;
}

function withoutBlanks(line: string, { start, end }: OffsetRange): OffsetRange {
  const part = line.slice(start, end);
  return { start: end - part.trimStart().length, end: Math.max(start, start + part.trimEnd().length) };
}
