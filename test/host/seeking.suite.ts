// Ghost text that somebody pressed a key for, while it is looked for: it can be ended, and the editor says so.
import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'mocha';
import {
  CancellationTokenSource,
  commands,
  InlineCompletionTriggerKind,
  Position,
  Selection,
  type TextDocument,
} from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import {
  closeEverything,
  configure,
  internals,
  openFile,
  statusMessages,
  useScriptedEngine,
  whileHeld,
} from './host';

const PROGRAM = 'first = 1\nsecond = \nthird = 3\n';
const AT = new Position(1, 'second = '.length);

describe('ghost text that is looked for', () => {
  useScriptedEngine();
  let palimpsest: Palimpsest;
  before(async () => {
    palimpsest = await (await internals()).palimpsest();
    await palimpsest.engine.restart();
  });
  afterEach(closeEverything);

  const asked = (
    document: TextDocument,
    token = new CancellationTokenSource().token,
    triggerKind = InlineCompletionTriggerKind.Invoke,
  ) =>
    palimpsest.provideInline(document, AT, { triggerKind, selectedCompletionInfo: undefined }, token, true);

  it('ends at Escape, and at the next key', async () => {
    const { document } = await openFile('seeking.py', PROGRAM);
    await whileHeld(async () => {
      const first = asked(document);
      // The engine has taken it and stays where it is: only who ends it gets an answer.
      const isHeld = await Promise.race([first.then(() => false), settled(300).then(() => true)]);
      assert.ok(isHeld, 'it is looked for');
      await commands.executeCommand('palimpsest.dismissGhostText');
      assert.deepEqual(await first, [], 'Escape');
      const source = new CancellationTokenSource();
      const second = asked(document, source.token);
      await settled(300);
      source.cancel();
      assert.deepEqual(await second, [], 'the next key');
      // The engine is free again: what is asked for now is begun.
      const third = asked(document);
      assert.ok(await Promise.race([third.then(() => false), settled(300).then(() => true)]));
      await commands.executeCommand('palimpsest.dismissGhostText');
      await third;
    });
    await asked(document);
    assert.equal(palimpsest.engine.state.kind, 'ready', 'and answers, when nobody ends it');
  });

  it('ends where the cursor goes elsewhere', async () => {
    const editor = await openFile('sought.py', PROGRAM);
    editor.selection = new Selection(AT, AT);
    await whileHeld(async () => {
      const first = asked(editor.document);
      assert.ok(
        await Promise.race([first.then(() => false), settled(300).then(() => true)]),
        'it is looked for',
      );
      editor.selection = new Selection(0, 0, 0, 0);
      assert.deepEqual(await first, []);
    });
  });

  it('ends where another file is gone to', async () => {
    const { document } = await openFile('sought.py', PROGRAM);
    await whileHeld(async () => {
      const first = asked(document);
      assert.ok(
        await Promise.race([first.then(() => false), settled(300).then(() => true)]),
        'it is looked for',
      );
      await openFile('elsewhere.py', PROGRAM);
      assert.deepEqual(await first, []);
    });
  });

  it('that is not found is said, and who asked by key is asked for again where the editor takes it back', async () => {
    const { document } = await openFile('sought.py', PROGRAM);
    await configure('ghostText.trigger', 'onRequest');
    const bar = statusMessages();
    const nothing = () => bar.said.filter((text) => /finds nothing that fits here/.test(text)).length;
    const byItself = (one: TextDocument) => asked(one, undefined, InlineCompletionTriggerKind.Automatic);
    try {
      // The scripted model has no text for a hole.
      assert.deepEqual(await asked(document), []);
      assert.equal(nothing(), 1);
      const { status } = await internals();
      const hover = status.tooltip;
      assert.match(hover.replace(/\\/g, ''), /finds nothing that fits here/);
      assert.deepEqual(await byItself(document), []);
      assert.equal(nothing(), 1, 'that question was answered');
      assert.equal(status.tooltip, hover, 'and the hover goes on saying so');
      // What is known of a place is not looked for.
      const { document: other } = await openFile('soughtToo.py', PROGRAM);
      await whileHeld(async () => {
        const source = new CancellationTokenSource();
        const first = asked(other, source.token);
        await settled(300);
        // The suggestion widget opens.
        source.cancel();
        const second = byItself(other);
        assert.deepEqual(await first, []);
        assert.ok(
          await Promise.race([second.then(() => false), settled(300).then(() => true)]),
          'it goes on',
        );
        await commands.executeCommand('palimpsest.dismissGhostText');
        assert.deepEqual(await second, []);
        assert.deepEqual(await byItself(other), [], 'after Escape nobody has asked');
      });
    } finally {
      bar.stop();
      await configure('ghostText.trigger', undefined);
    }
  });
});

function settled(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
