// Steering a rewrite: the draft that is taken, words that are pinned, words that are done again.
import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, before, describe, it } from 'mocha';
import { commands, extensions, Selection, type TextEditor, window } from 'vscode';
import { wordsOfQuality } from '../../extension/rewrite/quality/words';
import { DIFF_SCHEME } from '../../extension/rewrite/review/diffEditor';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import { candidateOf } from '../../extension/rewrite/state/acceptance';
import type { StatusItem } from '../../extension/ui/statusBar';
import {
  closeEverything,
  configure,
  denoised,
  fingerprint,
  GIBBERISH,
  internals,
  openFile,
  reviewOf,
  select,
  startRewrite,
  undoIn,
  until,
  useCpu,
  useScriptedEngine,
  whileDenoising,
  whileHeld,
} from './host';

const TEXT = [
  'def total(prices, tax):',
  '    amount = 0',
  '    for price in prices:',
  '        amount = amount + price',
  '    return amount * (1 + tax)',
  '',
].join('\n');
const FIRST = 'subtotal = sum(prices)\n    return subtotal * (1 + rate)';

const run = (name: string) => commands.executeCommand(`palimpsest.${name}`);

async function besides(
  editor: TextEditor,
): Promise<{ readonly rewrite: Rewrite; readonly right: TextEditor }> {
  const { rewrites } = await (await internals()).palimpsest();
  const text = editor.document.getText();
  const start = text.indexOf('amount = 0');
  const old = text.slice(start).trimEnd();
  const spans = [{ start, end: start + old.length, old }];
  const rewrite = rewrites.present(editor, { spans, candidates: [{ texts: [FIRST] }] }, 0);
  assert.ok(rewrite);
  await until(() => rewrite.hunks.length > 0, 'the review');
  // Words are pointed at in the new text: where there is no cursor in it, the first key brings one.
  await run('remaskWords');
  const right = await until(
    () => window.visibleTextEditors.find(({ document }) => document.uri.scheme === DIFF_SCHEME),
    'the new text beside the old one',
  );
  await until(() => right.document.getText().includes('subtotal'), 'the new text');
  await until(() => window.activeTextEditor?.document === right.document, 'the cursor in it');
  assert.equal(rewrite.kind, 'reviewing', 'nothing was asked for yet');
  return { rewrite, right };
}

function point({ document }: TextEditor, word: string): Selection {
  const at = document.positionAt(document.getText().indexOf(word) + 1);
  return new Selection(at, at);
}

/** A rewrite of one line while the engine reads, and has told no step yet. */
async function whileRead(name: string, use: (one: Rewrite, status: StatusItem) => unknown): Promise<void> {
  const editor = await openFile(name, 'def f():\n    a = 1\n    return a\n');
  const { status } = await internals();
  await select(editor, [1, 1]);
  const rewrite = await whileHeld(async () => {
    const one = await startRewrite(editor);
    await until(() => /reading the code around it/.test(status.text), status.text);
    await use(one, status);
    return one;
  }, 0);
  await denoised(rewrite);
}

describe('rewrite, steered', () => {
  useScriptedEngine();
  afterEach(async () => {
    await configure('rewrite.preview', undefined);
    await closeEverything();
  });

  it('says how far the choice of what to keep is, and no more once it takes the draft', () =>
    whileRead('kept.py', async ({ denoise }, status) => {
      denoise.expect(20_000);
      denoise.scored(0);
      await until(() => /choosing what to keep$/.test(status.text), status.text);
      denoise.scored(0.25);
      await until(() => /choosing what to keep, 25%/.test(status.text), status.text);
      // The last share does not come over what is said next.
      denoise.scored(0.8);
      denoise.scored(1);
      denoise.begun();
      await until(() => /rewriting, about 20 s/.test(status.text), status.text);
      await new Promise((resolve) => setTimeout(resolve, 150));
      assert.match(status.text, /rewriting, about 20 s/);
      denoise.taken();
      denoise.scored(0.5);
      assert.match(status.text, /taking the draft/);
    }));

  it('says how much of the code around it is read, also behind how long it takes', () =>
    whileRead('read.py', async ({ denoise }, status) => {
      denoise.read(0.25);
      await until(() => /reading the code around it, 25%/.test(status.text), status.text);
      denoise.expect(20_000);
      denoise.read(0.5);
      await until(() => /rewriting, about 20 s \(50% read\)/.test(status.text), status.text);
      // Where another one may follow.
      denoise.expect(5000);
      await until(() => /rewriting, about 5 s for each try/.test(status.text), status.text);
    }));

  it('says how far it is with comparing, and how many pieces wait', () =>
    whileRead('compared.py', async ({ denoise, document }, status) => {
      denoise.compared(0.4);
      await until(() => /comparing with what stood there, 40%/.test(status.text), status.text);
      assert.doesNotMatch(status.text, /pieces/);
      const { rewrites } = await (await internals()).palimpsest();
      const key = document.uri.toString();
      const range = { start: 0, end: 8 };
      rewrites['waiting'].put(key, [range, range], {});
      denoise.compared(0.5);
      await until(() => /there, 50%, pieces waiting: 2/.test(status.text), status.text);
      rewrites['waiting'].drop(key);
    }));

  it('says that it takes the draft, though how long it would take is known only then', () =>
    whileRead('early.py', ({ denoise }, status) => {
      denoise.taken();
      denoise.expect(120_000);
      assert.match(status.text, /taking the draft/);
      denoise.begun();
      assert.match(status.text, /taking the draft/);
    }));

  it('takes the draft when it is told to, and it is a review like any other', async () => {
    const editor = await openFile('draft.py', `def f():\n${`    ${GIBBERISH}\n`.repeat(12)}    return 1\n`);
    const untouched = fingerprint(editor.document);
    await select(editor, [1, 12]);
    const rewrite = await whileDenoising(
      () => startRewrite(editor),
      async (one) => {
        const { status } = await internals();
        one.dispatch({ kind: 'take' });
        assert.match(status.text, /taking the draft/);
      },
    );
    await denoised(rewrite);
    assert.equal(rewrite.kind, 'reviewing', `${rewrite.ending}`);
    assert.match(
      wordsOfQuality(rewrite.review?.candidates[0]?.quality ?? assert.fail()),
      /a draft, taken early/,
    );
    assert.deepEqual(fingerprint(editor.document), untouched);
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.ok(editor.document.getText().endsWith('    return 1\n'));
  });

  it('does words of the candidate again, and leaves everything else in it as it is', async () => {
    const editor = await openFile('remask.py', TEXT);
    const untouched = fingerprint(editor.document);
    const { rewrite, right } = await besides(editor);
    right.selection = point(right, 'rate)');
    await run('remaskWords');
    await until(() => rewrite.kind === 'reviewing', 'an answer');
    const { review } = rewrite;
    assert.ok(review !== undefined && review.candidates.length > 1, 'another word was found');
    const [text = ''] = candidateOf(review).texts;
    const [head = '', tail = ''] = FIRST.split('rate');
    assert.ok(text.startsWith(head) && text.endsWith(tail), text);
    assert.notEqual(text, FIRST);
    await until(() => right.document.getText().includes(text), 'it is shown where the first one was');
    assert.deepEqual(fingerprint(editor.document), untouched);
    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.ok(editor.document.getText().includes(text));
    await undoIn(editor.document);
    assert.equal(editor.document.getText(), TEXT);
  });

  it('keeps pinned words of the candidate when it makes another one', async () => {
    const editor = await openFile('pin.py', TEXT);
    const { rewrite, right } = await besides(editor);
    right.selection = point(right, 'sum(prices)');
    await run('pinWords');
    assert.deepEqual(rewrite.review?.pinned, { side: 'new', ranges: [[{ start: 11, end: 14 }]] });
    await run('rewriteAgain');
    await until(() => rewrite.kind === 'reviewing', 'an answer');
    // What is written around a pin does not parse here, so it is held back.
    await run('showAnyway');
    const { review } = rewrite;
    assert.ok(review !== undefined && review.candidates.length > 1, 'another answer was found');
    const [text = ''] = candidateOf(review).texts;
    assert.ok(text.includes('sum'), text);
    const [pinned] = review.pinned?.ranges[0] ?? [];
    assert.ok(pinned);
    assert.equal(text.slice(pinned.start, pinned.end), 'sum');
  });

  it('keeps pinned words of the old text, and lets go of them by the same key', async () => {
    const editor = await openFile('pinOld.py', `x = 1\n    ${GIBBERISH}\n`);
    await select(editor, [1, 1]);
    const rewrite = await reviewOf(editor);
    const at = editor.document.getText().indexOf('vvkj');
    const range = [editor.document.positionAt(at), editor.document.positionAt(at + 4)] as const;
    editor.selection = new Selection(...range);
    await run('pinWords');
    assert.deepEqual(rewrite.review?.pinned?.ranges, [[{ start: 6, end: 10 }]]);
    const known = rewrite.review?.candidates.length ?? 0;
    for (let tries = 0; tries < 5 && (rewrite.review?.candidates.length ?? 0) === known; tries++) {
      await run('rewriteAgain');
      await until(() => rewrite.kind === 'reviewing', 'an answer');
      await run('showAnyway');
    }
    assert.ok(rewrite.review && rewrite.review.candidates.length > known, 'another answer was found');
    assert.ok(candidateOf(rewrite.review).texts[0]?.includes('vvkj'), candidateOf(rewrite.review).texts[0]);
    editor.selection = new Selection(...range);
    await run('pinWords');
    assert.deepEqual(rewrite.review?.pinned?.ranges, [[]]);
  });

  it('asks for no instruction where the model takes none', async () => {
    const editor = await openFile('instruction.py', TEXT);
    const untouched = fingerprint(editor.document);
    await select(editor, [1, 2]);
    const { engine, rewrites } = await (await internals()).palimpsest();
    // The message stays until somebody closes it; the command does not wait for that.
    await run('editByInstruction');
    assert.equal(engine.state.kind, 'ready');
    assert.equal(engine.state.kind === 'ready' && engine.state.model.takesInstruction, false);
    assert.equal(rewrites.of(editor.document.uri), undefined);
    assert.deepEqual(fingerprint(editor.document), untouched);
    await commands.executeCommand('notifications.clearAll');
  });
});

describe('rewrite, with an instruction and the real engine', () => {
  before(useCpu);
  afterEach(closeEverything);

  it('is taken to a model that follows them, here one of random weights', async () => {
    const { engine, rewrites } = await (await internals()).palimpsest();
    const root = extensions.getExtension('palimpsest.palimpsest')?.extensionPath ?? '';
    await configure('model.path', path.join(root, 'test', 'fixtures', 'checkpoints', 'sdar'));
    try {
      const editor = await openFile('instructed.py', TEXT);
      const untouched = fingerprint(editor.document);
      const start = TEXT.indexOf('amount = 0');
      const rewrite = rewrites.startAt(editor, [{ start, end: start + 10 }], {
        instruction: 'Call it sum.',
      });
      assert.ok(rewrite);
      await until(() => rewrite.kind !== 'denoising', 'an answer');
      const { state } = engine;
      assert.ok(state.kind === 'ready' && state.model.takesInstruction && state.model.family === 'sdar');
      // Noise may be no text at all; what it may not be is a failure.
      assert.match(rewrite.ending ?? rewrite.kind, /^(reviewing|refused|unchanged|no-answer)$/);
      if (rewrite.kind === 'refused') {
        // What does not parse is not shown, but said where it would stand, with the way to see it all the same.
        const lenses = rewrites.provideCodeLenses(editor.document);
        assert.match(lenses[0]?.command?.title ?? '', /No good rewrite found/);
        assert.deepEqual(new Set(lenses.map(({ range }) => range.start.line)), new Set([1]));
        assert.deepEqual(rewrite.hunks, []);
        await run('showAnyway');
        await until(() => rewrite.hunks.length > 0, 'what was held back');
        assert.equal(rewrite.review && candidateOf(rewrite.review).quality?.mark, 'poor');
      }
      if (rewrite.kind === 'reviewing') assert.equal(rewrite.review?.wanted?.instruction, 'Call it sum.');
      assert.deepEqual(fingerprint(editor.document), untouched);
      await run('rejectRewrite');
    } finally {
      await configure('model.path', undefined);
      await until(() => engine.state.kind !== 'ready', 'the end of that model');
    }
  });
});
