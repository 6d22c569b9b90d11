// Editing by instruction: the line in which it is asked for, and what becomes of it in the review.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import {
  commands,
  Diagnostic,
  DiagnosticSeverity,
  type QuickPick,
  type QuickPickItem,
  Range,
  type TextEditor,
  window,
} from 'vscode';
import type { InfillParams } from '../../engine/protocol';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import { candidateOf } from '../../extension/rewrite/state/acceptance';
import {
  choosing,
  closeEverything,
  denoised,
  fingerprint,
  internals,
  openFile,
  select,
  undoIn,
  until,
  useScriptedEngine,
  whileHeld,
} from './host';
import { INSTRUCTIONS } from './scriptedModel';

const TEXT = [
  'def total(prices):',
  '    amount = 0',
  '    for price in prices:',
  '        amount += price',
  '',
].join('\n');

const run = (name: string) => commands.executeCommand(`palimpsest.${name}`);

/** The quick inputs that the extension opens from here on. */
function quickInputs(): { readonly opened: QuickPick<QuickPickItem>[]; readonly stop: () => void } {
  const opened: QuickPick<QuickPickItem>[] = [];
  const { createQuickPick } = window;
  const set = (value: unknown) =>
    Object.defineProperty(window, 'createQuickPick', { configurable: true, writable: true, value });
  set(() => {
    const pick = createQuickPick();
    opened.push(pick);
    return pick;
  });
  return { opened, stop: () => set(createQuickPick) };
}

describe('editing by instruction', () => {
  useScriptedEngine();
  afterEach(closeEverything);

  let inputs: ReturnType<typeof quickInputs>;
  before(() => {
    inputs = quickInputs();
  });
  after(() => inputs.stop());

  /** The command, up to the line in which it is typed. */
  async function asked(editor: TextEditor): Promise<QuickPick<QuickPickItem>> {
    const known = inputs.opened.length;
    await select(editor, [1, 3]);
    void run('editByInstruction');
    const pick = await until(() => inputs.opened[known], 'the line for the instruction');
    assert.match(pick.title ?? '', /^Edit by Instruction \(scripted\)$/);
    return pick;
  }

  async function sent(pick: QuickPick<QuickPickItem>, instruction: string): Promise<void> {
    pick.value = instruction;
    await until(() => pick.items[0]?.label === instruction, 'what was typed as the first row');
    // The command is for the list as the window shows it.
    await until(async () => {
      await commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return (await rewriteOf()) !== undefined;
    }, 'a rewrite');
  }

  /** The instructions of all requests that a quick fix makes. */
  async function fixesAskedBy(typed = ''): Promise<readonly (string | undefined)[]> {
    const palimpsest = await (await internals()).palimpsest();
    const editor = await openFile('fixed.py', TEXT);
    const client = await palimpsest.engine.use(async (running) => running.client, { revive: true });
    const shared = Object.getPrototypeOf(client) as { infill: (params: InfillParams) => unknown };
    const { infill } = shared;
    const sent: (string | undefined)[] = [];
    shared.infill = function (this: object, params, ...rest: unknown[]) {
      sent.push(params.instruction);
      return Reflect.apply(infill, this, [params, ...rest]);
    };
    try {
      const range = new Range(1, 4, 1, 10);
      const problem = new Diagnostic(range, 'No such name.', DiagnosticSeverity.Error);
      const fix = () => palimpsest.requests.fixProblem(editor.document.uri, problem);
      if (typed === '') await fix();
      else await fixWhileTyping(fix, editor, typed, sent);
    } finally {
      shared.infill = infill;
      await commands.executeCommand('notifications.clearAll');
    }
    assert.ok(sent.length > 0, 'something was asked');
    return sent;
  }

  /** Up to the rewrite that is offered where no server can check a fix. */
  async function fixWhileTyping(
    fix: () => Promise<unknown>,
    editor: TextEditor,
    typed: string,
    sent: readonly unknown[],
  ): Promise<void> {
    const heard = choosing('Rewrite');
    try {
      const [fixing] = await whileHeld(async () => {
        const begun = fix();
        await until(() => sent.length > 0, 'the first request');
        await editor.edit((edit) => edit.insert(editor.document.positionAt(0), typed));
        return [begun];
      });
      await fixing;
      await until(() => sent.length > 1, `the rewrite: ${heard.said.join()}`);
    } finally {
      heard.stop();
    }
  }

  async function rewriteOf(): Promise<Rewrite | undefined> {
    const { rewrites } = await (await internals()).palimpsest();
    const editor = window.activeTextEditor;
    return editor && rewrites.of(editor.document.uri);
  }

  describe('of a model that takes one', () => {
    before(async () => {
      const palimpsest = await (await internals()).palimpsest();
      const { modelFolder = '' } = await palimpsest.launch();
      fs.writeFileSync(path.join(modelFolder, INSTRUCTIONS), '');
      await palimpsest.engine.stop();
      for (const entry of palimpsest.instructions.history.entries)
        await palimpsest.instructions.history.forget(entry);
      await palimpsest.instructions.history.keepDraft('');
    });

    it('is typed, sent, shown with the review, and counts for the next candidate', async () => {
      const editor = await openFile('edited.py', TEXT);
      const { document } = editor;
      const untouched = fingerprint(document);
      await sent(await asked(editor), 'Use sum.');
      const rewrite = await rewriteOf();
      await denoised(rewrite);
      assert.ok(rewrite?.review, rewrite?.ending);
      assert.deepEqual(fingerprint(document), untouched);
      assert.deepEqual(rewrite.review.wanted, { instruction: 'Use sum.' });
      assert.match(candidateOf(rewrite.review).texts[0] ?? '', /^# Use sum\.\n/);
      const { rewrites } = await (await internals()).palimpsest();
      if (rewrite.form === 'inline') {
        const titles = rewrites.provideCodeLenses(document).map(({ command }) => command?.title);
        assert.ok(titles.includes('$(comment) Use sum.'), titles.join());
      }

      const known = rewrite.review.candidates.length;
      await run('rewriteAgain');
      await until(() => (rewrite.review?.candidates.length ?? 0) > known, 'another candidate');
      for (const { texts } of rewrite.review.candidates) assert.match(texts[0] ?? '', /^# Use sum\.\n/);

      await run('acceptRewrite');
      await until(() => rewrite.ending === 'accepted', 'the end');
      assert.match(document.getText(), /# Use sum\./);
      await undoIn(document);
      assert.equal(document.getText(), TEXT);
    });

    it('loses nothing by Escape, and has what was sent before', async () => {
      const editor = await openFile('escaped.py', TEXT);
      const untouched = fingerprint(editor.document);
      const first = await asked(editor);
      assert.deepEqual(
        first.items.map(({ label }) => label),
        ['Use sum.'],
      );
      first.value = 'Add a doc';
      await until(() => first.items[0]?.label === 'Add a doc', 'what was typed');
      await commands.executeCommand('workbench.action.closeQuickOpen');
      const { history } = (await (await internals()).palimpsest()).instructions;
      await until(() => history.draft === 'Add a doc', 'the draft');
      assert.equal(await rewriteOf(), undefined);
      assert.deepEqual(fingerprint(editor.document), untouched);
      assert.deepEqual([editor.selection.start.line, editor.selection.end.line], [1, 3]);

      const second = await asked(editor);
      assert.equal(second.value, 'Add a doc');
      await sent(second, 'Add a docstring.');
      assert.deepEqual(history.entries, ['Add a docstring.', 'Use sum.']);
      assert.equal(history.draft, '');
      await denoised(await rewriteOf());
      await run('rejectRewrite');
    });

    it('is what a diagnostic says, for a quick fix', async () => {
      assert.deepEqual(
        new Set(await fixesAskedBy()),
        new Set(['Fix this problem at `amount`: No such name.']),
      );
    });

    it('is about the same code when somebody types above it meanwhile', async () => {
      assert.deepEqual(
        new Set(await fixesAskedBy('# sum\n')),
        new Set(['Fix this problem at `amount`: No such name.']),
      );
    });

    it('is not asked for where the file is not read', async () => {
      const editor = await openFile('.env', 'TOKEN=1\n');
      const known = inputs.opened.length;
      await select(editor, [0, 0]);
      await run('editByInstruction');
      assert.equal(inputs.opened.length, known);
      assert.equal(await rewriteOf(), undefined);
      await commands.executeCommand('notifications.clearAll');
    });
  });

  it('opens no input over what somebody went on with while the model was loaded', async () => {
    const palimpsest = await (await internals()).palimpsest();
    await palimpsest.engine.stop();
    const { launch } = palimpsest;
    let proceed = () => {};
    const held = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    palimpsest.launch = async () => {
      await held;
      return launch();
    };
    const known = inputs.opened.length;
    try {
      const editor = await openFile('late.py', TEXT);
      await select(editor, [1, 3]);
      const asking = palimpsest.requests.editByInstruction(editor);
      await openFile('other.py', TEXT);
      proceed();
      assert.equal(await asking, undefined);
      assert.equal(inputs.opened.length, known);
    } finally {
      proceed();
      palimpsest.launch = launch;
    }
  });

  describe('of a model that takes none', () => {
    before(async () => {
      const palimpsest = await (await internals()).palimpsest();
      const { modelFolder = '' } = await palimpsest.launch();
      fs.rmSync(path.join(modelFolder, INSTRUCTIONS), { force: true });
      await palimpsest.engine.stop();
    });

    it('is not sent with a quick fix', async () => {
      assert.deepEqual(new Set(await fixesAskedBy()), new Set([undefined]));
    });

    it('says which ones do, and leads to them', async () => {
      const editor = await openFile('none.py', TEXT);
      const untouched = fingerprint(editor.document);
      const known = inputs.opened.length;
      const heard: unknown[][] = [];
      const { showInformationMessage, showQuickPick } = window;
      const chosen: string[] = [];
      const set = (name: string, value: unknown) =>
        Object.defineProperty(window, name, { configurable: true, writable: true, value });
      set('showInformationMessage', async (...words: unknown[]) => {
        heard.push(words);
        return words.at(-1);
      });
      set('showQuickPick', async (_items: unknown, options: { readonly title?: string }) => {
        chosen.push(options.title ?? '');
        return undefined;
      });
      try {
        await select(editor, [1, 3]);
        await run('editByInstruction');
        await until(() => chosen.length > 0, 'the list of models');
      } finally {
        set('showInformationMessage', showInformationMessage);
        set('showQuickPick', showQuickPick);
      }
      assert.match(String(heard[0]?.[0]), /^The model \S+ does not take instructions.*chat template/);
      assert.equal(heard[0]?.[1], 'Choose Model…');
      assert.equal(inputs.opened.length, known);
      assert.deepEqual(fingerprint(editor.document), untouched);
    });
  });
});
