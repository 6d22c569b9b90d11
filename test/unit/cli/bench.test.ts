import './lazyImports';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test, { describe } from 'node:test';
import { benchLines } from '../../../engine/cli/bench';
import { median, timeForward } from '../../../engine/cli/benchTiming';
import { runCommand } from '../../../engine/cli/command';
import { plain } from '../../../engine/cli/style';
import { EngineError } from '../../../engine/errors';
import type { ForwardRequest } from '../../../engine/runtime/forward';
import { voidKv } from '../../../engine/runtime/kvState';
import { scriptedEngine, testWorld, tinyCheckpoint } from './scriptedEngine';

describe('bench', () => {
  test('medians', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
  });

  /** A session on a clock of its own: 10 ms a forward, 2 ms a step. */
  function clockedForward(checkpoint: ReturnType<typeof tinyCheckpoint>) {
    const requests: ForwardRequest[] = [];
    let time = 0;
    return {
      requests,
      now: () => time,
      forward: {
        deviceCache: false,
        run: async (request: ForwardRequest) => {
          requests.push(request);
          time += request.past.positions > 1 ? 2 : 10;
          const kv = { ...voidKv(checkpoint.shape), positions: request.past.positions + request.ids.length };
          return { predictions: [], kv: request.keep ? kv : undefined };
        },
        dispose: async () => {},
      },
    };
  }

  test('times forwards and steps in turn, the step over the whole cached context', async () => {
    const checkpoint = tinyCheckpoint();
    fs.rmSync(checkpoint.folder, { recursive: true });
    const { forward, requests, now } = clockedForward(checkpoint);
    const options = { tokens: 20, block: 4, runs: 3 };
    const timing = await timeForward(forward, checkpoint, options, {
      now,
      signal: new AbortController().signal,
    });
    assert.deepEqual(timing, { forward: 10, step: 2 });
    assert.deepEqual(
      requests.map((request) => [request.ids.length, request.past.positions, request.asks.length]),
      [
        [20, 1, 4],
        [4, 21, 4],
        [20, 1, 4],
        [4, 21, 4],
        [20, 1, 4],
        [4, 21, 4],
        [20, 1, 4],
        [4, 21, 4],
      ],
    );
    assert.deepEqual([...(requests[1]?.positions ?? [])], [20, 21, 22, 23]);
    const stop = AbortSignal.abort();
    await assert.rejects(timeForward(forward, checkpoint, options, { now, signal: stop }), {
      code: 'cancelled',
    });
  });

  test('the table: ratios against its first row, what is left out with its reason', () => {
    const row = (precision: 'fp32' | 'q8', forward: number, step: number) => ({
      precision,
      build: 12.34,
      load: 150.6,
      quantisedBytes: precision === 'q8' ? 2 ** 20 : 0,
      weightBytes: 2 ** 20,
      timing: { forward, step },
    });
    const skipped = [{ precision: 'q4' as const, reason: 'Not here.' }];
    assert.deepEqual(
      benchLines(
        [row('fp32', 200, 20), row('q8', 100, 5)],
        skipped,
        { tokens: 512, block: 32, runs: 5 },
        plain,
      ),
      [
        'precision  quantized  build ms  load ms  forward of 512, ms   ratio  step of 32, ms   ratio  forward / step',
        'fp32               –      12.3      151                 200  1.00 ×            20.0  1.00 ×            10.0',
        'q8            1.0 MB      12.3      151                 100  0.50 ×            5.00  0.25 ×            20.0',
        'q4: left out. Not here.',
      ],
    );
  });

  test('the command: one row a precision, each session given back, an unsupported one left out', async (context) => {
    const checkpoint = tinyCheckpoint();
    context.after(() => fs.rmSync(checkpoint.folder, { recursive: true, force: true }));
    let open = 0;
    const { engine } = scriptedEngine();
    const { forward } = clockedForward(checkpoint);
    const world = testWorld({
      ...engine,
      openCheckpoint: async () => checkpoint,
      decideProvider: async () => ({ provider: 'cpu', attention: 'plain', reason: '' }),
      buildGraph: async (_, options) => {
        if (options.precision === 'int8') throw new EngineError('precision-unsupported', 'Not int8.');
        return {
          model: new Uint8Array(),
          stages: [{ first: 0, end: 1 }],
          dataFolder: '/',
          options,
          quantisedBytes: 0,
          originalFiles: [],
          madeFiles: [],
        };
      },
      createForward: async () => {
        open++;
        return { ...forward, dispose: async () => void open-- };
      },
    });
    const words = [
      'bench',
      '--json',
      '--tokens',
      '16',
      '--block',
      '4',
      '--precision',
      'q8',
      '--precision',
      'int8',
    ];
    assert.equal(await runCommand(words, world), 0);
    const report = JSON.parse(world.stdout.text());
    assert.deepEqual(
      report.rows.map((row: { precision: string }) => row.precision),
      ['q8'],
    );
    assert.deepEqual(report.skipped, [{ precision: 'int8', reason: 'Not int8.' }]);
    assert.equal(report.advice[0], 'Only q8 was measured.');
    assert.ok(report.rows[0].weightBytes > 0);
    const shown = testWorld(world.engine);
    assert.equal(
      await runCommand(
        words.filter((word) => word !== '--json'),
        shown,
      ),
      0,
    );
    assert.match(
      shown.stdout.text(),
      /\n\nOnly q8 was measured\.\nWith q8, a line \(16 tokens\) takes about /,
    );
    assert.equal(open, 0);
    const inOrder = {
      ...checkpoint,
      family: { ...checkpoint.family, attention: { kind: 'block-causal', blockLength: 1 } },
    } as const;
    const tokenByToken = testWorld({ ...world.engine, openCheckpoint: async () => inOrder });
    assert.equal(
      await runCommand(['bench', '--json', '--tokens', '16', '--precision', 'q8'], tokenByToken),
      0,
    );
    const { block, advice } = JSON.parse(tokenByToken.stdout.text());
    assert.equal(block, 1);
    assert.match(advice[1], /each step writes one token/);
    const long = testWorld(world.engine);
    assert.equal(await runCommand(['bench', '--tokens', '131072'], long), 1);
    assert.match(long.stderr.text(), /\[context-too-long\]/);
  });
});
