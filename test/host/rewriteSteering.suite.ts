// Steering a rewrite: the draft that is taken, words that are pinned, words that are done again.
import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, before, describe, it } from 'mocha';
import { commands, extensions, Selection, type TextEditor, window, workspace } from 'vscode';
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
  messages,
  openFile,
  replace,
  reviewOf,
  select,
  startRewrite,
  statusMessages,
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

describe('rewrite, steered', () => {
  useScriptedEngine();
  afterEach(async () => {
    await configure('rewrite.preview', undefined);
    await closeEverything();
  });

  it('repairs one word of a selection, and nothing where nothing becomes likelier', async () => {
    const text = 'def total(prices):\n    amount = sum(oddity)\n    return amount\n';
    const editor = await openFile('repair.py', text);
    const { document } = editor;
    const untouched = fingerprint(document);
    const { rewrites } = await (await internals()).palimpsest();
    const repair = async (...lines: readonly [number, number]) => {
      select(editor, lines);
      await run('repairSelection');
      return rewrites.of(document.uri);
    };
    const told: string[] = [];
    const { activity } = rewrites.services;
    const stop = replace(rewrites.services, 'activity', (...args: Parameters<typeof activity>) => {
      told.push(args[1]?.text ?? '');
      activity(...args);
    });
    const rewrite = await repair(1, 2);
    assert.ok(rewrite);
    await denoised(rewrite).finally(stop);
    const order = [/^choosing what to keep/, /^step |^\d+%/, /^comparing with what stood there, \d+%/];
    const seen = order.map((words) => told.findIndex((one) => words.test(one)));
    assert.ok(
      seen.every((at, i) => at > (seen[i - 1] ?? -1)),
      told.join(' | '),
    );
    assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
    assert.deepEqual(fingerprint(document), untouched);
    assert.equal(rewrite.review?.wanted?.isRepair, true);
    for (const { texts } of rewrite.review?.candidates ?? []) {
      assert.match(texts[0] ?? '', /^amount = sum\(scripted_\d_\d_\d\)\n {4}return amount$/);
    }
    const mended = rewrite.review?.candidates[0]?.texts[0] ?? '';

    await run('acceptRewrite');
    await until(() => rewrite.ending, 'the end');
    assert.equal(document.getText(), `def total(prices):\n    ${mended}\n`);
    await commands.executeCommand('undo');
    assert.equal(document.getText(), text);

    // A line that is as likely as any, and one that would hardly become likelier.
    await editor.edit((edit) => edit.insert(document.lineAt(2).range.end, '\n    return doubtful'));
    for (const line of [0, 3]) {
      select(editor, [line, line]);
      const before = fingerprint(document);
      const { lineNote } = rewrites.services;
      await until(() => lineNote.text === undefined, 'the note before it gone');
      // A selection event that is late takes the note away again, as the next move of a person's cursor does.
      const noted = until(() => lineNote.text, 'the note', 1);
      await run('repairSelection');
      assert.match(await noted, /nothing to repair/);
      await until(() => rewrites.of(document.uri) === undefined, 'the end');
      assert.deepEqual(fingerprint(document), before);
    }
  });

  it('spells a word anew that only the line has, where another name is near to it, and denoises nothing for that', async () => {
    const text = 'def total(prices, oddlty):\n    amount = sum(oddity)\n    return amount\n';
    const editor = await openFile('misspelt.py', text);
    const { rewrites } = await (await internals()).palimpsest();
    const answersTo = async (command: string) => {
      select(editor, [1, 1]);
      await run(command);
      const rewrite = rewrites.of(editor.document.uri) ?? assert.fail();
      await denoised(rewrite);
      const texts = rewrite.review?.candidates.map((one) => one.texts[0] ?? '');
      await run('rejectRewrite');
      await until(() => rewrite.ending, 'the end');
      return texts;
    };
    assert.deepEqual(await answersTo('rewriteSelection'), ['amount = sum(oddlty)']);
    const [first, ...more] = (await answersTo('repairSelection')) ?? [];
    assert.equal(first, 'amount = sum(oddlty)');
    assert.ok(more.length > 0, 'who repairs may choose');
    for (const one of more) assert.match(one, /^amount = sum\(scripted_\d_\d_\d\)$/);
    assert.equal(editor.document.getText(), text);
  });

  it('writes what a half-written line is missing behind it, and masks all of it where that is not whole', async () => {
    const text = 'def total(prices):\n    amount = prices +\n    other = prices (\n    return amount\n';
    const editor = await openFile('half.py', text);
    const { rewrites } = await (await internals()).palimpsest();
    for (const [line, answers] of [
      [1, /^amount = prices \+ scripted_end$/],
      [2, /^scripted_0_0_0$/],
    ] as const) {
      select(editor, [line, line]);
      await run('rewriteSelection');
      const rewrite = rewrites.of(editor.document.uri) ?? assert.fail();
      await denoised(rewrite);
      assert.match(rewrite.review?.candidates[0]?.texts[0] ?? rewrite.ending ?? '', answers);
      assert.equal(editor.document.getText(), text);
      await run('rejectRewrite');
      await until(() => rewrite.ending, 'the end');
    }
  });

  it('of one line does its least likely word again first, and all of it when somebody asks for more', async () => {
    const text = 'def total(prices):\n    amount = sum(oddity)\n    return amount\n';
    const editor = await openFile('slip.py', text);
    const { rewrites } = await (await internals()).palimpsest();
    select(editor, [1, 1]);
    await run('rewriteSelection');
    const rewrite = rewrites.of(editor.document.uri) ?? assert.fail();
    await denoised(rewrite);
    const texts = () => rewrite.review?.candidates.map((one) => one.texts[0] ?? '') ?? [];
    const repaired = texts();
    assert.ok(repaired.length > 0);
    for (const one of repaired) assert.match(one, /^amount = sum\(scripted_\d_\d_\d\)$/);
    assert.equal(editor.document.getText(), text);
    assert.equal(rewrite.review?.wanted?.isRepair, undefined);
    await run('rewriteAgain');
    await until(() => texts().length > repaired.length, 'more of them');
    for (const one of texts().slice(repaired.length)) assert.doesNotMatch(one, /^amount = sum\(scripted/);

    // Of several lines, and where nothing becomes likelier, all of it is masked at once.
    await run('rejectRewrite');
    await until(() => rewrite.ending, 'the end');
    for (const lines of [
      [1, 2],
      [2, 2],
    ] as const) {
      select(editor, lines);
      await run('rewriteSelection');
      const other = rewrites.of(editor.document.uri) ?? assert.fail();
      await denoised(other);
      for (const { texts } of other.review?.candidates ?? assert.fail())
        assert.doesNotMatch(texts[0] ?? '', /^amount = sum\(scripted|^return scripted_\d_\d_\d$/);
      await run('rejectRewrite');
      await until(() => other.ending, 'the end');
    }
  });

  it('says in few words above the place that nothing good was found, and why behind it', async () => {
    const editor = await openFile('refused.py', TEXT);
    const { document } = editor;
    const untouched = fingerprint(document);
    const { rewrites } = await (await internals()).palimpsest();
    // Without its head the body is indented under nothing.
    select(editor, [2, 2]);
    const rewrite = await startRewrite(editor);
    await until(() => rewrite.kind !== 'denoising', 'the end of all tries');
    assert.equal(rewrite.kind, 'refused', rewrite.ending);
    const titles = rewrites.provideCodeLenses(document).map(({ command }) => command?.title ?? '');
    assert.equal(titles[0], '$(circle-slash) No good rewrite found');
    assert.ok(titles.join(' | ').length < 140, titles.join(' | '));
    assert.equal(rewrites.services.lineNote.text, 'Best one: does not parse');
    assert.equal(titles.at(-1), '$(close) Dismiss');
    const said = statusMessages();
    rewrites['waiting'].put(document.uri.toString(), [{ start: 0, end: 4 }], {});
    const pieces = rewrites.provideCodeLenses(document).map(({ command }) => command?.title);
    assert.equal(pieces.at(-1), '$(arrow-right) Next Piece');
    const before = rewrite.refusal?.request.seed;
    await run('rewriteAgain');
    await until(
      () => rewrite.refusal !== undefined && rewrite.refusal.request.seed !== before,
      'another try',
    );
    said.stop();
    assert.match(
      said.said.join('\n'),
      /No good rewrite found\. Press Escape for the next piece \(1 waiting\)\./,
    );
    rewrites['waiting'].drop(document.uri.toString());
    await run('rejectRewrite');
    assert.deepEqual(rewrites.provideCodeLenses(document), []);
    assert.deepEqual(fingerprint(document), untouched);
  });

  it('that was refused is tried again by its key, but not where something else is selected', async () => {
    const editor = await openFile('elsewhere.py', `${TEXT}other = 1\n`);
    const { document } = editor;
    const { rewrites } = await (await internals()).palimpsest();
    select(editor, [2, 2]);
    const refused = await startRewrite(editor);
    await until(() => refused.kind === 'refused', 'the refusal');
    const key = () => void commands.executeCommand('palimpsest.rewriteAgain', 'key');
    // It may be over before anybody looks: another try has another seed.
    const seed = refused.refusal?.request.seed;
    key();
    await until(() => refused.kind === 'refused' && refused.refusal?.request.seed !== seed, 'another try');
    const last = document.lineCount - 2;
    select(editor, [last, last]);
    key();
    const other = await until(() => {
      const now = rewrites.of(document.uri);
      return now === refused ? undefined : now;
    }, 'the other rewrite');
    assert.equal(other.spans[0]?.old, 'other = 1');
    await denoised(other);
    await run('rejectRewrite');
  });

  it('that was refused says so in a message where a diff editor shows no lenses', async () => {
    const { document } = await openFile('diffed.py', TEXT);
    const old = document.uri.with({ scheme: 'untitled', path: '/before.py' });
    await workspace.openTextDocument(old);
    await commands.executeCommand('vscode.diff', old, document.uri, 'before and after');
    const editor = await until(
      () => window.visibleTextEditors.find((one) => one.document === document),
      'the right side',
    );
    await until(() => window.activeTextEditor === editor, 'the cursor in it');
    const heard = messages();
    try {
      select(editor, [2, 2]);
      const rewrite = await startRewrite(editor);
      await until(() => rewrite.kind === 'refused', 'the refusal');
      await until(
        () => heard.said.some((one) => /No good rewrite found \(best one: /.test(one)),
        'the message',
      );
    } finally {
      heard.stop();
    }
    await run('rejectRewrite');
    await commands.executeCommand('notifications.clearAll');
  });

  it('is brought into view where it is refused, for whoever is at the other end of a long selection', async () => {
    const editor = await openFile('long.py', `def f(x):\n${'    x = x + 1\n'.repeat(120)}    return x\n`);
    const { document } = editor;
    select(editor, [0, 100]);
    editor.revealRange(document.lineAt(100).range);
    const sees = (line: number) =>
      editor.visibleRanges.some(({ start, end }) => start.line <= line && line <= end.line);
    await until(() => sees(100) && !sees(0), 'the end in view');
    const rewrite = await startRewrite(editor);
    await until(() => rewrite.kind === 'refused', 'the refusal');
    await until(() => sees(0), 'its first line in view');
    await run('rejectRewrite');
  });

  /** A rewrite of one line while the engine reads, and has told no step yet. */
  async function whileRead(name: string, use: (one: Rewrite, status: StatusItem) => unknown): Promise<void> {
    const editor = await openFile(name, 'def f():\n    a = 1\n    return a\n');
    const { status } = await internals();
    select(editor, [1, 1]);
    const rewrite = await whileHeld(async () => {
      const one = await startRewrite(editor);
      await until(() => /reading the code around it/.test(status.text), status.text);
      await use(one, status);
      return one;
    }, 0);
    await denoised(rewrite);
  }

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
    select(editor, [1, 12]);
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
    select(editor, [1, 1]);
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
    select(editor, [1, 2]);
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
