// Two hundred requests in a row of every kind, answered, cancelled, accepted and undone: nothing may grow. The figures are
// printed, with what an editor that is open all day would make of them in mind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import v8 from 'node:v8';
import vm from 'node:vm';
import { after, before, describe, it } from 'mocha';
import {
  CancellationTokenSource,
  commands,
  InlineCompletionTriggerKind,
  type Position,
  Range,
  type TextEditor,
} from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import {
  closeEverything,
  configure,
  denoised,
  internals,
  LONG_TEXT,
  openFile,
  select,
  startRewrite,
  until,
  useCpu,
} from './host';

const REQUESTS = 120;
const INVOKED = { triggerKind: InlineCompletionTriggerKind.Invoke, selectedCompletionInfo: undefined };

interface Measure {
  readonly engine: number | undefined;
  /** Processes that the extension host has started. */
  readonly processes: number;
  /** Timers, pipes, sockets and files that the extension host holds. */
  readonly resources: number;
  /** Bytes. */
  readonly heap: number;
  readonly engineMemory: number;
}

describe('endurance', () => {
  let palimpsest: Palimpsest;
  const warnings: string[] = [];
  const hear = (warning: Error) => void warnings.push(`${warning.name}: ${warning.message}`);
  before(async () => {
    await useCpu();
    await configure('rewrite.candidates', 1);
    await configure('ghostText.enabled', false);
    palimpsest = await (await internals()).palimpsest();
    process.on('warning', hear);
  });
  after(async () => {
    process.off('warning', hear);
    await configure('rewrite.candidates', undefined);
    await configure('ghostText.enabled', undefined);
    await closeEverything();
  });

  /** Twice, with a turn of the event loop between: what is finalised frees more. */
  async function collected(): Promise<number> {
    v8.setFlagsFromString('--expose-gc');
    const collect: unknown = vm.runInNewContext('gc');
    for (let i = 0; i < 3; i++) {
      if (typeof collect === 'function') collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return process.memoryUsage().heapUsed;
  }

  function children(): number {
    const { stdout } = spawnSync('ps', ['-eo', 'ppid=,args='], { encoding: 'utf8' });
    return stdout
      .split('\n')
      .filter((line) => Number.parseInt(line, 10) === process.pid && !line.includes('ps -eo')).length;
  }

  async function measure(): Promise<Measure> {
    const status = await palimpsest.engine.use(({ client }) => client.status());
    const heap = await collected();
    return {
      engine: palimpsest.engine.pid,
      processes: children(),
      resources: process.getActiveResourcesInfo().filter((name) => name !== 'Timeout' && name !== 'Immediate')
        .length,
      heap,
      engineMemory: status.residentMemory,
    };
  }

  async function ghost(editor: TextEditor, at: Position, cancelled: boolean): Promise<void> {
    const source = new CancellationTokenSource();
    const candidate = palimpsest.provideInline(editor.document, at, INVOKED, source.token, true);
    if (cancelled) source.cancel();
    await candidate;
    source.dispose();
  }

  async function rewrite(editor: TextEditor, way: number): Promise<void> {
    const { document } = editor;
    const before = document.getText();
    await select(editor, [31, 31]);
    const one = await startRewrite(editor);
    if (way === 0) {
      await commands.executeCommand('palimpsest.cancelRewrite');
    } else {
      await denoised(one);
      if (one.kind === 'reviewing' && way === 1) {
        await commands.executeCommand('palimpsest.acceptRewrite');
        await until(() => one.ending, 'the end');
        await commands.executeCommand('undo');
      } else {
        await commands.executeCommand('palimpsest.rejectRewrite');
      }
    }
    await until(() => one.ending, 'the end');
    assert.equal(document.getText(), before);
  }

  async function requests(editor: TextEditor, count: number, first: number): Promise<void> {
    const { document } = editor;
    for (let i = first; i < first + count; i++) {
      if (i % 4 === 3) {
        await rewrite(editor, Math.floor(i / 4) % 3);
        continue;
      }
      // Another text each time: what is known would not be asked for.
      const line = document.lineAt(26 + (i % 3));
      const at = line.range.end;
      await editor.edit((edit) => edit.insert(at, ` ${i}`), { undoStopBefore: false, undoStopAfter: false });
      const typed = new Range(at, document.lineAt(line.lineNumber).range.end);
      await ghost(editor, typed.end, i % 5 === 4);
      await editor.edit((edit) => edit.delete(typed), { undoStopBefore: false, undoStopAfter: false });
    }
  }

  it(`${REQUESTS} requests in a row: no more listeners, processes or memory than before`, async function () {
    this.timeout(300_000);
    const editor = await openFile('endurance.limiter', LONG_TEXT);
    await palimpsest.engine.use(async () => undefined, { revive: true });
    await requests(editor, 24, 0);
    const first = await measure();
    await requests(editor, REQUESTS / 2, 24);
    const middle = await measure();
    await requests(editor, REQUESTS / 2, 24 + REQUESTS / 2);
    // Git is asked now and then what to ignore: what ends by itself is not left behind.
    await until(() => children() <= first.processes, 'no process more than before');
    const last = await measure();

    const mega = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    for (const [when, all] of Object.entries({ first, middle, last })) {
      console.log(
        `      ${when}: heap ${mega(all.heap)}, engine ${mega(all.engineMemory)}, ${all.processes} processes, ${all.resources} resources`,
      );
    }
    assert.equal(editor.document.getText(), LONG_TEXT);
    assert.equal(last.engine, first.engine, 'the same engine served them all');
    assert.ok(last.resources <= first.resources + 2, 'pipes and sockets');
    assert.deepEqual(
      warnings.filter((warning) => /MaxListeners/.test(warning)),
      [],
    );
    // An undo stack of the editor's and a cache of ours may fill, and memory is given back late, in the one half or the other:
    // what is lost each time is lost in both.
    const lost = (of: (all: Measure) => number) => Math.min(of(middle) - of(first), of(last) - of(middle));
    const heap = lost((all) => all.heap);
    assert.ok(heap < 4e6, `the extension host’s heap grew by ${mega(heap)} in each half`);
    const engine = lost((all) => all.engineMemory);
    assert.ok(engine < 32e6, `the engine grew by ${mega(engine)} in each half`);
    const status = await palimpsest.engine.use(({ client }) => client.status());
    assert.equal(status.running + status.queued, 0, 'nothing is left in the engine');
  });
});
