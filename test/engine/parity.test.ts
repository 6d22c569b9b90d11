// Our graphs against PyTorch on the same weights, for every family; and proof that each check would notice.
import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { DecoderRun, floats, type Sequence } from './decoderRun';
import {
  cachedDifference,
  canvasAgainstContext,
  everything,
  movedBy,
  places,
  rowsOf,
  type Subject,
  subjectOf,
  uncachedDifference,
  wrongSequences,
} from './parityChecks';
import { CHECKPOINTS, fixtureNames, relativeDifference } from './reference';

/** The project promises 1e-3; rounding alone stays near 1e-6, so that a tenth of a per mille is already a bug. */
const LIMIT = 1e-4;
/** Least that a wrong mask, shift or position must move the logits: a hundred times the limit. */
const NOTICEABLE = 1e-2;

const ATTENTIONS = ['plain', 'fused'] as const;
const opened = new Map<string, Checkpoint>();

before(async () => {
  for (const name of fixtureNames()) opened.set(name, await openCheckpoint(path.join(CHECKPOINTS, name)));
});

async function withRun<T>(
  checkpoint: Checkpoint,
  options: Parameters<typeof DecoderRun.create>[2],
  body: (run: DecoderRun) => Promise<T>,
): Promise<T> {
  const run = await DecoderRun.create(checkpoint, os.tmpdir(), options);
  try {
    return await body(run);
  } finally {
    await run.release();
  }
}

function near(difference: number, what: string): void {
  assert.ok(difference <= LIMIT, `${what}: relative difference ${difference.toExponential(2)}`);
}

function far(difference: number, what: string): void {
  assert.ok(difference > NOTICEABLE, `${what} moved the logits by ${difference.toExponential(2)} only`);
}

for (const name of fixtureNames()) {
  describe(name, () => {
    let subject: Subject;
    before(() => {
      const checkpoint = opened.get(name);
      assert.ok(checkpoint);
      subject = subjectOf(name, checkpoint);
    });

    for (const attention of ATTENTIONS) {
      describe(`${attention} attention`, () => {
        let run: DecoderRun;
        before(async () => {
          run = await DecoderRun.create(subject.checkpoint, os.tmpdir(), { attention });
        });
        after(() => run.release());

        test('gives the logits that PyTorch gives', async () => {
          near(await uncachedDifference(run, subject), 'against PyTorch');
        });

        test('gives the same through the cache', async () => {
          near(await cachedDifference(run, subject), 'cached against uncached');
        });

        test('keeps the lanes of a batch apart', async () => {
          const { sequence } = subject;
          const other = lane(sequence);
          const all = everything(sequence);
          const [first, second] = await run.parts([sequence, other], all);
          assert.ok(first && second);
          near(relativeDifference(first.logits, subject.reference.logits), 'lane 0');
          const alone = await run.part(other, all);
          near(relativeDifference(second.logits, alone.logits), 'lane 1 of two against alone');
          far(relativeDifference(second.logits, first.logits), 'another lane');
        });

        test('lends one cache to every lane, or each its own', async () => {
          const { sequence } = subject;
          const half = Math.floor(sequence.ids.length / 2);
          const context = places(0, half);
          const rest = places(half, sequence.ids.length);
          const other = lane(sequence);
          const shared = await run.part(sequence, context);
          const lanes = await run.parts([sequence, other], rest, shared);
          for (const [index, mine] of [sequence, other].entries()) {
            const alone = await run.part(mine, rest, shared);
            near(
              relativeDifference(lanes[index]?.logits ?? new Float32Array(), alone.logits),
              `lane ${index}`,
            );
          }
          const [, otherContext] = await run.parts([sequence, other], context);
          assert.ok(otherContext);
          const own = run.stack([shared, otherContext]);
          const apart = await run.parts([sequence, other], rest, own);
          const alone = await run.part(other, rest, otherContext);
          near(
            relativeDifference(apart[1]?.logits ?? new Float32Array(), alone.logits),
            'a cache of its own',
          );
        });
      });
    }

    test('gives the same where the graph joins the cache itself', async () => {
      for (const attention of ATTENTIONS) {
        await withRun(subject.checkpoint, { attention, cacheOutput: 'joined' }, async (run) => {
          near(await uncachedDifference(run, subject), 'joined, against PyTorch');
          near(await cachedDifference(run, subject), 'joined, cached against uncached');
        });
      }
    });

    test('best tokens, probabilities and entropy are those of the reference logits', async () => {
      await withRun(subject.checkpoint, {}, async (run) => {
        const all = everything(subject.sequence);
        const { outputs } = await run.part(subject.sequence, all);
        const expected = all.map((row) => summary(subject, row));
        assert.deepEqual(
          Array.from(integers(outputs['top_ids']?.data)).filter((_, index) => index % 4 === 0),
          expected.map(({ best }) => best),
        );
        const measured = (name: string, pick: (row: ReturnType<typeof summary>) => number) =>
          near(
            relativeDifference(floats(outputs, name), Float32Array.from(expected, pick)),
            `${name} of the reference`,
          );
        measured('entropy', ({ entropy }) => entropy);
        measured('target_logprobs', ({ targetLogprob }) => targetLogprob);
      });
    });

    test('a wrong mask, shift or position would be noticed', async () => {
      await withRun(subject.checkpoint, {}, async (run) => {
        for (const [what, change] of wrongSequences(subject)) far(await movedBy(run, subject, change), what);
        const width = subject.checkpoint.shape.vocabSize;
        const { logits } = subject.reference;
        far(relativeDifference(logits.slice(0, -width), logits.slice(width)), 'a shift by one');
        const all = everything(subject.sequence);
        const last = all.slice(-1);
        const whole = await run.part(subject.sequence, all);
        const forgetful = await run.part(subject.sequence, last);
        far(relativeDifference(forgetful.logits, rowsOf(run, whole, last)), 'a forgotten cache');
      });
    });
  });
}

/** The sequence with other tokens, each of which sees only itself and what stands before it. */
function lane(sequence: Sequence): Sequence {
  return {
    ids: sequence.ids.toReversed(),
    positions: sequence.positions,
    visible: (query, key) => key <= query,
  };
}

/** What the graph says of a row, worked out here from the reference logits in double precision. */
function summary({ reference, checkpoint }: Subject, row: number) {
  const width = checkpoint.shape.vocabSize;
  const logits = Array.from(reference.logits.subarray(row * width, (row + 1) * width));
  const largest = Math.max(...logits);
  const normaliser = largest + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - largest), 0));
  const logprobs = logits.map((x) => x - normaliser);
  return {
    best: logits.indexOf(largest),
    entropy: -logprobs.reduce((sum, x) => sum + Math.exp(x) * x, 0),
    targetLogprob: logprobs[1] ?? Number.NaN,
  };
}

function integers(data: unknown): Int32Array {
  assert.ok(data instanceof Int32Array);
  return data;
}

describe('rotary positions', () => {
  for (const name of fixtureNames()) {
    test(`${name}: only distances count, and the scaling matters`, async () => {
      const checkpoint = opened.get(name);
      assert.ok(checkpoint);
      const subject = subjectOf(name, checkpoint);
      const { ropeScaling, ropeTheta } = checkpoint.shape;
      // A dynamic base depends on the longest position by definition.
      if (ropeScaling.kind !== 'dynamic') {
        await withRun(checkpoint, {}, async (run) => {
          const moved = { positions: subject.sequence.positions.map((position) => position + 100) };
          near(await movedBy(run, subject, moved), 'a hundred positions further on');
        });
      }
      const wrong =
        ropeScaling.kind === 'none'
          ? { ropeTheta: ropeTheta / 50 }
          : { ropeScaling: { kind: 'none' } as const };
      await withRun({ ...checkpoint, shape: { ...checkpoint.shape, ...wrong } }, {}, async (run) => {
        far(await movedBy(run, subject, {}), 'rotary frequencies without the scaling');
      });
    });
  }
});

test('a canvas whose suffix sees the prefix matches PyTorch, cached and not', async () => {
  const checkpoint = opened.get('palimpsest');
  assert.ok(checkpoint);
  const subject = subjectOf('palimpsest', checkpoint);
  const { joined, layout } = subject.reference;
  assert.ok(joined);
  const sequence = { ...subject.sequence, visible: joined.visible };
  for (const attention of ATTENTIONS) {
    await withRun(checkpoint, { attention }, async (run) => {
      const whole = await run.part(sequence, everything(sequence));
      near(relativeDifference(whole.logits, joined.logits), 'joined, uncached');
      const parts = await canvasAgainstContext(run, sequence, layout, joined.visible);
      assert.deepEqual(
        parts.flatMap((part) => part.tokens),
        everything(sequence),
      );
      for (const part of parts) {
        near(relativeDifference(part.logits, rowsOf(run, whole, part.tokens)), 'joined, cached');
      }
    });
  }
});

test('one bias row serves tokens that all see the same', async () => {
  const checkpoint = opened.get('dreamon');
  assert.ok(checkpoint);
  const subject = subjectOf('dreamon', checkpoint);
  for (const attention of ATTENTIONS) {
    await withRun(checkpoint, { attention }, async (run) => {
      const [row] = await run.parts([subject.sequence], everything(subject.sequence), undefined, true);
      assert.ok(row);
      near(relativeDifference(row.logits, subject.reference.logits), attention);
    });
  }
});

test('the fixtures cover every family and every variant of the decoder', () => {
  const all = [...opened.values()];
  const families = new Set(all.map(({ family }) => family.id));
  for (const id of [
    ...['dreamon', 'dream', 'diffucoder', 'llada', 'illada', 'open-dcoder', 'cdlm', 'a2d-qwen2', 'a2d-qwen3'],
    ...['stable-diffcoder', 'sdar', 'fast-dllm-v2', 'palimpsest', 'starcoder2'],
  ]) {
    assert.ok(families.has(id), `no fixture of ${id}`);
  }
  const scalings = new Set(all.map(({ shape }) => shape.ropeScaling.kind));
  assert.deepEqual([...scalings].sort(), ['dynamic', 'linear', 'llama3', 'none', 'yarn']);
  assert.deepEqual([...new Set(all.map(({ storedDtype }) => storedDtype))].sort(), ['BF16', 'F16', 'F32']);
  const some = (what: string, holds: (checkpoint: Checkpoint) => boolean) =>
    assert.ok(all.some(holds), `no fixture with ${what}`);
  some('as many K/V heads as heads', ({ shape }) => shape.kvHeads === shape.heads);
  some('grouped heads', ({ shape }) => shape.kvHeads > 1 && shape.kvHeads < shape.heads);
  some('one K/V head', ({ shape }) => shape.kvHeads === 1);
  some('QK norm', ({ shape }) => shape.qkNorm);
  some('heads wider than their share', ({ shape }) => shape.headSize * shape.heads > shape.hiddenSize);
  some('a tied head', ({ shape }) => shape.tiedHead);
  some('a head of its own', ({ shape }) => !shape.tiedHead);
  some('query biases', ({ tensors }) => tensors.layers.every((layer) => layer.queryBias));
  some('no biases', ({ tensors }) => tensors.layers.every((layer) => !layer.queryBias));
  some('an output bias', ({ tensors }) => tensors.layers.every((layer) => layer.attentionOutBias));
  some('layer norms', ({ shape, tensors }) => shape.norm === 'layer' && tensors.finalNormBias !== undefined);
  some('a plain MLP', ({ tensors }) => tensors.layers.every(({ gate, upBias }) => !gate && upBias));
  some("LLaDA's names", ({ family }) => family.tensorNames === 'llada');
  some('several files', ({ tensors }) => tensors.head.file !== tensors.finalNorm.file);
});
