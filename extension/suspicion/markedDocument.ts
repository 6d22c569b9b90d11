// What is known of one document: its marks, what was looked at, and what was edited since.
import type { TextDocument } from 'vscode';
import type { OffsetRange, TextChange } from '../text/types';
import type { Mark } from './marks';
import { followMarks, followRanges, uncovered } from './markTracking';
import type { Piece } from './scoring';

export class MarkedDocument {
  marks: readonly Mark[] = [];
  method: Piece['method'] = 'masked';
  private looked: readonly OffsetRange[] = [];
  /** Of scorings that are under way: changes since each took its text. */
  private readonly behind = new Set<TextChange[]>();

  constructor(
    readonly document: TextDocument,
    /** The person selected what to look at: scrolling adds nothing. */
    readonly isSelection: boolean,
  ) {}

  /** What of the ranges nobody has looked at yet. */
  missing(ranges: readonly OffsetRange[]): readonly OffsetRange[] {
    return ranges.flatMap((range) => uncovered(range, this.looked));
  }

  /** To be called when a scoring takes the text; its pieces go to what this gives back, which `end` closes. */
  begin(): { readonly take: (piece: Piece) => void; readonly end: () => void } {
    const changes: TextChange[] = [];
    this.behind.add(changes);
    return {
      take: ({ range, marks, method }) => {
        this.method = method;
        const fresh = followMarks(marks, changes);
        const [place] = followRanges([range], changes);
        if (place === undefined) return;
        this.marks = [
          ...this.marks.filter(({ start, end }) => end <= place.start || start >= place.end),
          ...fresh,
        ];
        this.looked = [...this.looked, place];
      },
      end: () => {
        this.behind.delete(changes);
      },
    };
  }

  changed(changes: readonly TextChange[]): void {
    this.marks = followMarks(this.marks, changes);
    this.looked = followRanges(this.looked, changes);
    for (const list of this.behind) list.push(...changes);
  }
}
