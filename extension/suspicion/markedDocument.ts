// What is known of one document: its marks, what was looked at, and what was edited since.
import type { TextDocument } from 'vscode';
import type { OffsetRange, TextChange } from '../text/types';
import { type Mark, worstOf } from './marks';
import { followMarks, followRanges, uncovered } from './markTracking';
import type { Piece } from './scoring';

/** A text of the document that something is found out about. */
interface Taken {
  readonly take: (piece: Piece) => void;
  /** Where ranges of that text stand by now. */
  readonly now: (ranges: readonly OffsetRange[]) => readonly OffsetRange[];
  readonly end: () => void;
}

export class MarkedDocument {
  private found: readonly Mark[] = [];
  private worst: readonly Mark[] | undefined;
  private looked: readonly OffsetRange[] = [];
  /** Of scorings that are under way: changes since each took its text. */
  private readonly behind = new Set<TextChange[]>();

  constructor(
    readonly document: TextDocument,
    /** The person selected what to look at: scrolling adds nothing. */
    readonly isSelection: boolean,
    /** Most marks a screen; 0: all. */
    private readonly most: number,
  ) {}

  /** The worst of what was found, in text order. */
  get marks(): readonly Mark[] {
    this.worst ??= worstOf(this.found, this.most, (offset) => this.document.positionAt(offset).line);
    return this.worst;
  }

  /** How many were found, those that are not shown counted in. */
  get count(): number {
    return this.found.length;
  }

  /** What of the ranges nobody has looked at yet. */
  missing(ranges: readonly OffsetRange[]): readonly OffsetRange[] {
    return ranges.flatMap((range) => uncovered(range, this.looked));
  }

  /** To be called when a scoring takes the text; its pieces go to what this gives back, which `end` closes. */
  begin(): Taken {
    const changes: TextChange[] = [];
    this.behind.add(changes);
    return {
      take: ({ range, marks }) => {
        const fresh = followMarks(marks, changes);
        const [place] = followRanges([range], changes);
        if (place === undefined) return;
        this.worst = undefined;
        this.found = [
          ...this.found.filter(({ start, end }) => end <= place.start || start >= place.end),
          ...fresh,
        ];
        this.looked = [...this.looked, place];
      },
      now: (ranges) => followRanges(ranges, changes),
      end: () => {
        this.behind.delete(changes);
      },
    };
  }

  changed(changes: readonly TextChange[]): void {
    // Those that are shown stay; what is held back does not move up in the place of one that was edited.
    this.found = followMarks(this.found, changes);
    this.worst = this.worst && followMarks(this.worst, changes);
    this.looked = followRanges(this.looked, changes);
    for (const list of this.behind) list.push(...changes);
  }
}
