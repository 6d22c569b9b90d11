// What an autoregressive model reads before it writes: bounded where a person waits, and little of it again while they type.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Infiller } from '../../engine/infill/infiller';
import type { InfillParams, ModelDescription } from '../../engine/protocol';
import type { ForwardRequest } from '../../engine/runtime/forward';
import type { KvMemory } from '../../engine/runtime/kvMemory';
import { Pace } from '../../engine/runtime/pace';
import { openFixture } from './fixtureModel';

const WINDOW = 160;
const LINES = Array.from({ length: 80 }, (_, i) => `total_${i} = first(${i}) + second(${i})\n`);

/** Tokens that each request reads before its first denoise step. */
async function readBy(order: string, requests: readonly Partial<InfillParams>[]): Promise<readonly number[]> {
  const passes = await passesBy(order, requests);
  return passes.map((lengths) => lengths.reduce((sum, length) => sum + length, 0));
}

/** Tokens of each pass that does nothing but read, by request; `millis`: as long as one over 32 tokens took before the first. */
async function passesBy(
  order: string,
  requests: readonly Partial<InfillParams>[],
  millis = 1,
): Promise<readonly (readonly number[])[]> {
  const model = await openFixture(order);
  const { checkpoint, session } = model;
  let read: number[] = [];
  const run = (request: ForwardRequest) => {
    if (request.asks.length === 0) read.push(request.ids.length);
    return session.run(request);
  };
  const pace = new Pace(checkpoint.shape);
  pace.record({ length: 32, past: 1, rows: 8 }, millis);
  const forward = { deviceCache: false, run };
  const infiller = new Infiller(checkpoint, {} as ModelDescription, forward, undefined, pace);
  const passes: (readonly number[])[] = [];
  try {
    for (const request of requests) {
      read = [];
      const params = {
        requestId: 1,
        model: '',
        priority: 'ghost',
        text: '',
        spans: [],
        maxTokens: 2,
      } as const;
      await infiller.infill({ ...params, interactive: true, window: WINDOW, ...request }, {});
      passes.push(read);
    }
  } finally {
    infiller.dispose();
    await model.dispose();
  }
  return passes;
}

/** At a line of its own in the middle. */
function typed(more: string): Pick<InfillParams, 'text' | 'spans'> {
  const before = `${LINES.slice(0, 40).join('')}${more}`;
  const text = `${before}\n${LINES.slice(40).join('')}`;
  return { text, spans: [{ start: before.length, end: before.length }] };
}

describe('reading before an answer', () => {
  test('is bounded, and of it the code behind the cursor alone is read again', async () => {
    const [first = 0, second = 0, everything = 0] = await readBy('qwen2.5-coder', [
      typed('to'),
      typed('tot'),
      { ...typed('tot'), interactive: false },
    ]);
    assert.ok(first > WINDOW / 2 && first <= WINDOW + 8, `${first}`);
    assert.ok(second > 0 && second <= WINDOW / 4 + 16, `${second}`);
    assert.ok(everything > 2 * WINDOW, `${everything}: as much as the model takes where nobody waits`);
  });

  test('is of next to nothing where the code behind the cursor is read first', async () => {
    const [first = 0, second = 0] = await readBy('seed-coder', [typed('to'), typed('tot')]);
    assert.ok(first > WINDOW / 2 && first <= WINDOW + 8, `${first}`);
    assert.ok(second <= 16, `${second}`);
  });

  test('is of the left side alone for a model that sees no other', async () => {
    // A mark in the file says where a window begins: of a larger one that takes less.
    const window = 2 * WINDOW;
    const [first = 0, second = 0] = await readBy('smollm2', [
      { ...typed('to'), window },
      { ...typed('tot'), window },
    ]);
    assert.ok(first > 0.6 * window && first <= window + 8, `${first}`);
    assert.ok(second <= 16, `${second}`);
  });

  for (const order of ['qwen2.5-coder', 'seed-coder', 'smollm2', 'sdar', 'palimpsest']) {
    test(`takes several passes where one would keep the engine busy for long after Escape, by ${order}`, async () => {
      const asked = [{ ...typed('tot'), window: 2 * WINDOW }];
      const [quick = []] = await passesBy(order, asked);
      const [slow = []] = await passesBy(order, asked, 500);
      assert.ok(Math.max(...quick) > 100, `${quick}`);
      assert.ok(slow.length > 2 && Math.max(...slow) <= 64, `${slow}`);
      const all = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + length, 0);
      assert.equal(all(slow), all(quick), 'and none of it is read twice');
    });
  }

  for (const order of ['qwen2.5-coder', 'seed-coder', 'sdar', 'palimpsest']) {
    test(`is told behind each pass, before the first step, by ${order}`, async () => {
      const model = await openFixture(order);
      const { checkpoint, session } = model;
      const infiller = new Infiller(checkpoint, {} as ModelDescription, session);
      const params = { requestId: 1, model: '', priority: 'rewrite', maxTokens: 2, ...typed('tot') } as const;
      const told: (number | 'step')[] = [];
      const context = { onRead: (done: number) => told.push(done), onStep: () => told.push('step') };
      try {
        await infiller.infill(params, context);
        const first = told.indexOf('step');
        const shares = told.slice(0, first).map(Number);
        assert.ok(shares.length > 1 && (shares[0] ?? 0) > 0, told.join());
        assert.deepEqual(
          shares,
          [...new Set(shares)].sort((a, b) => a - b),
          'it only grows',
        );
        assert.ok((shares.at(-1) ?? 0) <= 1, `${shares.at(-1)}`);
        assert.ok(told.slice(first).every((one) => one === 'step'));
        // Of what is known already nothing is told.
        told.length = 0;
        await infiller.infill(params, context);
        assert.ok(told.length > 0 && told.every((one) => one === 'step'), told.join());
      } finally {
        infiller.dispose();
        await model.dispose();
      }
    });
  }

  for (const order of ['qwen2.5-coder', 'sdar', 'palimpsest']) {
    test(`is all that is kept behind a request, whatever was written, by ${order}`, async () => {
      const model = await openFixture(order);
      const { checkpoint, session } = model;
      const { memory } = session as unknown as { readonly memory: KvMemory };
      const infiller = new Infiller(checkpoint, {} as ModelDescription, session);
      const request = { requestId: 1, model: '', priority: 'rewrite', ...typed('tot') } as const;
      const kept = async (candidates: number, maxTokens: number) => {
        await infiller.infill({ ...request, candidates, maxTokens }, {});
        return memory.bytes.used;
      };
      try {
        const one = await kept(1, 2);
        assert.ok(one > 0);
        const more = await kept(4, 24);
        assert.ok(more <= one, `${more} bytes, ${one} for a shorter answer`);
        const [{ start = 0 } = {}] = request.spans;
        await infiller.score({ ...request, range: { start: start - 20, end: start } }, {});
        assert.ok(memory.bytes.used <= one, `${memory.bytes.used} bytes, ${one} before`);
      } finally {
        infiller.dispose();
        assert.equal(memory.bytes.used, 0);
        await model.dispose();
      }
    });
  }

  for (const order of ['qwen2.5-coder', 'seed-coder']) {
    test(`is done once for a line that is scored, scored otherwise, and then written, by ${order}`, async () => {
      const model = await openFixture(order);
      const { checkpoint, session } = model;
      let read = 0;
      const run = (request: ForwardRequest) => {
        if (request.asks.length === 0) read += request.ids.length;
        return session.run(request);
      };
      const pace = new Pace(checkpoint.shape);
      pace.record({ length: 32, past: 1, rows: 8 }, 1);
      const forward = { deviceCache: false, run };
      const infiller = new Infiller(checkpoint, {} as ModelDescription, forward, undefined, pace);
      const start = LINES.slice(0, 40).join('').length;
      const asked = { requestId: 1, model: '', priority: 'rewrite', interactive: true } as const;
      const withLine = (line: string) => ({
        text: `${LINES.slice(0, 40).join('')}${line}\n${LINES.slice(41).join('')}`,
        range: { start, end: start + line.length },
      });
      try {
        const line = LINES[40]?.trimEnd() ?? '';
        const { text, range } = withLine(line);
        const told: number[] = [];
        const onScored = (done: number) => told.push(done);
        const { method, end } = await infiller.score({ ...asked, text, range, withEnd: true }, { onScored });
        // What is read is most of the work, and is told while it is read.
        assert.ok(told[0] !== undefined && told[0] < 0.8, `${told}`);
        assert.deepEqual(
          told,
          told.toSorted((a, b) => a - b),
        );
        assert.equal(told.at(-1), 1);
        assert.equal(method, 'masked');
        assert.ok(end !== undefined && end.surprise >= 0 && end.alternatives.length > 0);
        assert.ok(read > WINDOW, `${read}`);
        read = 0;
        told.length = 0;
        await infiller.score({ ...asked, ...withLine(line.replace('+', '-')) }, { onScored });
        assert.ok(
          told.some((done) => done < 0.5),
          'of what is known nothing is read',
        );
        await infiller.infill({ ...asked, text, spans: [range] }, {});
        assert.equal(read, 0);
      } finally {
        infiller.dispose();
        await model.dispose();
      }
    });
  }

  test('goes ahead into what stood there, from the first pass on', async () => {
    const model = await openFixture('qwen2.5-coder');
    const widths: number[] = [];
    const run = (request: ForwardRequest) => {
      if (request.asks.length > 0) widths.push(request.ids.length);
      return model.session.run(request);
    };
    const infiller = new Infiller(model.checkpoint, {} as ModelDescription, { deviceCache: false, run });
    const text = LINES.slice(0, 3).join('');
    const start = LINES[0]?.length ?? 0;
    const spans = [{ start, end: start + (LINES[1]?.length ?? 0) - 1 }];
    const params = { requestId: 1, model: '', priority: 'rewrite', text, spans, maxTokens: 2 } as const;
    try {
      await infiller.infill(params, {});
      assert.ok((widths[0] ?? 0) > 1, widths.join(' '));
    } finally {
      infiller.dispose();
      await model.dispose();
    }
  });
});
