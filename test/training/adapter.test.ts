// An adapter end to end: trained on a tiny random base and exported, then the engine opens both and reads masks as the reference does.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { openCheckpoint } from '../../engine/checkpoint/open';
import { buildGraph } from '../../engine/graph/build';
import { loadModel } from '../../engine/loadModel';
import type { InfillParams } from '../../engine/protocol';
import { shapedBias } from '../../engine/runtime/forward';
import { voidKv } from '../../engine/runtime/kvState';
import { DecoderSession } from '../../engine/runtime/session';
import { runPython } from './python';

interface Reading {
  readonly ids: readonly number[];
  /** Of every token, by row; masks stand behind the ids. */
  readonly logProbs: readonly (readonly number[])[];
}

describe('an adapter, from its training to the engine', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-adapter-'));
  const out = path.join(folder, 'out');
  const drafts = path.join(out, 'drafts');
  const cacheFolder = path.join(folder, 'cache');
  before(() => runPython('training.adapter.smoke', '--out', out));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('masks are read as the reference reads them', async () => {
    const { ids, logProbs } = JSON.parse(fs.readFileSync(path.join(out, 'reading.json'), 'utf8')) as Reading;
    const checkpoint = await openCheckpoint(drafts);
    const { shape } = checkpoint;
    const masks = checkpoint.adapter?.masks ?? 0;
    assert.equal(masks, 3);
    const graph = await buildGraph(
      checkpoint,
      { precision: 'fp32', attention: 'plain', cacheOutput: 'new', topK: 4 },
      { cacheFolder },
    );
    const session = await DecoderSession.create(graph, shape, { provider: 'cpu', threads: 1 });
    const length = ids.length + masks;
    const targets = logProbs.map((row) => row.indexOf(Math.max(...row)));
    const { predictions, kv } = await session.run({
      lanes: 1,
      ids: Int32Array.from({ length }, (_, i) => ids[i] ?? 0),
      positions: Int32Array.from({ length }, (_, i) => i),
      adapted: Uint8Array.from({ length }, (_, i) => (i < ids.length ? 0 : 1)),
      past: voidKv(shape),
      bias: shapedBias(1, length, (query, key) => key <= query),
      asks: targets.map((target, row) => ({ row, target })),
      temperature: 0,
      keep: true,
      kept: ids.length,
    });
    await session.dispose();
    assert.equal(kv?.positions, 1 + ids.length, 'of the masks nothing is kept');
    predictions.forEach(({ ids: [best], targetLogProb }, row) => {
      const wanted = logProbs[row]?.[targets[row] ?? -1] ?? Number.NaN;
      assert.ok(Math.abs(targetLogProb - wanted) < 1e-3, `row ${row}: ${targetLogProb} for ${wanted}`);
      assert.equal(best, targets[row], `row ${row}`);
    });
  });

  test('answers are the base’s', async () => {
    const text = 'def area(width, height):\n    return width * height\n';
    const at = text.indexOf('width * height');
    const wish: InfillParams = {
      ...{ requestId: 1, model: '', priority: 'rewrite', text, language: 'python', maxTokens: 16 },
      spans: [{ start: at, end: at + 14 }],
    };
    const [base, adapted] = await Promise.all(
      [path.join(out, 'base.gguf'), drafts].map(async (place) => {
        const model = await loadModel({ folder: place, provider: 'cpu', precision: 'fp32' }, { cacheFolder });
        try {
          const found: unknown[] = [];
          // Random weights seldom write text; each seed is a request of its own, for which masks draft.
          for (let seed = 0; seed < 12; seed++) {
            const { candidates } = await model.infill({ ...wish, seed, temperature: 1 });
            found.push(candidates.map(({ spans }) => spans));
          }
          return found;
        } finally {
          await model.dispose();
        }
      }),
    );
    assert.deepEqual(adapted, base);
    assert.ok(JSON.stringify(base).includes('text'), 'some of it is text');
  });
});
