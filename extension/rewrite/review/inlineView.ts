// The review as it is seen in the editor: what would go is red, what would come is green or ghost text. Only decorations
// and an inline suggestion; nothing is in the document until somebody accepts.
import {
  type DecorationOptions,
  InlineCompletionItem,
  type Position,
  Range,
  type TextDocument,
  type TextEditor,
  type TextEditorDecorationType,
  ThemeColor,
  window,
} from 'vscode';
import { Disposables } from '../../common/disposables';
import { type Hunk, isInLine } from './hunks';
import { KEEPS_SHOWN } from './keptShown';
import { lineChange } from './lineChange';
import { type Sign, signsOf } from './signs';

/** The inline suggestion that shows new lines: it makes its own room below the old ones. */
export interface Ghost {
  readonly anchor: Position;
  /** With the line end in front of it, as it would be inserted at the anchor. */
  readonly text: string;
}

/** Undefined for a hunk that is shown in its lines. */
export function ghostOf(document: TextDocument, hunk: Hunk): Ghost | undefined {
  if (isInLine(hunk)) return undefined;
  // A document may be shorter than what was shown of it a moment ago.
  const line = Math.max(0, Math.min(hunk.endLine, document.lineCount) - 1);
  return { anchor: document.lineAt(line).range.end, text: `\n${hunk.newLines.join('\n')}` };
}

/** `command` runs when the editor itself inserted the suggestion, by its hover bar for instance. */
export function ghostItem({ anchor, text }: Ghost, command: string): InlineCompletionItem {
  return new InlineCompletionItem(text, new Range(anchor, anchor), { command, title: '' });
}

/** Where the cursor has to be for a hunk to be seen. */
export function anchorOf(document: TextDocument, hunk: Hunk): Position {
  const ghost = ghostOf(document, hunk);
  if (ghost !== undefined) return ghost.anchor;
  const [old = ''] = hunk.oldLines;
  const [fresh] = hunk.newLines;
  if (fresh === undefined) return document.lineAt(hunk.startLine).range.end;
  const change = lineChange(hunk.startLine, old, fresh);
  return document.validatePosition(new Range(change.line, change.start, change.line, change.start).start);
}

// High contrast themes have no backgrounds for a diff: lines around it say what they say elsewhere, and take no room.
const REMOVED_OUTLINE = { outline: '1px dashed', outlineColor: new ThemeColor('palimpsest.removedBorder') };
// They stand on red lines: green that lets the red through is brown.
const INSERTED_ON_RED = {
  textDecoration:
    'none; background: linear-gradient(var(--vscode-diffEditor-insertedTextBackground, transparent) 0 100%), var(--vscode-editor-background);',
};
const INSERTED_BORDER = { border: '1px dashed', borderColor: new ThemeColor('palimpsest.insertedBorder') };

export class ReviewView {
  private readonly owned = new Disposables();
  private readonly removedLine = this.owned.add(
    window.createTextEditorDecorationType({
      isWholeLine: true,
      backgroundColor: new ThemeColor('diffEditor.removedLineBackground'),
      ...REMOVED_OUTLINE,
      overviewRulerColor: new ThemeColor('diffEditorOverview.removedForeground'),
    }),
  );
  private readonly removedText = this.owned.add(
    window.createTextEditorDecorationType({
      backgroundColor: new ThemeColor('diffEditor.removedTextBackground'),
      ...REMOVED_OUTLINE,
      textDecoration: 'line-through',
    }),
  );
  private readonly insertedText = this.owned.add(
    window.createTextEditorDecorationType({
      after: { backgroundColor: new ThemeColor('diffEditor.insertedTextBackground'), ...INSERTED_BORDER },
      overviewRulerColor: new ThemeColor('diffEditorOverview.insertedForeground'),
    }),
  );
  /** New lines of hunks that are not open: one ghost text at a time is all that an editor has. */
  private readonly folded = this.owned.add(
    window.createTextEditorDecorationType({
      after: {
        ...INSERTED_ON_RED,
        ...INSERTED_BORDER,
        margin: '0 0 0 2ch',
      },
      overviewRulerColor: new ThemeColor('diffEditorOverview.insertedForeground'),
    }),
  );
  private readonly mark = this.owned.add(
    window.createTextEditorDecorationType({
      after: { margin: '0 0 0 3ch', fontStyle: 'italic', color: new ThemeColor('descriptionForeground') },
    }),
  );
  /** Its height depends on the hunk, so it is made again for each; one in each editor. */
  private readonly tints = new Map<TextEditor, TextEditorDecorationType>();

  /** `open`: the hunk whose new lines the editor shows as ghost text. */
  show(editor: TextEditor, hunks: readonly Hunk[], open: Hunk | undefined): void {
    const { document } = editor;
    const gone: Range[] = [];
    const struck: Range[] = [];
    const come: DecorationOptions[] = [];
    const folded: DecorationOptions[] = [];
    for (const hunk of hunks) {
      const ghost = ghostOf(document, hunk);
      const [old] = hunk.oldLines;
      const [fresh] = hunk.newLines;
      if (ghost !== undefined) {
        if (hunk.oldLines.length > 0) gone.push(linesOf(document, hunk));
        if (hunk !== open) folded.push(...signsOf(hunk).map((sign) => behindLine(document, sign)));
      } else if (old === undefined || fresh === undefined) {
        gone.push(linesOf(document, hunk));
        struck.push(linesOf(document, hunk));
      } else {
        const change = lineChange(hunk.startLine, old, fresh);
        const end = change.start + change.oldText.length;
        const range = new Range(change.line, change.start, change.line, end);
        if (change.oldText !== '') struck.push(range);
        if (change.newText !== '') come.push(insertion(range.end, change.newText));
      }
    }
    editor.setDecorations(this.removedLine, gone);
    editor.setDecorations(this.removedText, struck);
    editor.setDecorations(this.insertedText, come);
    editor.setDecorations(this.folded, folded);
    this.showTint(editor, open);
  }

  /** How good the candidate looks, behind a line; undefined: it is said elsewhere. */
  showMark(editor: TextEditor, line: number | undefined, mark: string | undefined): void {
    const isShown = line !== undefined && mark !== undefined;
    editor.setDecorations(this.mark, isShown ? [behindLine(editor.document, { line, text: mark })] : []);
  }

  clear(editor: TextEditor): void {
    this.showTint(editor, undefined);
    for (const type of [this.removedLine, this.removedText, this.insertedText, this.folded, this.mark])
      editor.setDecorations(type, []);
  }

  dispose(): void {
    for (const tint of this.tints.values()) tint.dispose();
    this.tints.clear();
    this.owned.dispose();
  }

  /**
   * The green behind the ghost text, only while the editor shows it: elsewhere it would lie over other lines, and where nobody
   * can keep it shown there is none.
   */
  private showTint(editor: TextEditor, hunk: Hunk | undefined): void {
    if (!KEEPS_SHOWN) return;
    for (const [other, tint] of this.tints) {
      if (other !== editor && window.visibleTextEditors.includes(other)) continue;
      tint.dispose();
      this.tints.delete(other);
    }
    const ghost = hunk === undefined ? undefined : ghostOf(editor.document, hunk);
    if (hunk === undefined || ghost === undefined) return;
    const height = hunk.newLines.length * 100;
    const tint = window.createTextEditorDecorationType({
      after: {
        contentText: '\u200b',
        textDecoration: `none; position: absolute; left: 0; top: 100%; height: ${height}%; width: 100vw; pointer-events: none; background: var(--vscode-diffEditor-insertedLineBackground);`,
      },
    });
    this.tints.set(editor, tint);
    editor.setDecorations(tint, [new Range(ghost.anchor, ghost.anchor)]);
  }
}

function linesOf(document: TextDocument, { startLine, endLine }: Hunk): Range {
  const last = Math.max(startLine, endLine - 1);
  return new Range(startLine, 0, last, document.lineAt(last).text.length);
}

function insertion(at: Position, text: string): DecorationOptions {
  return {
    range: new Range(at, at),
    renderOptions: { after: { contentText: text.replace(/\t/g, '    ').replace(/ /g, '\u00a0') } },
  };
}

function behindLine(document: TextDocument, { line, text }: Sign): DecorationOptions {
  const { end } = document.lineAt(Math.min(line, document.lineCount - 1)).range;
  const contentText = text.replace(/ /g, '\u00a0');
  return { range: new Range(end, end), renderOptions: { after: { contentText } } };
}
