// Ghost text is looked for in sight where a person has pressed a key for it, and nowhere else.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, before, describe, it } from 'mocha';
import { commands, env, UIKind } from 'vscode';
import { EngineError } from '../../engine/errors';
import type { EngineState } from '../../extension/engine/supervisor';
import { ByKeyNotice } from '../../extension/ghost/byKeyNotice';
import type { Palimpsest } from '../../extension/palimpsest';
import { choosing, closeEverything, internals, openFile, select, startRewrite, until, useCpu } from './host';

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
          await select(editor, [1, 3]);
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

  it('is told of once for each model that is too slow for it', async () => {
    const kept = new Map<string, unknown>();
    const notice = new ByKeyNotice({
      get: <T>(key: string, absent?: T) => (kept.has(key) ? kept.get(key) : absent) as T,
      update: async (key, value) => void kept.set(key, value),
    });
    const { state } = palimpsest.engine;
    assert.ok(state.kind === 'ready');
    const running = (name: string, isSlow: boolean): EngineState => ({
      ...state,
      model: { ...state.model, name, isSlow },
    });
    const heard = choosing('none of them');
    try {
      await notice.tell(1800, running('fast', false));
      await notice.tell(1800, { kind: 'restarting', error: new EngineError('engine-exited', 'It is gone.') });
      assert.deepEqual(heard.said, [], 'late once is not slow');
      await Promise.all([notice.tell(2300, running('slow', true)), notice.tell(2400, running('slow', true))]);
      await notice.tell(2500, running('slow', true));
      await notice.tell(3000, running('slower', true));
      assert.equal(heard.said.length, 2, heard.said.join('\n'));
      const said = heard.said[0] ?? '';
      assert.match(said, /^Ghost text takes 2\.3 s or more here with slow, /);
      const isNear = env.uiKind === UIKind.Desktop && env.remoteName === undefined;
      // Where this window's keyboard may be another machine's, both are named.
      const keys = isNear
        ? /\((Alt\+\\, Shift\+Alt\+T|⌥\\, ⌃⌘T)\)\.$/
        : /\(Alt\+\\, Shift\+Alt\+T; macOS: ⌥\\, ⌃⌘T\)\.$/;
      assert.match(said, keys);
    } finally {
      heard.stop();
    }
  });
});
