// Suspicious tokens with the real engine: marks come, follow edits and scrolling, and go.
import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import {
  commands,
  type Disposable,
  type Hover,
  MarkdownString,
  Position,
  Selection,
  type TextDocument,
  type TextEditor,
  window,
} from 'vscode';
import { wordAround } from '../../extension/suspicion/marks';
import type { Suspicions } from '../../extension/suspicion/suspicions';
import {
  closeEverything,
  configure,
  denoised,
  fingerprint,
  GIBBERISH,
  internals,
  openFile,
  replace,
  until,
  useCpu,
} from './host';

const PROGRAM = [
  'import json',
  '',
  '',
  'def load(path):',
  '    with open(path) as file:',
  `        ${GIBBERISH}`,
  '        return json.load(file)',
  '',
  '# 🎈漢',
  'def store(path, data):',
  // Not the same again: what stands twice is no surprise.
  '    zkj[[48151]] = ~yyq @ 62342',
  '    return True',
  '',
].join('\n');

const run = (name: string, ...args: readonly unknown[]) =>
  commands.executeCommand(`palimpsest.${name}`, ...args);

describe('suspicious tokens', () => {
  let suspicions: Suspicions;
  before(useCpu);
  beforeEach(async () => {
    // The starter model is surprised by a lot, but by what exactly is its own affair.
    await configure('suspicion.threshold', 10);
    await configure('suspicion.marksPerScreen', 3);
    suspicions = await (await (await internals()).palimpsest()).suspicions.get();
  });
  afterEach(async () => {
    await run('clearSuspiciousTokens');
    await configure('suspicion.threshold', undefined);
    await configure('suspicion.marksPerScreen', undefined);
    await closeEverything();
  });
  const marksIn = (document: TextDocument) => {
    const marks = suspicions.marksIn(document);
    assert.ok(marks, 'marks are shown');
    return marks;
  };
  async function show(editor: TextEditor): Promise<TextDocument> {
    assert.equal(await run('showSuspiciousTokens'), 'shown');
    return editor.document;
  }

  it('are marked in what is visible, and the document knows nothing of it', async () => {
    const editor = await openFile('heat.py', PROGRAM);
    const untouched = fingerprint(editor.document);
    const document = await show(editor);
    const marks = marksIn(document);
    const text = document.getText();
    for (const { start, end, step, probability } of marks) {
      const piece = text.slice(start, end);
      assert.ok(piece !== '' && piece === piece.trim(), JSON.stringify(piece));
      assert.ok(step >= 1 && step <= 4 && probability < 0.1);
    }
    const gibberish = text.indexOf(GIBBERISH);
    assert.ok(
      marks.some(({ start, end }) => start >= gibberish && end <= gibberish + GIBBERISH.length),
      'what no model would write is marked',
    );
    assert.deepEqual(fingerprint(document), untouched);
  });

  it('go when they are asked for once more, or cleared', async () => {
    const editor = await openFile('toggle.py', PROGRAM);
    const document = await show(editor);
    assert.equal(await run('showSuspiciousTokens'), 'cleared');
    assert.equal(suspicions.marksIn(document), undefined);
    await show(editor);
    await run('clearSuspiciousTokens');
    assert.equal(suspicions.marksIn(document), undefined);
  });

  it('are looked for in the selection alone where there is one', async () => {
    const editor = await openFile('selection.py', PROGRAM);
    editor.selection = new Selection(10, 0, 10, 30);
    const document = await show(editor);
    const { start, end } = editor.selection;
    for (const mark of marksIn(document)) {
      assert.ok(mark.start >= document.offsetAt(start) && mark.end <= document.offsetAt(end));
    }
    assert.ok(marksIn(document).length > 0);
  });

  it('move with edits elsewhere; what is edited loses its mark', async () => {
    const editor = await openFile('edits.py', PROGRAM);
    const document = await show(editor);
    const before = marksIn(document).map(({ start, end }) => document.getText().slice(start, end));
    await editor.edit((edit) => edit.insert(new Position(0, 0), '# 🎈 first\n'));
    const after = marksIn(document).map(({ start, end }) => document.getText().slice(start, end));
    // The first mark may stand at the very place that was typed at.
    assert.deepEqual(after, before.slice(before.length - after.length));
    assert.ok(before.length - after.length <= 1);
    const line = document.lineAt(6).range;
    const inLine = () => marksIn(document).filter(({ start }) => document.positionAt(start).line === 6);
    assert.ok(inLine().length > 0);
    await editor.edit((edit) => edit.delete(line));
    assert.equal(inLine().length, 0);
    assert.ok(marksIn(document).length > 0, 'others stay');
  });

  it('are walked through by key, and going round', async () => {
    const editor = await openFile('walk.py', PROGRAM);
    const document = await show(editor);
    const starts = [...new Set(marksIn(document).map(({ start }) => start))].sort((a, b) => a - b);
    editor.selection = new Selection(0, 0, 0, 0);
    const cursor = () => document.offsetAt(editor.selection.active);
    const expected = starts.filter((start) => start > 0).slice(0, 3);
    for (const start of expected) {
      await run('nextSuspiciousToken');
      await until(() => cursor() === start, `the cursor at ${start}`);
    }
    await run('previousSuspiciousToken');
    await until(() => cursor() === (expected.at(-2) ?? starts.at(-1)), 'the cursor at the one before');
  });

  it('say in a hover what the model would have, and start a rewrite of the word from there', async () => {
    const editor = await openFile('hover.py', PROGRAM);
    const untouched = fingerprint(editor.document);
    const document = await show(editor);
    const text = document.getText();
    const mark = marksIn(document).find(({ start }) => start >= text.lastIndexOf(GIBBERISH));
    assert.ok(mark, 'something is marked behind the gibberish');
    const hovers = await commands.executeCommand<Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      document.positionAt(mark.start),
    );
    const texts = hovers.flatMap(({ contents }) => contents.filter((one) => one instanceof MarkdownString));
    const ours = texts.find(({ value }) => value.includes('Re-mask'));
    assert.ok(ours, 'our hover is there');
    for (const { probability } of mark.alternatives) assert.ok(probability > 0);
    const [, link = ''] = /\((command:[^)]+)\)/.exec(ours.value) ?? [];
    const [name = '', query = ''] = link.replace('command:', '').split('?');
    assert.equal(name, 'palimpsest.rewriteSuspiciousToken');
    await commands.executeCommand(name, ...JSON.parse(decodeURIComponent(query)));
    const { rewrites } = await (await internals()).palimpsest();
    const rewrite = await until(() => rewrites.of(document.uri), 'a rewrite');
    await denoised(rewrite);
    assert.deepEqual(fingerprint(document), untouched);
    if (rewrite.kind === 'reviewing') {
      const word = wordAround(text, mark);
      assert.deepEqual(
        rewrite.review?.spans.map(({ old }) => old),
        [text.slice(word.start, word.end)],
      );
      await run('rejectRewrite');
    }
  });

  it('are slips first: a hover says what the line is likelier with, and a rewrite from there brings it', async () => {
    const text = [
      'def total(prices):',
      '    amount = 0',
      '    for price in prices:',
      '        amount += pirce',
      '    return amount',
      '',
    ].join('\n');
    const editor = await openFile('slips.py', text);
    const document = await show(editor);
    const start = text.indexOf('pirce');
    const mark = marksIn(document).find((one) => one.start === start);
    assert.equal(mark?.end, start + 'pirce'.length);
    assert.equal(mark.slip?.instead, 'price');
    const hovers = await commands.executeCommand<Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      document.positionAt(start),
    );
    const texts = hovers.flatMap(({ contents }) => contents.filter((one) => one instanceof MarkdownString));
    assert.ok(
      texts.some(({ value }) => /With `price` in its place, .* at least \d+ times as likely/.test(value)),
    );
    editor.selection = new Selection(document.positionAt(start), document.positionAt(start));
    await run('rewriteSuspiciousToken');
    const { rewrites } = await (await internals()).palimpsest();
    const rewrite = await until(() => rewrites.of(document.uri), 'a rewrite');
    await denoised(rewrite);
    assert.equal(rewrite.review?.candidates[0]?.texts[0], 'amount += price');
    await run('rejectRewrite');
  });

  it('are looked for in what is scrolled to', async () => {
    const editor = await openFile('scroll.py', PROGRAM.repeat(60));
    const document = await show(editor);
    const last = () => Math.max(...marksIn(document).map(({ start }) => document.positionAt(start).line));
    const line = last();
    assert.ok(line < 300, `what is far away is not looked at (${line})`);
    await commands.executeCommand('cursorBottom');
    await until(() => last() > document.lineCount - 60, 'marks at the end');
  });

  it('are counted in few words, which go when there are others', async () => {
    const editor = await openFile('counted.py', PROGRAM.repeat(60));
    const shown: string[] = [];
    const { setStatusBarMessage } = window;
    const stop = replace(window, 'setStatusBarMessage', (text: string, ...rest: never[]) => {
      const message: Disposable = Reflect.apply(setStatusBarMessage, window, [text, ...rest]);
      shown.push(text);
      return {
        dispose: () => {
          shown.splice(shown.indexOf(text), 1);
          message.dispose();
        },
      };
    });
    try {
      const document = await show(editor);
      const { length } = marksIn(document);
      assert.match(
        shown.join(),
        new RegExp(`^\\$\\(eye\\) Palimpsest: ${length} of \\d+ suspicious tokens marked\\.$`),
      );
      await commands.executeCommand('cursorBottom');
      await until(() => marksIn(document).length > length, 'marks at the end');
      assert.deepEqual(shown, []);
    } finally {
      stop();
    }
  });

  it('are given up while they are looked for', async () => {
    const editor = await openFile('cancel.py', PROGRAM.repeat(80));
    editor.selection = new Selection(
      new Position(0, 0),
      editor.document.lineAt(editor.document.lineCount - 1).range.end,
    );
    const looking = run('showSuspiciousTokens');
    await until(() => suspicions.marksIn(editor.document) !== undefined, 'the look under way');
    await run('clearSuspiciousTokens');
    assert.equal(await looking, 'cancelled');
    assert.equal(suspicions.marksIn(editor.document), undefined);
  });

  it('go when the threshold changes', async () => {
    const editor = await openFile('threshold.py', PROGRAM);
    const document = await show(editor);
    await configure('suspicion.threshold', 20);
    await until(() => suspicions.marksIn(document) === undefined, 'no marks of another threshold');
  });

  it('leave files that hold secrets alone', async () => {
    const editor = await openFile('.env', `TOKEN=${GIBBERISH}\n`);
    assert.equal(await run('showSuspiciousTokens'), undefined);
    assert.equal(suspicions.marksIn(editor.document), undefined);
    await commands.executeCommand('notifications.clearAll');
  });
});
