// The cells of a hole as they stand in the text. A token can begin in front of its span, with a blank that the text keeps: whoever shows
// the cells in the span's place would show it twice.
import type { CellEvent } from '../protocol';

/** `kept`: what the first tokens have in front of the span. Cells keep their number and their order. */
export function withoutKept(cells: readonly CellEvent[], kept: string): readonly CellEvent[] {
  let rest = kept;
  return cells.map((cell) => {
    const { text, state } = cell;
    if (rest === '') return cell;
    const isLonger = text.startsWith(rest);
    // A mask stands for all of its token. Of another beginning than the one that stands there, nobody knows where the span begins.
    if (state === 'masked' || (!isLonger && !rest.startsWith(text))) {
      rest = '';
      return cell;
    }
    const shown = isLonger ? text.slice(rest.length) : '';
    rest = isLonger ? '' : rest.slice(text.length);
    return { ...cell, text: shown };
  });
}
