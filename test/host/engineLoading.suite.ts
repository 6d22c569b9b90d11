// While the engine starts and loads its model: killed, cancelled, or given up. The real engine with the starter model.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, afterEach, before, describe, it } from 'mocha';
import { commands, window } from 'vscode';
import { Emitter } from '../../engine/rpc/emitter';
import type { EngineState, EngineSupervisor } from '../../extension/engine/supervisor';
import type { Palimpsest } from '../../extension/palimpsest';
import { LoadingNotice } from '../../extension/ui/loadingProgress';
import {
  answerTo,
  closeEverything,
  enginesOfThisHost,
  fingerprint,
  GIBBERISH,
  internals,
  messages,
  openFile,
  select,
  startRewrite,
  until,
  useCpu,
} from './host';

let palimpsest: Palimpsest;

describe('engine, while it loads', () => {
  before(async () => {
    await useCpu();
    palimpsest = await (await internals()).palimpsest();
  });
  afterEach(closeEverything);
  after(() => palimpsest.engine.restart());

  /** False where the load was over before the kill: the host may hear of its last stage and of its end at once. */
  async function killedWhileLoading(
    stage: 'opening' | 'probing' | 'quantising' | 'session',
  ): Promise<boolean> {
    await palimpsest.restartEngine();
    await palimpsest.engine.stop();
    fs.rmSync(palimpsest.cacheFolder, { recursive: true, force: true });
    const heard = messages();
    let kills = 0;
    let next: string | undefined;
    const listening = palimpsest.engine.onState((state) => {
      if (kills > 0) next ??= state.kind;
      if (state.kind !== 'loading' || state.progress?.stage !== stage || kills > 0) return;
      for (const pid of enginesOfThisHost()) {
        kills++;
        process.kill(pid, 'SIGKILL');
      }
    });
    try {
      const editor = await openFile(`loading-${stage}.py`, `def f():\n    ${GIBBERISH}\n`);
      const untouched = fingerprint(editor.document);
      await select(editor, [1, 1]);
      const answered = answerTo(editor).then(
        () => true,
        (error: unknown) => {
          if (next === 'ready') return false;
          throw error;
        },
      );
      if (!(await answered)) return false;
      assert.equal(kills, 1);
      assert.deepEqual(heard.said, []);
      await commands.executeCommand('palimpsest.rejectRewrite');
      assert.deepEqual(fingerprint(editor.document), untouched);
      assert.equal(enginesOfThisHost().length, 1);
      return true;
    } finally {
      listening.dispose();
      heard.stop();
    }
  }

  for (const stage of ['opening', 'probing', 'quantising', 'session'] as const) {
    it(`killed while it loads (${stage}), it is started again and the rewrite gets its answer`, async () => {
      for (let attempt = 0; !(await killedWhileLoading(stage)); attempt++) {
        assert.ok(attempt < 2, 'three times the load was over before the kill');
        await closeEverything();
      }
    });
  }

  it('cancelled at every stage of its start, a rewrite leaves nothing behind', async () => {
    const heard = messages();
    try {
      for (const kind of ['starting', 'loading', 'ready'] as const) {
        await palimpsest.engine.stop();
        const editor = await openFile(`cancel-${kind}.py`, `def f():\n    ${GIBBERISH}\n`);
        const untouched = fingerprint(editor.document);
        await select(editor, [1, 1]);
        const { selections } = editor;
        const reached = new Promise<void>((resolve) => {
          const listening = palimpsest.engine.onState((state) => {
            if (state.kind !== kind) return;
            listening.dispose();
            resolve();
          });
        });
        const rewrite = await startRewrite(editor);
        await reached;
        await commands.executeCommand('palimpsest.cancelRewrite');
        await commands.executeCommand('palimpsest.rejectRewrite');
        await until(() => rewrite.ending, 'the end of the rewrite');
        assert.deepEqual(fingerprint(editor.document), untouched);
        await until(() => editor.selection.isEqual(selections[0] ?? editor.selection), 'the old selection');
        await until(() => palimpsest.engine.state.kind === 'ready', 'the engine, for the next one');
      }
      assert.deepEqual(heard.said, []);
    } finally {
      heard.stop();
    }
  });

  it('one notification says that the model loads, however often it begins while VS Code opens it', async () => {
    const states = new Emitter<EngineState>();
    const engine = {
      onState: states.event,
      isAwaited: true,
      state: { kind: 'stopped' } as EngineState,
      stop: async () => undefined,
    };
    const enter = (state: EngineState) => {
      engine.state = state;
      states.fire(state);
    };
    const { withProgress } = window;
    const set = (value: unknown) =>
      Object.defineProperty(window, 'withProgress', { configurable: true, writable: true, value });
    const asked: (() => Promise<void>)[] = [];
    // VS Code answers later.
    set((_options: unknown, task: (report: unknown, token: unknown) => Promise<void>) => {
      const token = { onCancellationRequested: () => ({ dispose: () => undefined }) };
      return new Promise<void>((resolve) => {
        asked.push(() => task({ report: () => undefined }, token).then(resolve));
      });
    });
    const notice = new LoadingNotice(engine as unknown as EngineSupervisor);
    try {
      enter({ kind: 'loading' });
      await until(() => asked.length === 1, 'a notification');
      enter({ kind: 'stopped' });
      enter({ kind: 'loading' });
      assert.equal(Reflect.get(notice, 'timer'), undefined, 'no second one is waited for');
      const opened = asked[0]?.();
      enter({ kind: 'stopped' });
      await opened;
      assert.equal(asked.length, 1);
      enter({ kind: 'loading' });
      await until(() => asked.length === 2, 'another one, for another loading');
      const second = asked[1]?.();
      enter({ kind: 'stopped' });
      await second;
    } finally {
      set(withProgress);
      notice.dispose();
      states.dispose();
    }
  });

  it('loading that a person gives up ends it', async () => {
    await palimpsest.engine.stop();
    const editor = await openFile('given-up.py', `def f():\n    ${GIBBERISH}\n`);
    const untouched = fingerprint(editor.document);
    await select(editor, [1, 1]);
    const heard = messages();
    try {
      const rewrite = await startRewrite(editor);
      // What Cancel of the progress does.
      await palimpsest.engine.stop();
      await until(() => rewrite.ending, 'the end of the rewrite');
      assert.equal(palimpsest.engine.state.kind, 'stopped');
      assert.deepEqual(enginesOfThisHost(), []);
      assert.deepEqual(heard.said, []);
      assert.deepEqual(fingerprint(editor.document), untouched);
    } finally {
      heard.stop();
    }
  });
});
