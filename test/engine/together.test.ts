// Requests at the same time, whose denoise steps are joint passes: each gets the answer that it would get alone, in fewer passes.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Infiller } from '../../engine/infill/infiller';
import type { InfillParams, InfillResult, ModelDescription } from '../../engine/protocol';
import type { Forward, ForwardRequest } from '../../engine/runtime/forward';
import { JointForward } from '../../engine/runtime/jointForward';
import { openFixture } from './fixtureModel';

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

function ask(
  infiller: Infiller,
  request: Partial<InfillParams>,
  signal?: AbortSignal,
): Promise<InfillResult> {
  const params = { requestId: 1, model: '', priority: 'rewrite', text: '', spans: [] } as const;
  return infiller.infill({ ...params, ...request }, signal ? { signal } : {});
}

/** What it says, but for the time that it took. */
function told({ candidates, tokens, forwards }: InfillResult): object {
  return {
    candidates: candidates.map(({ spans }) => spans.map(({ text }) => text)),
    ...{ tokens, forwards },
  };
}

describe('requests at the same time', () => {
  for (const [order, most] of ORDERS) {
    test(`are answered as each alone: ${order}`, { timeout: 120_000 }, async () => {
      const model = await openFixture(order);
      const { checkpoint, session } = model;
      const sizes: { readonly lanes: number; readonly tokens: number }[] = [];
      const counted: Forward = {
        deviceCache: false,
        run: (request: ForwardRequest) => {
          sizes.push({ lanes: request.lanes, tokens: request.ids.length / request.lanes });
          return session.run(request);
        },
      };
      const description = {} as ModelDescription;
      const alone: InfillResult[] = [];
      for (const request of REQUESTS) {
        const infiller = new Infiller(checkpoint, description, counted);
        alone.push(await ask(infiller, request));
        infiller.dispose();
      }
      const apart = sizes.splice(0).length;
      const joint = new JointForward(counted, checkpoint.shape);
      const infillers = REQUESTS.map(() => new Infiller(checkpoint, description, joint.seat()));
      try {
        for (const round of [1, 2]) {
          const answers = await Promise.all(
            infillers.map((infiller, at) => ask(infiller, REQUESTS[at] ?? {})),
          );
          assert.deepEqual(
            answers.map((answer) => told({ ...answer, forwards: 0 })),
            alone.map((answer) => told({ ...answer, forwards: 0 })),
            `round ${round}`,
          );
          if (round === 1) assert.deepEqual(answers.map(told), alone.map(told));
        }
        assert.ok(
          sizes.some(({ lanes }) => lanes >= 4),
          'no pass was joined',
        );
        const passes = sizes.length;
        assert.ok(passes < most * apart, `${passes} passes for two rounds, ${apart} for one apart`);
      } finally {
        for (const infiller of infillers) infiller.dispose();
        await model.dispose();
      }
    });
  }

  test('one that is cancelled, or fails, leaves the others as they are', { timeout: 60_000 }, async () => {
    const model = await openFixture('qwen2.5-coder');
    const { checkpoint, session } = model;
    const alone: InfillResult[] = [];
    const description = {} as ModelDescription;
    for (const request of REQUESTS) {
      const infiller = new Infiller(checkpoint, description, session);
      alone.push(await ask(infiller, request));
      infiller.dispose();
    }
    let joined = 0;
    const failing: Forward = {
      deviceCache: false,
      run: async (request) => {
        if (request.lanes === 1) return session.run(request);
        joined++;
        if (joined % 2 === 1) throw new Error('too much together');
        return session.run(request);
      },
    };
    const joint = new JointForward(failing, checkpoint.shape);
    const infillers = REQUESTS.map(() => new Infiller(checkpoint, description, joint.seat()));
    try {
      const controller = new AbortController();
      const answers = infillers.map((infiller, at) =>
        ask(infiller, REQUESTS[at] ?? {}, at === 1 ? controller.signal : undefined),
      );
      setImmediate(() => controller.abort());
      const settled = await Promise.allSettled(answers);
      const reason = settled[1]?.status === 'rejected' ? settled[1].reason : undefined;
      assert.equal(reason?.code, 'cancelled');
      for (const at of [0, 2]) {
        const one = settled[at];
        const expected = alone[at];
        assert.ok(one?.status === 'fulfilled' && expected !== undefined);
        assert.deepEqual(told({ ...one.value, forwards: 0 }), told({ ...expected, forwards: 0 }));
      }
      assert.ok(joined > 2);
    } finally {
      for (const infiller of infillers) infiller.dispose();
      await model.dispose();
    }
  });
});
