// Rewrite Selection as a person does it: whatever happens, the document is the old text or the
// accepted one.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { commands, Position, Selection, TabInputTextDiff, type TextEditor, window } from 'vscode';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import {
  closeEverything,
  configure,
  fingerprint,
  GIBBERISH,
  internals,
  openFile,
  reviewOf,
  select,
  startRewrite,
  until,
  useScriptedEngine,
  whileDenoising,
} from './host';

const PROGRAM = [
  'import json',
  '',
  '',
  'def load(path):',
  `    ${GIBBERISH}`,
  `    ${GIBBERISH} more`,
  `    ${GIBBERISH} and more`,
  '    return data',
  '',
  '',
  'def store(path, data):',
  `    ${GIBBERISH}`,
  '    return True',
  '',
].join('\n');

const run = (name: string) => commands.executeCommand(`palimpsest.${name}`);
const undo = () => commands.executeCommand('undo');
const redo = () => commands.executeCommand('redo');

async function accepted(rewrite: Rewrite): Promise<void> {
  await run('acceptRewrite');
  await until(() => rewrite.ending, 'the end of the rewrite');
  assert.equal(rewrite.ending, 'accepted');
}

describe('rewrite selection', () => {
  useScriptedEngine();
  afterEach(async () => {
    await configure('rewrite.preview', undefined);
    await closeEverything();
  });

  it('shows the denoise, accepts in one undo step, and restores byte for byte', async () => {
    const editor = await openFile('accept.py', PROGRAM);
    const untouched = fingerprint(editor.document);
    await select(editor, [4, 6]);
    const rewrite = await reviewOf(editor);
    assert.ok(!rewrite.denoise.isWaiting, 'denoise steps were drawn');
    assert.deepEqual(fingerprint(editor.document), untouched);

    await accepted(rewrite);
    const text = editor.document.getText();
    assert.notEqual(text, PROGRAM);
    assert.ok(text.startsWith('import json\n\n\ndef load(path):\n'), 'what stands before is kept');
    assert.ok(text.endsWith('    return True\n'), 'what follows is kept');
    await undo();
    assert.equal(editor.document.getText(), PROGRAM);
    assert.equal(editor.document.isDirty, false);
    await redo();
    assert.equal(editor.document.getText(), text);
  });

  it('leaves text, version and dirty flag alone when it is rejected', async () => {
    const editor = await openFile('reject.py', PROGRAM);
    const untouched = fingerprint(editor.document);
    await select(editor, [4, 6]);
    const { selections } = editor;
    const rewrite = await reviewOf(editor);
    await run('rejectRewrite');
    assert.equal(rewrite.ending, 'rejected');
    assert.deepEqual(fingerprint(editor.document), untouched);
    await until(() => editor.selection.isEqual(selections[0] ?? editor.selection), 'the old selection');
  });

  it('is cancelled while it denoises', async () => {
    const editor = await openFile('cancel.py', `def f():\n${`    ${GIBBERISH}\n`.repeat(30)}`);
    const untouched = fingerprint(editor.document);
    await select(editor, [1, 30]);
    const rewrite = await whileDenoising(
      () => startRewrite(editor),
      () => run('cancelRewrite'),
    );
    assert.equal(rewrite.ending, 'cancelled');
    assert.deepEqual(fingerprint(editor.document), untouched);
  });

  it('is given up when its text is edited meanwhile', async () => {
    const editor = await openFile('inside.py', PROGRAM);
    await select(editor, [4, 6]);
    const rewrite = await reviewOf(editor);
    await editor.edit((edit) => edit.insert(new Position(5, 8), 'typed'));
    assert.equal(rewrite.ending, 'conflict');
    assert.equal(
      editor.document.getText(),
      PROGRAM.replace(`    ${GIBBERISH} more`, '    qzx typed= vvkj(77731) // wqp more'),
    );
  });

  it('follows edits elsewhere', async () => {
    const editor = await openFile('elsewhere.py', PROGRAM);
    await select(editor, [4, 6]);
    const rewrite = await reviewOf(editor);
    await editor.edit((edit) => edit.insert(new Position(0, 0), '# first\n'));
    assert.equal(rewrite.kind, 'reviewing');
    const review = rewrite.review;
    assert.ok(review);
    const [span] = review.spans;
    assert.ok(span);
    const candidate = review.candidates[review.index]?.texts[0] ?? '';
    await accepted(rewrite);
    const expected = `# first\n${PROGRAM}`;
    assert.equal(
      editor.document.getText(),
      expected.slice(0, span.start) + candidate + expected.slice(span.end),
    );
  });

  it('rewrites several selections in one undo step', async () => {
    const editor = await openFile('several.py', PROGRAM);
    await select(editor, [4, 6], [11, 11]);
    const rewrite = await reviewOf(editor);
    assert.equal(rewrite.review?.spans.length, 2);
    await accepted(rewrite);
    assert.ok(!editor.document.getText().includes(GIBBERISH), 'both are rewritten');
    await undo();
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('takes the line where nothing is selected', async () => {
    const editor = await openFile('line.py', PROGRAM);
    editor.selection = new Selection(11, 9, 11, 9);
    const rewrite = await reviewOf(editor);
    assert.deepEqual(
      rewrite.review?.spans.map(({ old }) => old),
      [GIBBERISH],
    );
    await run('rejectRewrite');
  });

  it('keeps CRLF, tabs, CJK and emoji as they are', async () => {
    const text = [
      '// 漢字 👩‍👩‍👧 début',
      'function f() {',
      `\t${GIBBERISH} 🎈`,
      `\t${GIBBERISH}`,
      '\treturn "é🎈";',
      '}',
      '',
    ].join('\r\n');
    const editor = await openFile('lines.js', text);
    const untouched = fingerprint(editor.document);
    await select(editor, [2, 3]);
    const rewrite = await reviewOf(editor);
    assert.deepEqual(fingerprint(editor.document), untouched);
    await accepted(rewrite);
    const changed = editor.document.getText();
    assert.ok(changed.startsWith('// 漢字 👩‍👩‍👧 début\r\nfunction f() {\r\n\t'));
    assert.ok(changed.endsWith('\r\n\treturn "é🎈";\r\n}\r\n'));
    assert.equal(changed.replaceAll('\r\n', '').includes('\n'), false);
    await undo();
    assert.equal(editor.document.getText(), text);
  });

  it('goes through candidates and asks for more', async () => {
    const editor = await openFile('candidates.py', PROGRAM);
    const untouched = fingerprint(editor.document);
    await select(editor, [4, 6]);
    const rewrite = await reviewOf(editor);
    await again(rewrite);
    const review = rewrite.review;
    assert.ok(review !== undefined && review.candidates.length > 1, 'another seed gave another answer');
    const { index, candidates } = review;
    const { lineNote } = (await (await internals()).palimpsest()).rewrites.services;
    lineNote.show(editor, 5, 'of this one', true);
    await run('nextCandidate');
    assert.equal(rewrite.review?.index, (index + 1) % candidates.length);
    assert.equal(lineNote.text, undefined, 'what was said of one candidate is not of the next');
    await run('previousCandidate');
    assert.equal(rewrite.review?.index, index);
    assert.deepEqual(fingerprint(editor.document), untouched);
  });

  it("is accepted by the editor's own ghost text command, in one undo step", async () => {
    const editor = await openFile('ghost.py', PROGRAM);
    await select(editor, [4, 6]);
    const rewrite = await reviewOf(editor);
    await again(rewrite);
    assert.ok(rewrite.ghost, 'an answer has new lines');
    const { review } = rewrite;
    const wanted = PROGRAM.replace(
      review?.spans[0]?.old ?? '',
      () => review?.candidates[review.index]?.texts[0] ?? '',
    );
    await committed(editor);
    await until(() => rewrite.ending, 'the end of the rewrite');
    assert.equal(rewrite.ending, 'accepted');
    assert.equal(editor.document.getText(), wanted);
    await undo();
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('shows its new lines where the editor was asked for ghost text before, and was given none', async () => {
    const editor = await openFile('asked.py', PROGRAM);
    const end = editor.document.lineAt(6).range.end;
    editor.selection = new Selection(end, end);
    await commands.executeCommand('editor.action.inlineSuggest.trigger');
    await select(editor, [4, 6]);
    const rewrite = await reviewOf(editor);
    assert.deepEqual(rewrite.ghost?.anchor, end, 'its new lines belong where the editor asked before');
    await committed(editor);
    await until(() => rewrite.ending, 'the end of the rewrite');
    assert.equal(rewrite.ending, 'accepted');
  });

  it('is reviewed in a diff editor where that is set', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('diff.py', PROGRAM);
    const untouched = fingerprint(editor.document);
    await select(editor, [4, 6]);
    const rewrite = await reviewOf(editor);
    await until(() => diffTabs().length === 1, 'the diff editor');
    assert.deepEqual(fingerprint(editor.document), untouched);
    await accepted(rewrite);
    await until(() => diffTabs().length === 0, 'the end of the diff editor');
    assert.notEqual(editor.document.getText(), PROGRAM);
    assert.ok(editor.document.getText().endsWith('    return True\n'));
  });

  it('takes a diff editor that is closed by hand as a no', async () => {
    await configure('rewrite.preview', 'diffEditor');
    const editor = await openFile('diff2.py', PROGRAM);
    const untouched = fingerprint(editor.document);
    await select(editor, [4, 6]);
    const rewrite = await reviewOf(editor);
    await until(() => diffTabs().length === 1, 'the diff editor');
    await commands.executeCommand('workbench.action.closeActiveEditor');
    await until(() => rewrite.ending, 'the end of the rewrite');
    assert.equal(rewrite.ending, 'rejected');
    assert.deepEqual(fingerprint(editor.document), untouched);
  });

  it('has a sample for whoever has nothing open', async () => {
    assert.equal(window.activeTextEditor, undefined);
    await run('rewriteSample');
    const editor = await until(() => window.activeTextEditor, 'the sample');
    assert.equal(editor.document.isUntitled, true);
    assert.equal(editor.document.languageId, 'typescript');
    const { rewrites } = await (await internals()).palimpsest();
    const text = editor.document.getText();
    assert.equal(rewrites.of(editor.document.uri)?.spans[0]?.old, 'const bucket = this.buckets.get(key);');
    await until(() => rewrites.of(editor.document.uri)?.kind !== 'denoising', 'the end of the denoise');
    assert.equal(editor.document.getText(), text);
    await run('rejectRewrite');
  });

  it('leaves files that hold secrets alone', async () => {
    const editor = await openFile('.env', `TOKEN=${GIBBERISH}\n`);
    await select(editor, [0, 0]);
    // The command has been carried out when it is back.
    await run('rewriteSelection');
    assert.equal((await (await internals()).palimpsest()).rewrites.of(editor.document.uri), undefined);
  });

  async function again(rewrite: Rewrite): Promise<void> {
    await run('rewriteAgain');
    await until(() => rewrite.kind === 'reviewing', 'another answer');
  }

  /** The suggestion needs a moment to be on the screen; commands on nothing do nothing. */
  async function committed(editor: TextEditor): Promise<void> {
    const { version } = editor.document;
    await until(async () => {
      await commands.executeCommand('editor.action.inlineSuggest.commit');
      return editor.document.version !== version;
    }, 'the ghost text in the document');
  }
});

function diffTabs(): readonly unknown[] {
  return window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof TabInputTextDiff);
}
