// Ghost text is looked for in sight where a person has pressed a key for it, and nowhere else.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, before, describe, it } from 'mocha';
import { commands } from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import { closeEverything, internals, openFile, select, startRewrite, until, useCpu } from './host';

const TEXT =
  'def total(items):\n    result = 0\n    for item in items:\n        result += item\n    return result\n';
const run = (name: string) => commands.executeCommand(`palimpsest.${name}`);

describe('ghost text that nobody asked for', () => {
  let palimpsest: Palimpsest;
  before(async () => {
    await useCpu();
    palimpsest = await (await internals()).palimpsest();
  });
  afterEach(closeEverything);

  // A review asks the editor for its own new lines, and may be over by the time the editor comes and asks.
  it('is not looked for when a review is decided as soon as it stands, nor when that is undone', async () => {
    const editor = await openFile('unasked.py', TEXT);
    const seeking = palimpsest['ghost']['seeking'];
    const sought: string[] = [];
    let reviews = 0;
    let now = '';
    const look = seeking.run.bind(seeking);
    seeking.run = (...asked) => {
      sought.push(now);
      return look(...asked);
    };
    try {
      for (const how of ['acceptRewrite', 'rejectRewrite', 'acceptHunk'])
        for (const wait of [0, 30, 200]) {
          select(editor, [1, 3]);
          const rewrite = await startRewrite(editor);
          await until(() => rewrite.kind !== 'denoising', 'an answer');
          if (rewrite.kind === 'refused') await run('showAnyway');
          if (rewrite.form === 'inline') reviews++;
          await sleep(wait);
          now = `${how} after ${wait} ms`;
          await run(how);
          await sleep(300);
          now += ', undone';
          await commands.executeCommand('undo');
          await sleep(300);
          if (editor.document.getText() !== TEXT) await commands.executeCommand('undo');
          if (rewrite.kind === 'reviewing') await run('rejectRewrite');
        }
      assert.ok(reviews > 0, 'there was something to show in the text');
      assert.deepEqual(sought, []);
      now = 'by key';
      await run('dismissGhostText');
      await commands.executeCommand('editor.action.inlineSuggest.trigger');
      assert.deepEqual(sought, ['by key'], 'and where somebody asks it is');
    } finally {
      seeking.run = look;
    }
  });
});
