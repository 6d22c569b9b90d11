// The denoise as it is seen in the editor: masks that resolve where the selection stands. Decorations only; the document
// keeps every character, and taking the decorations away is all there is to undo.
import {
  type DecorationOptions,
  Position,
  Range,
  type TextDocument,
  type TextEditor,
  ThemeColor,
  window,
} from 'vscode';
import { Disposables } from '../../common/disposables';
import { rangeOf } from '../../text/ranges';
import type { Span } from '../state/types';
import { canvasLines, maskedCells, type OldLine, type PlacedRun, placeRuns, type Role } from './layout';
import type { SpanPicture } from './spanFrames';

/** Both are styled against the rule that hides what they stand in. */
const SHOWN = 'none; display: inline !important;';

const LOOKS: Readonly<Record<Role, { color?: string; background?: string; italic?: boolean }>> = {
  masked: { color: 'palimpsest.maskForeground' },
  draft: { color: 'palimpsest.draftForeground', italic: true },
  revealed: { color: 'palimpsest.revealedForeground', background: 'palimpsest.revealedBackground' },
  committed: { color: 'palimpsest.committedForeground' },
  locked: { color: 'palimpsest.lockedForeground' },
};
const ROLES: readonly Role[] = ['masked', 'draft', 'revealed', 'committed', 'locked'];

export class DenoiseView {
  private readonly owned = new Disposables();
  private readonly roles = new Map(
    ROLES.map((role) => {
      const { color, background, italic } = LOOKS[role];
      const type = window.createTextEditorDecorationType({
        before: {
          textDecoration: SHOWN,
          ...(color ? { color: new ThemeColor(color) } : {}),
          ...(background ? { backgroundColor: new ThemeColor(background) } : {}),
          ...(italic ? { fontStyle: 'italic' } : {}),
        },
      });
      return [role, this.owned.add(type)] as const;
    }),
  );
  /** The old text makes room for the canvas; it stays in the document, the undo stack and the clipboard. */
  private readonly rubbedOut = this.owned.add(
    window.createTextEditorDecorationType({ textDecoration: 'none; display: none;' }),
  );
  /** Old text that the canvas has not come to: still to be read, on its way out. */
  private readonly fading = this.owned.add(window.createTextEditorDecorationType({ opacity: '0.4' }));
  private readonly span = this.owned.add(
    window.createTextEditorDecorationType({
      backgroundColor: new ThemeColor('palimpsest.spanBackground'),
      overviewRulerColor: new ThemeColor('palimpsest.maskForeground'),
    }),
  );

  /** Without pictures: the spans are tinted and their text stays, for those who want no motion. */
  show(
    editor: TextEditor,
    spans: readonly Span[],
    pictures: ReadonlyMap<number, SpanPicture> | undefined,
  ): void {
    const { document } = editor;
    const ranges = spans.map((span) => rangeOf(document, span));
    editor.setDecorations(this.span, ranges);
    const tabSize = typeof editor.options.tabSize === 'number' ? editor.options.tabSize : 4;
    const runs =
      pictures === undefined
        ? []
        : spans.flatMap((span, i) => {
            const { cells, fresh } = pictures.get(i) ?? { cells: maskedCells(span.old), fresh: new Set() };
            const range = ranges[i];
            if (range === undefined) return [];
            return placeRuns(oldLines(document, range), canvasLines(cells, fresh, tabSize));
          });
    for (const [role, type] of this.roles) {
      editor.setDecorations(type, runs.filter((run) => run.role === role).map(decorationOf));
    }
    // Piece by piece: what stands at the border of two hidden pieces is not hidden with them.
    const hidden = runs.filter((run) => run.end > run.start).map(lineRangeOf);
    editor.setDecorations(this.rubbedOut, hidden);
    const written = new Set(runs.map(({ line }) => line));
    const rest = ranges
      .flatMap((range) => oldLines(document, range))
      .filter(({ line }) => !written.has(line));
    editor.setDecorations(this.fading, pictures === undefined ? [] : rest.map(lineRangeOf));
  }

  clear(editor: TextEditor): void {
    for (const type of [...this.roles.values(), this.rubbedOut, this.fading, this.span])
      editor.setDecorations(type, []);
  }

  dispose(): void {
    this.owned.dispose();
  }
}

function oldLines(document: TextDocument, range: Range): readonly OldLine[] {
  const lines: OldLine[] = [];
  for (let line = range.start.line; line <= range.end.line; line++) {
    lines.push({
      line,
      start: line === range.start.line ? range.start.character : 0,
      end: line === range.end.line ? range.end.character : document.lineAt(line).text.length,
    });
  }
  return lines;
}

function lineRangeOf({ line, start, end }: OldLine): Range {
  return new Range(new Position(line, start), new Position(line, end));
}

function decorationOf(run: PlacedRun): DecorationOptions {
  return { range: lineRangeOf(run), renderOptions: { before: { contentText: run.text } } };
}
