// Requests at the same time, whose denoise steps are joint passes: each gets the answer that it would get alone, in fewer passes.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { Infiller } from '../../engine/infill/infiller';
import { loadModel } from '../../engine/loadModel';
import type { LoadedModel } from '../../engine/model';
import type { InfillParams, ModelDescription, ScoreResult } from '../../engine/protocol';
import { type Forward, type ForwardRequest, openBias } from '../../engine/runtime/forward';
import { JointForward } from '../../engine/runtime/jointForward';
import { KvMemory } from '../../engine/runtime/kvMemory';
import { temporaryFolder } from '../unit/graph/tinyCheckpoint';
import { writeAdapter } from './adapterFolder';
import { same } from './cacheChecks';
import { fixtureFolder, openFixture } from './fixtureModel';

/** Several lines each, of different lengths; those of the last are rewritten in two candidates. */
const REQUESTS: readonly Partial<InfillParams>[] = [0, 1, 2, 3].map((which) => {
  const lines = Array.from({ length: 3 + 5 * which }, (_, i) => `value_${which}_${i} = call(${i * which})\n`);
  const start = lines.slice(0, 2).join('').length;
  return {
    text: lines.join(''),
    spans: [{ start, end: start + (which === 1 ? 0 : 9) }],
    ...{ maxTokens: 6 + 2 * which, candidates: which === 3 ? 2 : 1, seed: which },
    temperature: which === 2 ? 0.8 : 0,
    language: 'python',
  };
});

/**
 * Autoregressive, block by block, cached canvases, and in place, with the most passes for two rounds, as a multiple of those for one round
 * of each alone: passes over long windows are not joined.
 */
const ORDERS = [
  ['qwen2.5-coder', 1.6],
  ['stable-diffcoder', 1.6],
  ['sdar', 1.6],
  ['palimpsest', 1.6],
  ['dreamon', 1.6],
  ['llada', 1.99],
] as const;
const PRECISIONS = ['fp32', 'int8'] as const;
const DESCRIPTION = {} as ModelDescription;

/** What was written, whether or not it is worth showing, and what is shown of it. */
interface Written {
  /** By candidate and span. */
  readonly cells: Readonly<Record<string, string>>;
  readonly candidates: readonly (readonly string[])[];
  readonly tokens: number;
}

const PARAMS = { requestId: 1, model: '', priority: 'rewrite', text: '', spans: [] } as const;

async function ask(
  model: Pick<LoadedModel, 'infill'> | Infiller,
  request: Partial<InfillParams>,
  signal?: AbortSignal,
): Promise<Written> {
  const cells: Record<string, string> = {};
  const { candidates, tokens } = await model.infill(
    { ...PARAMS, ...request },
    {
      ...(signal ? { signal } : {}),
      onStep: ({ candidate, span, cells: own }) => {
        cells[`${candidate}/${span}`] = own.map(({ text }) => text).join('|');
      },
    },
  );
  return { cells, candidates: candidates.map(({ spans }) => spans.map(({ text }) => text)), tokens };
}

async function answersAlone(checkpoint: Checkpoint, forward: Forward): Promise<readonly Written[]> {
  const alone: Written[] = [];
  for (const request of REQUESTS) {
    const infiller = new Infiller(checkpoint, DESCRIPTION, forward);
    alone.push(await ask(infiller, request));
    infiller.dispose();
  }
  return alone;
}

describe('requests at the same time', () => {
  const cases = ORDERS.flatMap(([order, most]) =>
    PRECISIONS.map((precision) => ({ order, most, precision })),
  );
  for (const { order, most, precision } of cases) {
    test(`are answered as each alone: ${order}, ${precision}`, { timeout: 120_000 }, async () => {
      const model = await openFixture(order, { precision });
      const { checkpoint, session } = model;
      const sizes: { readonly lanes: number; readonly tokens: number }[] = [];
      const counted: Forward = {
        deviceCache: false,
        run: (request: ForwardRequest) => {
          sizes.push({ lanes: request.lanes, tokens: request.ids.length / request.lanes });
          return session.run(request);
        },
      };
      const alone = await answersAlone(checkpoint, counted);
      const apart = sizes.splice(0).length;
      const joint = new JointForward(counted, checkpoint.shape, session.memory);
      const infillers = REQUESTS.map(() => new Infiller(checkpoint, DESCRIPTION, joint.seat()));
      try {
        for (const round of [1, 2]) {
          const answers = await Promise.all(
            infillers.map((infiller, at) => ask(infiller, REQUESTS[at] ?? {})),
          );
          assert.deepEqual(answers, alone, `round ${round}`);
          assert.ok(answers.every(({ cells, tokens }) => tokens > 0 && Object.keys(cells).length > 0));
        }
        assert.ok(
          sizes.some(({ lanes }) => lanes >= 4),
          'no pass was joined',
        );
        const passes = sizes.length;
        assert.ok(passes < most * apart, `${passes} passes for two rounds, ${apart} for one apart`);
      } finally {
        for (const infiller of infillers) infiller.dispose();
        joint.clear();
        await model.dispose();
      }
    });
  }

  for (const drafts of [undefined, 2] as const)
    test(`share a model that was loaded for it${drafts ? ', with drafts of an adapter' : ''}`, {
      timeout: 120_000,
    }, async () => {
      const folder = drafts
        ? (await writeAdapter('qwen2.5-coder', drafts)).folder
        : path.join(fixtureFolder, 'palimpsest');
      const cacheFolder = temporaryFolder('together-cache');
      const params = { folder, provider: 'cpu', precision: 'fp32' } as const;
      const wishes = [...REQUESTS, ...REQUESTS.map((request) => ({ ...request, seed: 5, maxTokens: 9 }))];
      const scored = {
        requestId: 1,
        model: '',
        priority: 'background',
        text: wishes[2]?.text ?? '',
      } as const;
      const one = await loadModel(params, { cacheFolder });
      assert.equal(one.description.together, undefined);
      const alone: Written[] = [];
      for (const wish of wishes) alone.push(await ask(one, wish));
      const score = await one.score(scored);
      await one.dispose();
      const model = await loadModel(params, { cacheFolder, together: 3 });
      try {
        assert.equal(model.description.together, 3);
        const all = Promise.all(wishes.map((wish) => ask(model, wish)));
        const { tokens } = await model.score(scored);
        assert.deepEqual(await all, alone);
        const surprises = (of: ScoreResult['tokens']) => of.map(({ surprise = 0 }) => surprise);
        same(surprises(tokens), surprises(score.tokens));
        const late = ask(model, REQUESTS[3] ?? {});
        await model.dispose();
        assert.deepEqual(await late, alone[3], 'what runs is answered before it goes');
      } finally {
        await model.dispose();
      }
    });

  test('more than there is memory for together are tried alone, and nobody hangs', async () => {
    const shape = { layers: 1, kvHeads: 2 ** 20, headSize: 2 ** 14 };
    const lanes: number[] = [];
    const forward: Forward = {
      deviceCache: false,
      run: async (request) => {
        lanes.push(request.lanes);
        return { predictions: [], kv: undefined };
      },
    };
    const empty = new Float32Array(0);
    const past = { location: 'host', lanes: 1, positions: 30, layers: [{ k: empty, v: empty }] } as const;
    const joint = new JointForward(forward, shape, new KvMemory());
    const pass: ForwardRequest = {
      ...{ lanes: 1, ids: Int32Array.of(1), positions: Int32Array.of(30), past, asks: [] },
      ...{ bias: openBias(30, 1), temperature: 0, keep: false },
    };
    for (const _ of [1, 2]) await Promise.all([1, 2, 3].map(() => joint.seat().run(pass)));
    assert.deepEqual(lanes, [1, 1, 1, 1, 1, 1]);
    joint.clear();
  });

  test('one that is cancelled, or fails, leaves the others as they are', { timeout: 60_000 }, async () => {
    const model = await openFixture('qwen2.5-coder');
    const { checkpoint, session } = model;
    const alone = await answersAlone(checkpoint, session);
    let joined = 0;
    const failing: Forward = {
      deviceCache: false,
      run: async (request) => {
        if (!request.isApart) return session.run(request);
        joined++;
        if (joined % 2 === 1) throw new Error('too much together');
        return session.run(request);
      },
    };
    const joint = new JointForward(failing, checkpoint.shape, session.memory);
    const infillers = REQUESTS.map(() => new Infiller(checkpoint, DESCRIPTION, joint.seat()));
    try {
      const controller = new AbortController();
      const answers = infillers.map((infiller, at) =>
        ask(infiller, REQUESTS[at] ?? {}, at === 1 ? controller.signal : undefined),
      );
      setImmediate(() => controller.abort());
      const settled = await Promise.allSettled(answers);
      const reason = settled[1]?.status === 'rejected' ? settled[1].reason : undefined;
      assert.equal(reason?.code, 'cancelled');
      for (const at of [0, 2, 3]) {
        const one = settled[at];
        const expected = alone[at];
        assert.ok(one?.status === 'fulfilled' && expected !== undefined);
        assert.deepEqual(one.value, expected);
      }
      assert.ok(joined > 2);
    } finally {
      for (const infiller of infillers) infiller.dispose();
      await model.dispose();
    }
  });
});
