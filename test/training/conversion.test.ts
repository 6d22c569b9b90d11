// The conversion end to end: a tiny random base as a GGUF file → cut vocabulary → rows with the suffix numbered first →
// checkpoint folder, and then the engine reads an answer behind both sides as the reference does.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { buildGraph } from '../../engine/graph/build';
import { Denoisers } from '../../engine/infill/denoisers';
import { holeContext } from '../../engine/infill/layout';
import { DecoderSession } from '../../engine/runtime/session';
import { runPython } from './python';

interface Reading {
  readonly prefix: string;
  readonly span: string;
  readonly suffix: string;
  /** Of the span's tokens and its end. */
  readonly logProbs: readonly number[];
}

describe('the conversion, from a base to the engine’s answer', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-conversion-'));
  let reading: Reading;
  let checkpoint: Checkpoint;

  before(async () => {
    const [out, answer] = [path.join(folder, 'checkpoint'), path.join(folder, 'answer.json')];
    runPython('training.convert.smoke', '--out', out, '--answer', answer);
    reading = JSON.parse(fs.readFileSync(answer, 'utf8')) as Reading;
    checkpoint = await openCheckpoint(out);
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('the folder says how its canvases lie', () => {
    assert.deepEqual(checkpoint.family.attention, {
      kind: 'cached-canvas',
      blockLength: 16,
      holeGap: 128,
      suffixSeesPrefix: false,
      suffixFirst: true,
    });
    assert.equal(checkpoint.family.shifted, true);
    assert.notEqual(checkpoint.specials.hole, undefined);
  });

  test('the engine reads an answer behind both sides as the reference does', async () => {
    await readsLikeTheReference(checkpoint, 1e-4);
  });

  for (const [mlp, rest, limit] of [
    ['F16', 'F16', 1e-2],
    ['Q4_1', 'Q8_0', 0.3],
  ] as const)
    test(`rounded to ${mlp} and ${rest}, it reads what the rounding leaves of that`, async () => {
      const out = path.join(folder, `${mlp}-${rest}`);
      runPython(
        'training.release.pack',
        '--folder',
        checkpoint.folder,
        '--out',
        out,
        '--mlp',
        mlp,
        '--rest',
        rest,
      );
      const packed = await openCheckpoint(out);
      assert.deepEqual(packed.family, { ...checkpoint.family, tensorNames: 'gguf' });
      assert.notEqual(packed.tensors.layers[0]?.query.packing, undefined);
      await readsLikeTheReference(packed, limit);
    });

  async function readsLikeTheReference(checkpoint: Checkpoint, limit: number): Promise<void> {
    const graph = await buildGraph(
      checkpoint,
      { precision: 'fp32', attention: 'plain', cacheOutput: 'new', topK: 4 },
      { cacheFolder: path.join(folder, 'cache') },
    );
    const session = await DecoderSession.create(graph, checkpoint.shape, { provider: 'cpu', threads: 1 });
    const denoisers = new Denoisers(checkpoint, session);
    const encode = (text: string) => Int32Array.from(checkpoint.tokenizer.encode(text).ids);
    const { prefix, span, suffix, logProbs } = reading;
    const { end } = checkpoint.specials;
    assert.ok(end !== undefined);
    // No special token but the end.
    const bias = new Float32Array(checkpoint.shape.vocabSize);
    for (let id = 0; id < checkpoint.shape.vocabSize; id++)
      if (checkpoint.tokenizer.decode([id]) === '' && id !== end) bias[id] = -1e9;
    const denoiser = denoisers.blockwise();
    await denoiser.open(holeContext(checkpoint, encode(prefix), encode(suffix), 'python'), 1);
    const ids = encode(span);
    const rescored = await denoiser.rescore?.({
      hypotheses: [{ ids, source: 'canvas' }],
      ...{ continuation: 0, least: ids.length, most: ids.length, bias, end },
    });
    const whole = rescored?.find((one) => one.ids.length === ids.length);
    assert.ok(whole && ids.length > 3);
    // Behind the end comes what the suffix is worth as plain text, which the reference does not read.
    const found = [...whole.logProbs, whole.onward[0] ?? Number.NaN];
    assert.equal(found.length, logProbs.length);
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - (logProbs[i] ?? Number.NaN)) < limit, `${i}: ${value} for ${logProbs[i]}`);
    });
    denoisers.dispose();
    await session.dispose();
  }
});
