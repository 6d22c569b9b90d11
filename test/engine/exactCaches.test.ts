// The runtime's own caches against PyTorch: what the denoise loops are told of a block must be what one pass over
// the whole sequence says, also after the context has changed under a cache that was kept.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { rotaryFrequencies } from '../../engine/graph/rotary';
import { CachedBlockDenoiser } from '../../engine/runtime/cachedBlockDenoiser';
import { BlockCausalContext, CanvasContext } from '../../engine/runtime/holeContext';
import { CachedInPlaceDenoiser } from '../../engine/runtime/inPlaceDenoiser';
import { asksFor, expected, GREEDY, load, same } from './cacheChecks';
import { count, places } from './parityChecks';

describe('block-causal caches', () => {
  for (const name of ['stable-diffcoder', 'sdar', 'fast-dllm-v2']) {
    test(`${name}: each block of the sequence, as decoding meets it`, async () => {
      const { checkpoint, session, reference } = await load(name);
      const { attention, shifted } = checkpoint.family;
      assert.equal(attention.kind, 'block-causal');
      const length = attention.kind === 'block-causal' ? attention.blockLength : 0;
      const encoder = new BlockCausalContext(session, checkpoint.shape, length);
      const denoiser = new CachedBlockDenoiser(session, checkpoint.shape, encoder, {
        blockLength: length,
        maxBlocks: 4,
        shifted,
      });
      // Up to the middle of the second block as context; the rest as blocks that were committed one by one.
      const before = reference.ids.slice(0, length + Math.floor(length / 2));
      const { lead } = await denoiser.open({ before, after: new Int32Array(0) }, 1);
      assert.deepEqual(lead, before.slice(length));
      for (let from = length; from < reference.ids.length; from += length) {
        const tokens = reference.ids.slice(from, from + length);
        const [predictions] = await denoiser.predict([{ tokens, asks: asksFor(places(0, length)) }], GREEDY);
        same(
          (predictions ?? []).map(({ targetLogProb }) => targetLogProb),
          places(from, from + length).map((row) => expected(reference, shifted ? row - 1 : row)),
        );
        await denoiser.commit([tokens]);
      }
      denoiser.dispose();
      await session.dispose();
    });
  }
});

describe('cached canvases', () => {
  for (const suffixSeesPrefix of [false, true]) {
    test(`both blocks, the suffix ${suffixSeesPrefix ? 'seeing the prefix' : 'on its own'}, also after typing`, async () => {
      const { checkpoint, session, reference } = await load('palimpsest');
      const { attention } = checkpoint.family;
      assert.equal(attention.kind, 'cached-canvas');
      const { layout, joined, ids } = reference;
      assert.ok(joined);
      const wanted = suffixSeesPrefix ? { ids, logits: joined.logits } : reference;
      const block = count(layout, 'block_length');
      const prefix = count(layout, 'prefix_length');
      const context = prefix + count(layout, 'suffix_length');
      const encoder = new CanvasContext(session, checkpoint.shape, {
        holeGap: count(layout, 'hole_gap'),
        suffixSeesPrefix,
        inverseFrequencies: rotaryFrequencies(checkpoint.shape).inverse,
      });
      const denoiser = new CachedBlockDenoiser(session, checkpoint.shape, encoder, {
        blockLength: block,
        maxBlocks: 4,
        shifted: checkpoint.family.shifted,
      });
      const suffix = ids.slice(prefix, context);
      // First as it stood before the last words were typed and before a word of the suffix's end was there.
      await denoiser.open({ before: ids.slice(0, prefix - 5), after: suffix.slice(0, -2) }, 1);
      await denoiser.open({ before: ids.slice(0, prefix), after: suffix }, 1);
      for (let from = context; from < ids.length; from += block) {
        const tokens = ids.slice(from, from + block);
        const [predictions] = await denoiser.predict([{ tokens, asks: asksFor(places(0, block)) }], GREEDY);
        same(
          (predictions ?? []).map(({ targetLogProb }) => targetLogProb),
          places(from, from + block).map((row) => expected(wanted, row)),
        );
        await denoiser.commit([tokens]);
      }
      denoiser.dispose();
      await session.dispose();
    });
  }
});

describe('in place', () => {
  for (const name of ['dreamon', 'llada', 'a2d-qwen3']) {
    test(`${name}: a full pass, and a window over K/V that nothing has changed`, async () => {
      const { checkpoint, session, reference } = await load(name);
      const { shifted } = checkpoint.family;
      const denoiser = new CachedInPlaceDenoiser(session, checkpoint.shape, {
        shifted,
        cache: 'dual',
        refreshEvery: 8,
        padToken: 0,
      });
      const first = count(reference.layout, 'first_mask');
      const masks = places(first, first + count(reference.layout, 'masks'));
      const wanted = masks.map((row) => expected(reference, shifted ? row - 1 : row));
      for (let step = 0; step < 3; step++) {
        const [predictions] = await denoiser.predict(
          [{ tokens: reference.ids, asks: asksFor(masks) }],
          GREEDY,
        );
        same(
          (predictions ?? []).map(({ targetLogProb }) => targetLogProb),
          wanted,
        );
      }
      denoiser.dispose();
      await session.dispose();
    });
  }
});
