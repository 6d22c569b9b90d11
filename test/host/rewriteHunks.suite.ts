// A review taken apart: hunk by hunk, in each form, with undo between; on answers that are known beforehand.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import {
  type CodeLens,
  ConfigurationTarget,
  commands,
  languages,
  Position,
  Selection,
  TabInputTextDiff,
  type TextDocument,
  type TextEditor,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import { DIFF_SCHEME } from '../../extension/rewrite/review/diffEditor';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import type { Rewrites } from '../../extension/rewrite/rewriteManager';
import {
  announcements,
  closeEverything,
  configure,
  fingerprint,
  internals,
  messages,
  openFile,
  statusMessages,
  undoIn,
  until,
  useScriptedEngine,
} from './host';

const LINES = [
  'one = 1',
  'two = 2',
  'three = 3',
  'four = 4',
  'five = 5',
  'six = 6',
  'seven = 7',
  'eight = 8',
  'nine = 9',
  '',
];
const TEXT = LINES.join('\n');
/** A word in a line, a block of new lines for one, and a line that goes. */
const ANSWER = TEXT.replace('two = 2', 'two = "2"')
  .replace('five = 5', 'if four:\n    five = 4\nelse:\n    five = 5')
  .replace('eight = 8\n', '');

/** What the comment threads of a document are called, and the quality marks beside them, in text order. */
const labelsOf = ({ services }: Rewrites, document: TextDocument) =>
  services.comments.threads(document).map(({ label }) => label ?? '');
const marksOf = ({ services }: Rewrites, document: TextDocument) =>
  services.comments.threads(document).map(({ comments }) => comments[0]?.label);

const run = (name: string, ...args: unknown[]) => commands.executeCommand(`palimpsest.${name}`, ...args);

async function presented(editor: TextEditor, ...candidates: readonly string[]): Promise<Rewrite> {
  const { rewrites } = await (await internals()).palimpsest();
  const old = editor.document.getText();
  const spans = [{ start: 0, end: old.length, old }];
  const rewrite = rewrites.present(
    editor,
    { spans, candidates: candidates.map((text) => ({ texts: [text] })) },
    0,
  );
  assert.ok(rewrite);
  await until(() => rewrite.hunks.length > 0, 'the review');
  return rewrite;
}

function diffTabs(): number {
  return window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof TabInputTextDiff).length;
}

async function newSide(text: RegExp): Promise<TextEditor> {
  return until(
    () =>
      window.visibleTextEditors.find(
        ({ document }) => document.uri.scheme === DIFF_SCHEME && text.test(document.getText()),
      ),
    'the new text beside the old one',
  );
}

describe('rewrite, hunk by hunk', () => {
  useScriptedEngine();
  afterEach(async () => {
    await configure('rewrite.preview', undefined);
    await closeEverything();
  });

  it('says that a file is read-only that somebody has made so meanwhile, and stays', async () => {
    const editor = await openFile('lockedMeanwhile.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    await commands.executeCommand('workbench.action.files.setActiveEditorReadonlyInSession');
    const bar = statusMessages();
    const heard = messages();
    try {
      for (const command of ['acceptHunk', 'acceptRewrite']) {
        const before = bar.said.length + heard.said.length;
        await run(command);
        await until(
          () => [...bar.said, ...heard.said].slice(before).some((one) => /could not be edited/.test(one)),
          `what became of ${command}`,
        );
        assert.equal(rewrite.kind, 'reviewing', command);
        assert.equal(editor.document.getText(), TEXT);
      }
    } finally {
      bar.stop();
      heard.stop();
      await commands.executeCommand('workbench.action.files.resetActiveEditorReadonlyInSession');
    }
  });

  it('words are pointed at in the change that the cursor is at', async () => {
    const editor = await openFile('pointed.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    assert.equal(rewrite.form, 'inline');
    await run('nextHunk');
    await until(() => rewrite.show?.hunkHere() === 1, 'the second hunk');
    await run('pinWords');
    const right = await newSide(/if four:/);
    await until(() => window.activeTextEditor?.document === right.document, 'the new text in front');
    await until(
      () => right.document.lineAt(right.selection.active.line).text === 'if four:',
      'the cursor in the second change',
    );
    assert.deepEqual(rewrite.review?.pinned, undefined, 'nothing is pinned yet');
  });

  it('takes one, leaves one, takes the last: each one undo step, and what is left alone is left alone', async () => {
    const editor = await openFile('hunks.py', TEXT);
    const { document } = editor;
    const untouched = fingerprint(document);
    const rewrite = await presented(editor, ANSWER);
    assert.equal(rewrite.form, 'inline');
    assert.deepEqual(
      rewrite.hunks.map(({ startLine }) => startLine),
      [1, 4, 7],
    );
    assert.deepEqual(fingerprint(document), untouched);

    await run('acceptHunk');
    await until(() => rewrite.hunks.length === 2, 'two hunks');
    const first = TEXT.replace('two = 2', 'two = "2"');
    assert.equal(document.getText(), first);

    const { version } = document;
    await run('rejectHunk', 1);
    await until(() => rewrite.hunks.length === 1, 'one hunk');
    assert.equal(document.version, version);

    await run('acceptHunk', 0);
    await until(() => rewrite.ending, 'the end');
    assert.equal(rewrite.ending, 'accepted');
    assert.equal(document.getText(), ANSWER.replace('nine', 'eight = 8\nnine'));
    await commands.executeCommand('undo');
    assert.equal(document.getText(), first);
    await commands.executeCommand('undo');
    assert.equal(document.getText(), TEXT);
    assert.equal(document.isDirty, false);
  });

  it('is led back by undo and forth by redo while it is open', async () => {
    const editor = await openFile('undo.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    await run('acceptHunk', 1);
    await until(() => rewrite.hunks.length === 2, 'two hunks');
    await commands.executeCommand('undo');
    await until(() => rewrite.hunks.length === 3, 'all hunks again');
    assert.equal(editor.document.getText(), TEXT);
    await commands.executeCommand('redo');
    await until(() => rewrite.hunks.length === 2, 'two hunks again');
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.equal(editor.document.getText(), ANSWER);
  });

  it('throws no decision away when a letter is typed and deleted, nor by undo', async () => {
    const whole = `# first\n${TEXT}`;
    const editor = await openFile('decisions.py', whole);
    const { document } = editor;
    const { rewrites } = await (await internals()).palimpsest();
    const spans = [{ start: whole.length - TEXT.length, end: whole.length, old: TEXT }];
    const candidates = [{ texts: [ANSWER] }, { texts: [ANSWER.replace('"2"', "'two'")] }];
    const rewrite = rewrites.present(editor, { spans, candidates }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length === 3, 'the review');
    await run('nextCandidate');
    await run('acceptHunk', 0);
    await until(() => rewrite.hunks.length === 2, 'two hunks');
    await run('rejectHunk', 1);
    await until(() => rewrite.hunks.length === 1, 'one hunk');
    const taken = document.getText();
    editor.selection = new Selection(0, 7, 0, 7);
    await commands.executeCommand('type', { text: '!' });
    await commands.executeCommand('deleteLeft');
    await until(() => document.getText() === taken, 'the text as it was');
    assert.equal(rewrite.hunks.length, 1, 'what was rejected is not back');
    assert.equal(rewrite.review?.index, 1, 'and what was chosen is still shown');
    assert.deepEqual(editor.selection.active, new Position(0, 7), 'and the cursor did not jump');
    while (document.getText() !== whole) await commands.executeCommand('undo');
    await until(() => rewrite.hunks.length === 2, 'what was taken is there to take again');
    assert.equal(rewrite.review?.index, 1);
  });

  it('is reopened after it was rejected, with what was decided before', async () => {
    const editor = await openFile('reopened.py', TEXT);
    const first = await presented(editor, ANSWER);
    await run('rejectHunk', 0);
    await until(() => first.hunks.length === 2, 'two hunks');
    await run('rejectRewrite');
    assert.equal(first.ending, 'rejected');
    await editor.edit((edit) => edit.insert(new Position(0, 0), '# above\n'));
    await run('reopenReview');
    const { rewrites } = await (await internals()).palimpsest();
    const again = await until(() => rewrites.of(editor.document.uri), 'the review');
    await until(() => again.hunks.length === 2, 'the two hunks');
    assert.deepEqual(
      again.hunks.map(({ startLine }) => startLine),
      [5, 8],
    );
    await run('acceptRewrite');
    await until(() => again.ending, 'the end');
    assert.equal(editor.document.getText(), `# above\n${ANSWER.replace('"2"', '2')}`);
  });

  it('is reopened after it was accepted and undone, with its candidates', async () => {
    const editor = await openFile('undone.py', TEXT);
    const first = await presented(editor, ANSWER, TEXT.replace('one = 1', 'one = "1"'));
    await run('nextCandidate');
    await run('acceptRewrite');
    await until(() => first.ending === 'accepted', 'the end');
    const { rewrites } = await (await internals()).palimpsest();
    await run('reopenReview');
    assert.equal(rewrites.of(editor.document.uri), undefined, 'its text is another one');
    await undoIn(editor.document);
    assert.equal(editor.document.getText(), TEXT);
    await run('reopenReview');
    const again = await until(() => rewrites.of(editor.document.uri), 'the review');
    assert.deepEqual([again.review?.index, again.review?.candidates.length], [1, 2]);
    await run('acceptRewrite');
    await until(() => again.ending, 'the end');
    assert.equal(editor.document.getText(), TEXT.replace('one = 1', 'one = "1"'));
  });

  it('is reopened wherever undo has led to, though its last change was rejected', async () => {
    const editor = await openFile('partly.py', TEXT);
    const first = await presented(editor, ANSWER);
    for (const left of [2, 1]) {
      await run('acceptHunk', 0);
      await until(() => first.hunks.length === left, `${left} left`);
    }
    await run('rejectHunk', 0);
    await until(() => first.ending, 'the end');
    const { rewrites } = await (await internals()).palimpsest();
    for (const hunks of [2, 3]) {
      await undoIn(editor.document);
      await run('reopenReview');
      const again = await until(() => rewrites.of(editor.document.uri), 'the review');
      await until(() => again.hunks.length === hunks, `${hunks} changes`);
      await run('rejectRewrite');
    }
    assert.equal(editor.document.getText(), TEXT);
  });

  it('says in a diff editor, too, that no other rewrite was found, above which candidate it shows', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('nothing.py', 'total = first\n');
    const { rewrites } = await (await internals()).palimpsest();
    const answer = 'total = second\n';
    const rewrite = await presented(editor, answer);
    await until(() => diffTabs() === 1, 'the diff editor');
    await until(
      () => window.activeTextEditor?.document.uri.scheme === 'palimpsest-rewrite',
      'its right side',
    );
    rewrite.dispatch({ kind: 'pin', side: 'new', span: 0, word: { start: 0, end: answer.length } });
    const bar = statusMessages();
    try {
      await run('rewriteAgain');
      const isNote = (text: string) => /no other rewrite/.test(text);
      await until(() => {
        const noted = bar.said.findIndex(isNote);
        return noted >= 0 && bar.said.slice(noted).some((text) => /candidate 1 of 1/.test(text));
      }, 'the sentence, and the label');
      assert.ok(isNote(bar.said.at(-1) ?? ''), bar.said.join('\n'));
      assert.match(rewrites.services.lineNote.text ?? '', /no other rewrite/);
    } finally {
      bar.stop();
    }
    await run('rejectRewrite');
  });

  it('is reopened after an edit in its place was undone', async () => {
    const editor = await openFile('conflict.py', TEXT);
    const first = await presented(editor, ANSWER);
    await editor.edit((edit) => edit.insert(new Position(3, 0), 'typed = 1\n'));
    await until(() => first.ending === 'conflict', 'the end');
    // Who types goes on typing, and can read all the same what became of it.
    const { rewrites } = await (await internals()).palimpsest();
    await editor.edit((edit) => edit.insert(new Position(3, 9), '1'));
    assert.match(rewrites.services.lineNote.text ?? '', /canceled because its text was edited/);
    await undoIn(editor.document);
    await undoIn(editor.document);
    assert.equal(editor.document.getText(), TEXT);
    await run('reopenReview');
    const again = await until(() => rewrites.of(editor.document.uri), 'the review');
    await until(() => again.hunks.length === 3, 'its hunks');
    await run('rejectRewrite');
  });

  it('is reopened after its tab was closed', async () => {
    const editor = await openFile('away.py', TEXT);
    const first = await presented(editor, ANSWER);
    await commands.executeCommand('workbench.action.closeActiveEditor');
    await until(() => first.ending, 'the end');
    const { document } = await openFile('away.py', TEXT);
    const { rewrites } = await (await internals()).palimpsest();
    await run('reopenReview');
    const again = await until(() => rewrites.of(document.uri), 'the review');
    await until(() => again.hunks.length === 3, 'its hunks');
    await run('rejectRewrite');
  });

  it('says that nothing would change where the person looks, until they go on', async () => {
    const editor = await openFile('unchanged.py', TEXT);
    const { rewrites } = await (await internals()).palimpsest();
    const spans = [{ start: 0, end: TEXT.length, old: TEXT }];
    editor.selection = new Selection(2, 0, 2, 5);
    rewrites.present(editor, { spans, candidates: [{ texts: [TEXT] }] }, 0);
    assert.match(rewrites.services.lineNote.text ?? '', /leave|change/);
    assert.equal(editor.document.getText(), TEXT);
    editor.selection = new Selection(5, 0, 5, 0);
    await until(() => rewrites.services.lineNote.text === undefined, 'the note gone');
  });

  it("takes one block by the editor's own ghost text command, in one undo step", async () => {
    const editor = await openFile('ghostHunk.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    await run('nextHunk');
    assert.deepEqual(editor.selection.active, new Position(4, 'five = 5'.length));
    assert.ok(rewrite.ghostAt(editor.selection.active), 'the ghost text is at the cursor');
    await until(async () => {
      await commands.executeCommand('editor.action.inlineSuggest.commit');
      return editor.document.getText() !== TEXT;
    }, 'the ghost text in the document');
    await until(() => rewrite.hunks.length === 2, 'the other two');
    const taken = TEXT.replace('five = 5', 'if four:\n    five = 4\nelse:\n    five = 5');
    assert.equal(editor.document.getText(), taken);
    await commands.executeCommand('undo');
    assert.equal(editor.document.getText(), TEXT);
    await until(() => rewrite.hunks.length === 3, 'all three again');
  });

  it('a click on Accept inserts new lines only where they are on the screen', async () => {
    const editor = await openFile('clicked.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    await run('nextHunk');
    assert.ok(rewrite.ghostAt(editor.selection.active), 'the new lines belong at the cursor');
    const click = () => commands.executeCommand('palimpsest.acceptHunk', 1, true);
    await commands.executeCommand('editor.action.inlineSuggest.hide');
    await click();
    assert.equal(editor.document.getText(), TEXT, 'hidden, they are shown');
    await until(async () => {
      await click();
      return editor.document.getText() !== TEXT;
    }, 'shown, they are inserted');
    await until(() => rewrite.hunks.length === 2, 'the other two');
  });

  it('goes from hunk to hunk and round, with a lens above each', async () => {
    const editor = await openFile('hunkSteps.py', TEXT);
    await presented(editor, ANSWER);
    const seen = [editor.selection.active.line];
    for (let i = 0; i < 3; i++) {
      await run('nextHunk');
      seen.push(editor.selection.active.line);
    }
    await run('previousHunk');
    assert.deepEqual([...seen, editor.selection.active.line], [1, 4, 7, 1, 7]);
    const lenses = await lensesIn(editor);
    const own = lenses.filter(({ command }) => command?.command === 'palimpsest.acceptHunk');
    assert.deepEqual(
      own.map(({ range }) => range.start.line),
      [1, 4, 7],
    );
  });

  it('leaves the cursor to whoever types elsewhere', async () => {
    const editor = await openFile('typing.py', `# first\n\n\n${TEXT}`);
    const { document } = editor;
    const { rewrites } = await (await internals()).palimpsest();
    const start = document.getText().indexOf('one');
    const spans = [{ start, end: start + TEXT.length, old: TEXT }];
    const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [ANSWER] }] }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length === 3, 'the review');
    editor.selection = new Selection(0, 7, 0, 7);
    await commands.executeCommand('type', { text: '!' });
    await until(() => document.getText().startsWith('# first!'), 'what was typed');
    assert.deepEqual(editor.selection.active, new Position(0, 8));
    assert.equal(rewrite.kind, 'reviewing');
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.equal(document.getText(), `# first!\n\n\n${ANSWER}`);
  });

  it('brings a hunk that is out of sight into view before a key takes it', async () => {
    const far = '\n'.repeat(400);
    const editor = await openFile('far.py', `# first\n${far}${TEXT}`);
    const { document } = editor;
    const before = document.getText();
    const { rewrites } = await (await internals()).palimpsest();
    const start = before.length - TEXT.length;
    const spans = [{ start, end: before.length, old: TEXT }];
    const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [ANSWER] }] }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length === 3, 'the review');
    for (const command of ['acceptRewrite', 'acceptHunk'] as const) {
      editor.selection = new Selection(0, 0, 0, 0);
      editor.revealRange(editor.selection);
      await until(() => editor.visibleRanges.every(({ end }) => end.line < 300), 'the first lines');
      await run(command);
      assert.equal(document.getText(), before, 'nothing is taken that nobody sees');
      await until(() => editor.visibleRanges.some(({ end }) => end.line > 400), 'the hunk in view');
    }
    await run('acceptHunk');
    await until(() => rewrite.hunks.length === 2, 'it is taken');
  });

  it('goes on when the language of its file changes', async () => {
    const editor = await openFile('language.py', TEXT);
    const { rewrites } = await (await internals()).palimpsest();
    await presented(editor, ANSWER);
    const document = await languages.setTextDocumentLanguage(editor.document, 'ruby');
    await until(() => rewrites.of(document.uri)?.hunks.length === 3, 'the review');
    assert.equal(document.getText(), TEXT);
  });

  it('can be reopened under the name that its file has by now', async () => {
    const editor = await openFile('oldName.py', TEXT);
    const { rewrites } = await (await internals()).palimpsest();
    const review = await presented(editor, ANSWER);
    const { uri } = editor.document;
    const renamed = Uri.joinPath(uri, '..', 'newName.py');
    const edit = new WorkspaceEdit();
    edit.renameFile(uri, renamed, { overwrite: true });
    await workspace.applyEdit(edit);
    await until(() => review.ending, 'the end');
    const now = await window.showTextDocument(await workspace.openTextDocument(renamed));
    await until(() => rewrites.reopen(now)?.hunks.length === 3, 'the review again');
    assert.equal(now.document.getText(), TEXT);
  });

  it('is looked at again when the text around it heals', async () => {
    const editor = await openFile('healing.py', `def a(\n\n${TEXT}`);
    const { document } = editor;
    const { rewrites } = await (await internals()).palimpsest();
    const start = document.getText().length - TEXT.length;
    const spans = [{ start, end: start + TEXT.length, old: TEXT }];
    const quality = { mark: 'unsure', reasons: ['improbable'] } as const;
    const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: ['if ((one:\n'], quality }] }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length > 0, 'the review');
    await editor.edit((edit) => edit.insert(new Position(0, 6), '):\n    pass'));
    const found = () => rewrite.review?.candidates[0]?.quality;
    await until(() => found()?.mark === 'poor', 'what it is');
    assert.deepEqual(found()?.reasons, ['does-not-parse', 'improbable']);
  });

  it('is looked at again when a part of it is rejected: what is left is another answer', async () => {
    const text = 'def mean(values):\n    total = sum(values)\n    count = len(values)\n    return total\n';
    const editor = await openFile('part.py', text);
    const { rewrites } = await (await internals()).palimpsest();
    const spans = [{ start: 0, end: text.length, old: text }];
    const fresh = text.replace('(values):', '(numbers):').replace('return total', 'return total / count');
    const quality = { mark: 'unsure', reasons: ['removes-used'] } as const;
    const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [fresh], quality }] }, 0);
    assert.ok(rewrite);
    await until(() => rewrite.hunks.length === 2, 'the review');
    await run('rejectHunk', 0);
    await until(() => rewrite.review?.candidates[0]?.quality?.mark === 'likely', 'the mark of what is left');
  });

  it('has the lens of new lines above the line that shows them', async () => {
    const editor = await openFile('newLines.py', TEXT);
    const fresh = TEXT.replace('\n', '\nadded = 1\n');
    await presented(editor, fresh);
    const lenses = await lensesIn(editor);
    assert.deepEqual([...new Set(lenses.map(({ range }) => range.start.line))], [0]);
  });

  it('works in a diff editor: the hunk at the cursor of either side, then the rest', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('diffHunks.py', TEXT);
    const { document } = editor;
    const untouched = fingerprint(document);
    const rewrite = await presented(editor, ANSWER);
    const right = await newSide(/if four/);
    assert.equal(rewrite.form, 'diffEditor');
    assert.deepEqual(fingerprint(document), untouched);

    const at = right.document.positionAt(right.document.getText().indexOf('else:'));
    await until(() => window.activeTextEditor?.document === right.document, 'the cursor in the new text');
    right.selection = new Selection(at, at);
    await run('acceptHunk');
    await until(() => rewrite.hunks.length === 2, 'two hunks');
    assert.equal(document.getText(), TEXT.replace('five = 5', 'if four:\n    five = 4\nelse:\n    five = 5'));
    assert.equal(diffTabs(), 1, 'the diff editor stays');

    const { version } = document;
    await run('rejectHunk', 0);
    await until(() => rewrite.hunks.length === 1, 'one hunk');
    await until(() => !right.document.getText().includes('"2"'), 'the new text without it');
    assert.equal(document.version, version);
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    await until(() => diffTabs() === 0, 'the end of the diff editor');
    assert.equal(document.getText(), ANSWER.replace('"2"', '2'));
  });

  it('leaves the reviewed file in front, with the focus, whichever way a diff editor ends', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const other = await openFile('diffOther.py', 'other = 1\n');
    const editor = await openFile('diffFront.py', TEXT);
    const { document } = editor;
    const answers = {
      acceptRewrite: 'accepted',
      rejectRewrite: 'rejected',
    } as const;
    for (const [command, ending] of Object.entries(answers)) {
      await window.showTextDocument(document);
      const rewrite = await presented(editor, ANSWER);
      await newSide(/if four/);
      await until(
        () => window.tabGroups.activeTabGroup.activeTab?.input instanceof TabInputTextDiff,
        'the diff editor',
      );
      // The tab used before the diff editor is another one now.
      await window.showTextDocument(other.document);
      const diff = window.tabGroups.activeTabGroup.tabs.find(
        ({ input }) => input instanceof TabInputTextDiff,
      );
      assert.ok(diff);
      const front = window.tabGroups.activeTabGroup.tabs.indexOf(diff);
      await commands.executeCommand('workbench.action.openEditorAtIndex', front);
      await until(
        () => window.tabGroups.activeTabGroup.activeTab?.input instanceof TabInputTextDiff,
        'it again',
      );
      await run(command);
      await until(() => rewrite.ending, 'the end');
      assert.equal(rewrite.ending, ending);
      await until(() => diffTabs() === 0, 'the end of the diff editor');
      assert.equal(window.activeTextEditor?.document, document, command);
      if (ending !== 'accepted') continue;
      assert.equal(document.getText(), ANSWER);
      await commands.executeCommand('undo');
      await until(() => document.getText() === TEXT, 'the text before');
      assert.equal(other.document.getText(), 'other = 1\n');
    }
  });

  it('leads back to the diff editor of somebody else that it was begun in', async () => {
    const { document } = await openFile('compared.py', TEXT);
    const before = await workspace.openTextDocument({ content: 'one = 1\n', language: 'python' });
    await commands.executeCommand('vscode.diff', before.uri, document.uri, 'before and after');
    for (const command of ['rejectRewrite', 'acceptRewrite']) {
      const side = await until(() => {
        const { activeTextEditor } = window;
        return activeTextEditor?.document === document ? activeTextEditor : undefined;
      }, 'its side');
      const rewrite = await presented(side, ANSWER);
      assert.equal(rewrite.form, 'diffEditor');
      await newSide(/if four/);
      await until(() => diffTabs() === 2, 'a diff editor of ours');
      await run(command);
      await until(() => rewrite.ending, 'the end');
      await until(() => diffTabs() === 1, 'the end of the diff editor');
      assert.equal(window.tabGroups.activeTabGroup.activeTab?.label, 'before and after', command);
      assert.equal(window.activeTextEditor?.document, document, command);
    }
    assert.equal(document.getText(), ANSWER);
    await commands.executeCommand('undo');
    await until(() => document.getText() === TEXT, 'the text before');
  });

  it('takes Tab in a diff editor on the lines that change, and nowhere in the file itself', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('diffTab.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    const right = await newSide(/if four/);
    await until(() => window.activeTextEditor?.document === right.document, 'the cursor in the new text');
    const takesAt = (side: TextEditor, line: number, character = 0) => {
      side.selection = new Selection(line, character, line, character);
      return rewrite.show?.isAt(side);
    };
    const lines = right.document.getText().split('\n');
    const block = lines.indexOf('if four:');
    assert.deepEqual(
      [1, block, block + 3, block - 1, block + 4].map((line) => takesAt(right, line)),
      [true, true, true, false, false],
    );
    assert.equal(takesAt(right, block, 4), true, 'at any character: there is nothing to indent');
    right.selection = new Selection(block, 0, block, 2);
    assert.equal(rewrite.show?.isAt(right), false, 'a selection is somebody’s own');
    await window.showTextDocument(editor.document);
    const file = window.activeTextEditor;
    assert.ok(file?.document === editor.document);
    assert.equal(takesAt(file, 1), false, 'the file can be typed in');
    await run('rejectRewrite');
  });

  it('takes Tab beside comments where a step leads, and indents elsewhere', async () => {
    await configure('rewrite.preview', 'comments');
    const editor = await openFile('commentsTab.py', TEXT);
    const rewrite = await presented(editor, ANSWER);
    await run('nextHunk');
    await until(() => rewrite.show?.hunkHere() === 1, 'the second hunk');
    assert.equal(rewrite.show?.isAt(editor), true);
    const { line } = editor.selection.active;
    editor.selection = new Selection(line, 1, line, 1);
    assert.equal(rewrite.show?.isAt(editor), false);
    await run('rejectRewrite');
  });

  it('undoes, redoes and saves in the diff editor as in the file', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('diffUndo.py', TEXT);
    const { document } = editor;
    const rewrite = await presented(editor, ANSWER);
    const isInFront = () => window.tabGroups.activeTabGroup.activeTab?.input instanceof TabInputTextDiff;
    await newSide(/if four/);
    await until(isInFront, 'the diff editor');
    await run('acceptHunk', 0);
    await until(() => rewrite.hunks.length === 2, 'two hunks');
    const taken = TEXT.replace('two = 2', 'two = "2"');
    assert.equal(document.getText(), taken);

    await run('undoInReviewed');
    await until(() => document.getText() === TEXT, 'the text before');
    await until(() => rewrite.hunks.length === 3 && isInFront(), 'all hunks, and the diff editor in front');
    await run('redoInReviewed');
    await until(() => document.getText() === taken, 'the text behind');
    await until(() => rewrite.hunks.length === 2 && isInFront(), 'two hunks');
    assert.equal(document.isDirty, true);
    await run('saveReviewed');
    await until(() => !document.isDirty, 'the file saved');

    // In the file's own tab nothing comes to the front, and each undo is one.
    await window.showTextDocument(document, { preview: false });
    await commands.executeCommand('undo');
    await until(() => rewrite.hunks.length === 3, 'all hunks');
    assert.equal(document.getText(), TEXT);
    assert.equal(isInFront(), false);
    assert.equal(diffTabs(), 1);
  });

  it('says how good it looks in every form, plainly', async () => {
    const { rewrites } = await (await internals()).palimpsest();
    const WORDS = 'Unsure: names that this file does not contain, low confidence';
    const quality = { mark: 'unsure', reasons: ['unknown-names', 'improbable'] } as const;
    const shown = async (editor: TextEditor) => {
      const old = editor.document.getText();
      const spans = [{ start: 0, end: old.length, old }];
      const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [ANSWER], quality }] }, 0);
      assert.ok(rewrite);
      await until(() => rewrite.hunks.length > 0, 'the review');
      return rewrite;
    };
    const editor = await openFile('marks.py', TEXT);
    const lenses = async () => {
      const all = await commands.executeCommand<CodeLens[]>(
        'vscode.executeCodeLensProvider',
        editor.document.uri,
      );
      return all.map(({ command }) => command?.title ?? '');
    };
    const all = workspace.getConfiguration();
    await configure('rewrite.announce', 'on');
    const heard = announcements();
    try {
      const inline = await shown(editor);
      assert.equal(inline.form, 'inline');
      await until(async () => (await lenses()).some((title) => title.endsWith(WORDS)), 'the lens');
      assert.equal(inline.markShown, undefined);
      assert.match(heard.said.at(-1) ?? '', /Unsure: names that this file does not contain/);
      await run('rejectRewrite');

      await all.update('editor.codeLens', false, ConfigurationTarget.Global);
      const bare = await shown(editor);
      assert.equal(bare.form, 'inline');
      assert.equal(bare.markShown, WORDS);
      await run('rejectRewrite');
      assert.equal(bare.markShown, undefined);
      await all.update('editor.codeLens', undefined, ConfigurationTarget.Global);

      const { uri } = editor.document;
      const other = await workspace.openTextDocument({ content: TEXT, language: 'python' });
      await commands.executeCommand('vscode.diff', other.uri, uri, 'two files');
      await until(() => window.activeTextEditor?.document.uri.toString() === uri.toString(), 'its side');
      const side = window.activeTextEditor;
      assert.ok(side);
      // There is little room on a side of it.
      const apart = await shown(side);
      assert.equal(apart.form, 'diffEditor');
      assert.equal(apart.markShown, WORDS);
      await run('rejectRewrite');
      await commands.executeCommand('workbench.action.closeAllEditors');

      await configure('rewrite.preview', 'diffEditor');
      const compared = await shown(await window.showTextDocument(editor.document));
      assert.equal(compared.markShown, WORDS);
      await run('rejectRewrite');

      await configure('rewrite.preview', 'comments');
      await shown(editor);
      const labels = () => labelsOf(rewrites, editor.document);
      await until(() => labels().length === 3, 'three threads');
      assert.ok(
        labels().every((label) => label.endsWith(` – ${WORDS}`)),
        labels().join('\n'),
      );
      assert.deepEqual(marksOf(rewrites, editor.document), [WORDS, WORDS, WORDS]);
      await run('rejectRewrite');

      await configure('rewrite.preview', 'diffEditor');
      const bar = statusMessages();
      try {
        await shown(editor);
        const title = () => window.tabGroups.activeTabGroup.activeTab?.label ?? '';
        await until(() => title() === 'marks.py: rewrite', 'the title of the diff editor');
        await until(
          () => bar.said.at(-1)?.endsWith(`candidate 1 of 1. ${WORDS}.`),
          'the label in the status bar',
        );
      } finally {
        bar.stop();
      }
      await run('rejectRewrite');
    } finally {
      heard.stop();
      await configure('rewrite.announce', undefined);
      await all.update('editor.codeLens', undefined, ConfigurationTarget.Global);
    }
  });

  it('works in comment threads, one below each change', async () => {
    await configure('rewrite.preview', 'comments');
    const editor = await openFile('comments.py', TEXT);
    const untouched = fingerprint(editor.document);
    const rewrite = await presented(editor, ANSWER);
    assert.equal(rewrite.form, 'comments');
    const { labels } = await (await internals()).palimpsest().then(({ rewrites }) => ({
      labels: () => labelsOf(rewrites, editor.document),
    }));
    await until(() => labels().length === 3, 'three threads');
    assert.equal(labels()[1], 'Change 2 of 3 at line 5: 1 removed, 4 added');
    assert.deepEqual(fingerprint(editor.document), untouched);
    await run('acceptHunk', 1);
    await until(() => labels().length === 2, 'two threads');
    await run('rejectRewrite');
    assert.deepEqual(labels(), []);
    assert.equal(rewrite.ending, 'rejected');
    await undoIn(editor.document);
    assert.equal(editor.document.getText(), TEXT);
  });

  it('stands any short sequence: old text or what was accepted, and undo leads back to the start', async () => {
    const editor = await openFile('any.py', TEXT);
    const { document } = editor;
    // The same sequence on every run: a failure can be looked at.
    let seed = 20261121;
    const pick = (count: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * count);
    };
    for (let round = 0; round < 6; round++) {
      const rewrite = await presented(editor, ANSWER, TEXT.replace('nine = 9', 'nine = [9]\nten = 10\n'));
      for (let i = 0; i < 8 && rewrite.ending === undefined; i++) {
        const before = document.getText();
        const { hunks } = rewrite;
        const which = pick(hunks.length);
        const action = ['acceptHunk', 'rejectHunk', 'nextCandidate', 'nextHunk', 'previousCandidate'][
          pick(5)
        ];
        const hunk = hunks[which];
        await run(action ?? '', which);
        if (action === 'acceptHunk' && hunk !== undefined) {
          const lines = before.split('\n');
          lines.splice(hunk.startLine, hunk.endLine - hunk.startLine, ...hunk.newLines);
          await until(() => document.getText() === lines.join('\n'), 'the hunk in the document');
          await until(() => rewrite.kind !== 'accepting' && rewrite.hunks !== hunks, 'what is left');
        } else {
          assert.equal(document.getText(), before, `${action} changes nothing`);
        }
      }
      await run('rejectRewrite');
      await until(() => rewrite.ending, 'the end');
      for (let i = 0; i < 12 && document.getText() !== TEXT; i++) await commands.executeCommand('undo');
      assert.equal(document.getText(), TEXT);
    }
    assert.equal(document.isDirty, false);
  });
});

/** As the editor shows them, once there are any. */
function lensesIn({ document }: TextEditor): Promise<CodeLens[]> {
  return until(async () => {
    const all = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', document.uri);
    return all.length > 0 && all;
  }, 'lenses');
}
