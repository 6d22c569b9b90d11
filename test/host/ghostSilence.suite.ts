// Why there is no ghost text just now, as the hover over the status bar says it.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import {
  CancellationTokenSource,
  commands,
  InlineCompletionTriggerKind,
  Position,
  Range,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import type { StatusItem } from '../../extension/ui/statusBar';
import {
  closeEverything,
  configure,
  internals,
  openFile,
  replace,
  until,
  useCpu,
  useScriptedEngine,
  whileHeld,
} from './host';
import { AT, automatically, END, offered, START } from './offered';

describe('ghost text, silent', () => {
  let palimpsest: Palimpsest;
  let status: StatusItem;
  const said = () => status.tooltip.replace(/\\/g, '');
  before(async () => {
    await useCpu();
    await configure('ghostText.gate', 0);
    ({ status } = await internals());
    palimpsest = await (await internals()).palimpsest();
  });
  afterEach(closeEverything);
  after(() => configure('ghostText.gate', undefined));

  it('says why it is silent', async () => {
    await configure('ghostText.gate', 1);
    try {
      const editor = await openFile('silent.py', `# a comment${END}`);
      await editor.edit((edit) => edit.insert(new Position(0, 11), 's'));
      assert.deepEqual(await automatically(editor.document, new Position(0, 12)), []);
      assert.match(said(), /in comments/);
      const { document } = await openFile('unsure.py', START + END);
      assert.deepEqual(await automatically(document, AT), []);
      assert.match(said(), /not sure enough/);
      await openFile('prose.md', 'Some words.\n');
      await until(() => /off for Markdown/.test(said()), 'that it is off for prose');
      await openFile('code.py', START + END);
      await until(() => !/ghost text/i.test(said()), 'nothing of it where it is on');
      // What is known from before is said as well.
      await window.showTextDocument(document);
      assert.deepEqual(await automatically(document, AT), []);
      assert.match(said(), /not sure enough/);
    } finally {
      await configure('ghostText.gate', 0);
    }
  });

  it('says why where the file, the last edit or a rewrite keeps it silent, and nothing while it offers something', async () => {
    const token = ['AKIA', 'Q7R2T5V8X1Z4B6D9'].join('');
    const { document: secret } = await openFile('holds.py', `KEY = '${token}'\n${START}${END}`);
    assert.deepEqual(await automatically(secret, AT.translate(1)), []);
    assert.match(said(), /ghost text: .*looks like a password, key, or access token/);
    await configure('context.exclude', ['hush*.py']);
    try {
      const { document: hidden } = await openFile('hush.py', START + END);
      assert.deepEqual(await automatically(hidden, AT), []);
      assert.match(said(), /ghost text: .*excluded by/);
    } finally {
      await configure('context.exclude', undefined);
    }

    const editor = await openFile('shown.py', START + END);
    const { document } = editor;
    assert.ok((await automatically(document, AT)).length > 0);
    assert.doesNotMatch(said(), /ghost text/i);
    await commands.executeCommand('palimpsest.dismissGhostText');
    assert.deepEqual(await automatically(document, AT), []);
    assert.match(said(), /you dismissed/);
    await editor.edit((edit) => edit.insert(AT, 'xy'));
    await editor.edit((edit) => edit.delete(new Range(AT.translate(0, 1), AT.translate(0, 2))));
    assert.deepEqual(await automatically(document, AT.translate(0, 1)), []);
    assert.match(said(), /after a deletion/);
    await commands.executeCommand('undo');
    assert.deepEqual(await automatically(document, AT.translate(0, 2)), []);
    assert.match(said(), /after undo/);

    const old = document.getText();
    const spans = [{ start: 0, end: old.length, old }];
    const candidates = [{ texts: [old.replace('result', 'outcome')] }];
    const rewrite = palimpsest.rewrites.present(editor, { spans, candidates }, 0);
    assert.ok(rewrite);
    assert.deepEqual(await automatically(document, new Position(3, 0)), []);
    assert.match(said(), /while a rewrite of this file is open/);
    rewrite.dispatch({ kind: 'reject' });
    assert.doesNotMatch(said(), /ghost text/i);

    const frozen = workspace.registerTextDocumentContentProvider('frozen', {
      provideTextDocumentContent: () => START,
    });
    try {
      await window.showTextDocument(await workspace.openTextDocument(Uri.parse('frozen:/old.py')));
      await until(() => /read-only/.test(said()), 'that nobody can write there');
    } finally {
      frozen.dispose();
    }
  });

  describe('because of the time that an answer takes,', () => {
    useScriptedEngine();
    /** The scripted model goes on behind an operator. */
    const CUT = 'total = first +';
    const BEHIND = new Position(0, CUT.length);
    // What is known of a model's speed is of the test before.
    beforeEach(() => palimpsest['ghost'].forget());
    after(() => palimpsest['ghost'].forget());

    it('says how long it is, and answers whoever presses the key', async () => {
      const { document } = await openFile('slow.py', `${CUT}\n`);
      await whileHeld(async () => {
        assert.deepEqual(await automatically(document, BEHIND), [], 'nobody waits any longer');
      });
      assert.match(
        said(),
        /Ghost text takes \d\.\d s or more here, so it appears only when you trigger it\./,
      );
      status.silent(undefined);
      assert.deepEqual(await automatically(document, BEHIND), [], 'it is not asked for');
      assert.match(said(), /Ghost text takes \d\.\d s or more here/);
      assert.equal((await offered(document, BEHIND)).length, 1);
      assert.doesNotMatch(said(), /ghost text/i);
    });

    it('says that it is for a few seconds, where the model was fast before', async () => {
      const { document } = await openFile('busy.py', `${CUT}\n`);
      const backOff = palimpsest['ghost']['backOff'];
      for (const millis of [200, 4000, 4000]) backOff.answered(millis);
      assert.deepEqual(await automatically(document, BEHIND), []);
      assert.match(said(), /No ghost text for a few seconds: the last answer took too long\./);
      backOff.answered(200);
      assert.equal((await automatically(document, BEHIND)).length, 1);
      assert.doesNotMatch(said(), /ghost text/i);
    });

    it('says that it was typed past', async () => {
      const editor = await openFile('late.py', `${CUT}\n`);
      const { document } = editor;
      const hovers: string[] = [];
      const silent = status.silent.bind(status);
      const stop = replace(status, 'silent', (why: string | undefined) => {
        silent(why);
        hovers.push(said());
      });
      try {
        const [first, second] = await whileHeld(async () => {
          const early = automatically(document, BEHIND);
          await until(() => palimpsest['ghost']['requests']['running'], 'the first question');
          await editor.edit((edit) => edit.insert(BEHIND, 'q'));
          const context = {
            triggerKind: InlineCompletionTriggerKind.Automatic,
            selectedCompletionInfo: undefined,
          };
          const { token } = new CancellationTokenSource();
          hovers.length = 0;
          return [early, palimpsest.provideInline(document, BEHIND.translate(0, 1), context, token, true)];
        });
        await Promise.all([first, second]);
        assert.match(hovers[0] ?? '', /No ghost text: the model is slower than you type\./);
      } finally {
        stop();
      }
    });
  });
});
