// Whatever a person, a formatter or another extension does to the document while a rewrite denoises or is reviewed: not
// one byte differs from the old text with their edits, or the accepted one with their edits.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, afterEach, before, describe, it } from 'mocha';
import {
  commands,
  languages,
  Position,
  Range,
  Selection,
  type TextDocument,
  TextEdit,
  type TextEditor,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import {
  closeEverything,
  configure,
  denoised,
  FIRST,
  fingerprint,
  GIBBERISH,
  LAST,
  LONG_TEXT,
  openFile,
  reviewOf,
  select,
  startRewrite,
  until,
  useScriptedEngine,
  whileDenoising,
} from './host';

const TEXT = LONG_TEXT;

const run = (name: string) => commands.executeCommand(`palimpsest.${name}`);

async function edited(change: (edit: WorkspaceEdit) => void): Promise<void> {
  const edit = new WorkspaceEdit();
  change(edit);
  assert.equal(await workspace.applyEdit(edit), true);
}

/** The text with the rewrite that stands under review in its place. */
function withAnswer(text: string, rewrite: Rewrite): string {
  const { review } = rewrite;
  assert.ok(review, 'there is a review');
  const texts = review.candidates[review.index]?.texts ?? [];
  let whole = text;
  for (const [i, span] of [...review.spans.entries()].reverse()) {
    whole = whole.slice(0, span.start) + (texts[i] ?? '') + whole.slice(span.end);
  }
  return whole;
}

function withoutLine(text: string, line: number): string {
  return text.split('\n').toSpliced(line, 1).join('\n');
}

function withLine(text: string, line: number, added: string): string {
  return text.split('\n').toSpliced(line, 0, added).join('\n');
}

async function accepted(rewrite: Rewrite): Promise<void> {
  await run('acceptRewrite');
  await until(() => rewrite.ending, 'the end of the rewrite');
  assert.equal(rewrite.ending, 'accepted');
  // A diff editor that is closing would take the next command.
  await window.showTextDocument(rewrite.document);
}

async function reviewed(rewrite: Rewrite): Promise<void> {
  await denoised(rewrite);
  assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
}

let count = 0;
async function open(text = TEXT): Promise<TextEditor> {
  const editor = await openFile(`document${++count}.limiter`, text);
  await select(editor, [FIRST, LAST]);
  return editor;
}

describe('documents', () => {
  useScriptedEngine();
  before(() => configure('ghostText.enabled', false));
  afterEach(async () => {
    await run('cancelRewrite');
    await run('rejectRewrite');
    await closeEverything();
  });
  after(() => configure('ghostText.enabled', undefined));

  describe('while it denoises', () => {
    it('an edit in the span ends the rewrite and stays', async () => {
      const editor = await open();
      const at = new Position(FIRST + 2, 8);
      const rewrite = await whileDenoising(
        async () => {
          await select(editor, [FIRST, LAST]);
          return startRewrite(editor);
        },
        async (one) => {
          await editor.edit((edit) => edit.insert(at, 'typed'));
          assert.equal(one.ending, 'conflict');
        },
      );
      assert.equal(rewrite.ending, 'conflict');
      const offset = editor.document.offsetAt(at);
      assert.equal(editor.document.getText(), `${TEXT.slice(0, offset)}typed${TEXT.slice(offset)}`);
      await commands.executeCommand('undo');
      assert.equal(editor.document.getText(), TEXT);
      assert.equal(editor.document.isDirty, false);
    });

    for (const [where, change, expected] of [
      ['before', new Position(0, 0), `# typed\n${TEXT}`],
      ['behind', new Position(LAST + 1, 0), withLine(TEXT, LAST + 1, '# typed')],
    ] as const) {
      it(`an edit ${where} the span moves it, and accepting keeps both`, async () => {
        const editor = await open();
        const rewrite = await whileDenoising(
          async () => {
            await select(editor, [FIRST, LAST]);
            return startRewrite(editor);
          },
          () => editor.edit((edit) => edit.insert(change, '# typed\n')),
        );
        await reviewed(rewrite);
        assert.equal(editor.document.getText(), expected);
        const wanted = withAnswer(expected, rewrite);
        await accepted(rewrite);
        assert.equal(editor.document.getText(), wanted);
        await commands.executeCommand('undo');
        assert.equal(editor.document.getText(), expected);
        await commands.executeCommand('undo');
        assert.equal(editor.document.getText(), TEXT);
      });
    }

    it('an edit of another extension before the span moves it', async () => {
      const editor = await open();
      const { document } = editor;
      const begin = () => startRewrite(editor);
      const firstLine = new Range(0, 0, 0, TEXT.indexOf('\n'));
      const moved = await whileDenoising(begin, () =>
        edited((edit) => edit.replace(document.uri, firstLine, '// Another one')),
      );
      const text = TEXT.replace(/^.*/, '// Another one');
      await reviewed(moved);
      const wanted = withAnswer(text, moved);
      await accepted(moved);
      assert.equal(document.getText(), wanted);
      await commands.executeCommand('undo');
      assert.equal(document.getText(), text);
    });

    it('an edit of another extension in the span ends it', async () => {
      const editor = await open();
      const { document } = editor;
      const rewrite = await whileDenoising(
        () => startRewrite(editor),
        () => edited((edit) => edit.delete(document.uri, new Range(FIRST + 1, 0, FIRST + 2, 0))),
      );
      await until(() => rewrite.ending, 'the end of the rewrite');
      assert.equal(rewrite.ending, 'conflict');
      assert.equal(document.getText(), withoutLine(TEXT, FIRST + 1));
    });

    it('an edit of another file, and looking at it, leave the rewrite alone', async () => {
      const editor = await open();
      const untouched = fingerprint(editor.document);
      const rewrite = await whileDenoising(
        async () => {
          await window.showTextDocument(editor.document);
          await select(editor, [FIRST, LAST]);
          return startRewrite(editor);
        },
        async () => {
          const other = await openFile('other.py', 'x = 1\n');
          await other.edit((edit) => edit.insert(new Position(0, 0), '# typed\n'));
        },
      );
      await reviewed(rewrite);
      assert.deepEqual(fingerprint(editor.document), untouched);
      const shown = await window.showTextDocument(editor.document);
      await accepted(rewrite);
      await window.showTextDocument(shown.document);
      await commands.executeCommand('undo');
      assert.equal(editor.document.getText(), TEXT);
    });

    it('closing the file ends it; the file is as it was', async () => {
      const editor = await open();
      const { uri } = editor.document;
      const rewrite = await whileDenoising(
        async () => {
          await select(editor, [FIRST, LAST]);
          return startRewrite(editor);
        },
        () => commands.executeCommand('workbench.action.closeActiveEditor'),
      );
      await denoised(rewrite);
      await until(() => rewrite.ending === 'closed' || rewrite.kind === 'reviewing', 'an end or a review');
      assert.equal(fs.readFileSync(uri.fsPath, 'utf8'), TEXT);
      const again = await workspace.openTextDocument(uri);
      assert.equal(again.getText(), TEXT);
      assert.equal(again.isDirty, false);
    });

    it('going back in time (undo, redo) is an edit like any other', async () => {
      const editor = await open();
      await editor.edit((edit) => edit.insert(new Position(0, 0), '# one\n'));
      await select(editor, [FIRST + 1, LAST + 1]);
      const rewrite = await whileDenoising(
        async () => {
          await select(editor, [FIRST + 1, LAST + 1]);
          return startRewrite(editor);
        },
        async () => {
          await commands.executeCommand('undo');
          assert.equal(editor.document.getText(), TEXT);
          await commands.executeCommand('redo');
          await commands.executeCommand('undo');
        },
      );
      await reviewed(rewrite);
      assert.equal(editor.document.getText(), TEXT);
      const wanted = withAnswer(TEXT, rewrite);
      await accepted(rewrite);
      assert.equal(editor.document.getText(), wanted);
    });
  });

  describe('with a formatter on save', () => {
    /** Formats as they do: many small edits, some of them outside of the span. */
    let formatted: (document: TextDocument) => TextEdit[] = () => [];
    const provider = languages.registerDocumentFormattingEditProvider(
      { pattern: '**/*.python-like' },
      { provideDocumentFormattingEdits: (document) => formatted(document) },
    );
    before(async () => {
      await workspace.getConfiguration('editor').update('formatOnSave', true, true);
    });
    after(async () => {
      await workspace.getConfiguration('editor').update('formatOnSave', undefined, true);
      provider.dispose();
    });

    async function begun(name: string): Promise<TextEditor> {
      const editor = await openFile(name, TEXT);
      await select(editor, [FIRST, LAST]);
      return editor;
    }

    it('saving with edits elsewhere keeps the rewrite, accepted behind it', async () => {
      formatted = (document) => [
        TextEdit.insert(new Position(0, 0), '# formatted\n'),
        TextEdit.insert(document.lineAt(document.lineCount - 1).range.end, '# formatted too\n'),
      ];
      const editor = await begun('saved.python-like');
      const { document } = editor;
      const rewrite = await whileDenoising(
        async () => {
          await select(editor, [FIRST, LAST]);
          return startRewrite(editor);
        },
        async () => {
          await editor.edit((edit) => edit.insert(new Position(0, 0), '# typed\n'));
          assert.equal(await document.save(), true);
        },
      );
      const text = `# formatted\n# typed\n${TEXT}# formatted too\n`;
      assert.equal(document.getText(), text);
      assert.equal(fs.readFileSync(document.uri.fsPath, 'utf8'), text);
      await reviewed(rewrite);
      const wanted = withAnswer(text, rewrite);
      await accepted(rewrite);
      assert.equal(document.getText(), wanted);
    });

    it('saving with edits in the span ends the rewrite, and what is on the disk is the old text, formatted', async () => {
      formatted = () => [TextEdit.replace(new Range(FIRST + 3, 0, FIRST + 3, 2), '\t')];
      const editor = await begun('saved2.python-like');
      const { document } = editor;
      const rewrite = await whileDenoising(
        async () => {
          await select(editor, [FIRST, LAST]);
          return startRewrite(editor);
        },
        async () => {
          await editor.edit((edit) => edit.insert(new Position(0, 0), ' '));
          assert.equal(await document.save(), true);
        },
      );
      assert.equal(rewrite.ending, 'conflict');
      const lines = ` ${TEXT}`.split('\n');
      lines[FIRST + 3] = lines[FIRST + 3]?.replace('  ', '\t') ?? '';
      assert.equal(fs.readFileSync(document.uri.fsPath, 'utf8'), lines.join('\n'));
      assert.equal(document.getText(), lines.join('\n'));
    });

    it('saving under review writes the old text and nothing of the answer', async () => {
      formatted = () => [];
      const editor = await begun('saved3.python-like');
      const rewrite = await reviewOf(editor);
      assert.equal(await editor.document.save(), true);
      assert.equal(fs.readFileSync(editor.document.uri.fsPath, 'utf8'), TEXT);
      assert.equal(rewrite.kind, 'reviewing');
    });
  });

  describe('encodings and line ends', () => {
    for (const [what, text] of [
      ['CRLF', TEXT.replaceAll('\n', '\r\n')],
      ['a byte order mark', `\ufeff${TEXT}`],
      ['CRLF and a byte order mark', `\ufeff${TEXT.replaceAll('\n', '\r\n')}`],
      ['tabs', TEXT.replaceAll('  ', '\t')],
      ['CJK, emoji and combining characters', TEXT.replaceAll('Milliseconds', '変数👩‍👩‍👧é🇩🇪𝒳')],
      ['no newline at its end', TEXT.slice(0, -1)],
    ] as const) {
      it(`a file with ${what}: rejected, accepted, undone and saved, byte for byte`, async () => {
        const name = `encoding${++count}.limiter`;
        const [folder] = workspace.workspaceFolders ?? [];
        assert.ok(folder);
        const uri = Uri.joinPath(folder.uri, name);
        fs.writeFileSync(uri.fsPath, text);
        const editor = await window.showTextDocument(await workspace.openTextDocument(uri), {
          preview: false,
        });
        const { document } = editor;
        const old = document.getText();
        const untouched = fingerprint(document);
        const newline = text.includes('\r\n') ? '\r\n' : '\n';

        await select(editor, [FIRST, LAST]);
        await reviewOf(editor);
        await run('rejectRewrite');
        assert.deepEqual(fingerprint(document), untouched);

        await select(editor, [FIRST, LAST]);
        const rewrite = await reviewOf(editor);
        const wanted = withAnswer(old, rewrite);
        await accepted(rewrite);
        assert.equal(document.getText(), wanted);
        assert.equal(await document.save(), true);
        const bytes = fs.readFileSync(uri.fsPath, 'utf8');
        assert.equal(bytes.replace('\ufeff', ''), wanted);
        assert.equal(bytes.startsWith('\ufeff'), text.startsWith('\ufeff'));
        assert.equal(bytes.split(/\r\n|\r|\n/).join(newline), bytes, 'no line end of another kind');

        await commands.executeCommand('undo');
        assert.equal(document.getText(), old);
        await document.save();
        assert.equal(fs.readFileSync(uri.fsPath, 'utf8'), text);
        await commands.executeCommand('redo');
        assert.equal(document.getText(), wanted);
        await commands.executeCommand('undo');
        assert.equal(document.getText(), old);
      });
    }
  });

  describe('selections', () => {
    it('the whole file is rewritten, undone, and never lost', async () => {
      const text = `def f():\n    ${GIBBERISH}\n    return 1\n`;
      const editor = await openFile('whole.py', text);
      await commands.executeCommand('editor.action.selectAll');
      const rewrite = await reviewOf(editor);
      const wanted = withAnswer(text, rewrite);
      assert.equal(editor.document.getText(), text);
      await accepted(rewrite);
      assert.equal(editor.document.getText(), wanted);
      await commands.executeCommand('undo');
      assert.equal(editor.document.getText(), text);
    });

    it('overlapping ones become one, in any order and direction', async () => {
      const editor = await open();
      editor.selections = [
        new Selection(6, 4, 8, 20),
        new Selection(4, 8, 6, 12),
        new Selection(14, 0, 12, 0),
      ];
      const rewrite = await reviewOf(editor);
      const spans = rewrite.review?.spans ?? [];
      assert.equal(spans.length, 2);
      for (const [i, span] of spans.entries()) {
        assert.ok(span.start < span.end);
        assert.equal(span.old, TEXT.slice(span.start, span.end));
        assert.ok(i === 0 || span.start >= (spans[i - 1]?.end ?? 0));
      }
      const wanted = withAnswer(TEXT, rewrite);
      await accepted(rewrite);
      assert.equal(editor.document.getText(), wanted);
      await commands.executeCommand('undo');
      assert.equal(editor.document.getText(), TEXT);
    });

    it('several, with an edit between them while it denoises', async () => {
      const editor = await open();
      const begin = async () => {
        await select(editor, [5, 20], [27, 50]);
        return startRewrite(editor);
      };
      const rewrite = await whileDenoising(begin, () =>
        editor.edit((edit) => edit.insert(new Position(23, 0), '// typed\n')),
      );
      const moved = withLine(TEXT, 23, '// typed');
      assert.equal(editor.document.getText(), moved);
      await reviewed(rewrite);
      assert.equal(rewrite.review?.spans.length, 2);
      const wanted = withAnswer(moved, rewrite);
      await accepted(rewrite);
      assert.equal(editor.document.getText(), wanted);
      await commands.executeCommand('undo');
      assert.equal(editor.document.getText(), moved);
    });
  });
});
