import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import type { Checkpoint } from '../../../engine/checkpoint/types';
import { lengthTokensOf } from '../../../engine/decoding/request';
import { type Scorer, scoreText, windows } from '../../../engine/infill/scoreText';

describe('windows in which a long text is scored', () => {
  test('each token once, in its window, with a quarter of the budget on both sides where there is text', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 80 }),
        (a, b, c, budget) => {
          const [first = 0, last = 0, count = 0] = [a, b, c].sort((x, y) => x - y);
          let next = first;
          for (const window of windows(first, last, count, budget)) {
            assert.equal(window.first, next);
            assert.ok(window.last > window.first && window.last <= last);
            assert.ok(window.from >= 0 && window.to <= count && window.to - window.from <= budget);
            const side = Math.floor(budget / 4);
            assert.ok(window.from <= Math.max(0, window.first - side));
            assert.ok(window.to >= Math.min(count, window.last + side));
            next = window.last;
          }
          assert.equal(next, last);
        },
      ),
    );
  });
});

describe('the end of a range', () => {
  const opened = openCheckpoint(path.join(__dirname, '../../fixtures/checkpoints/qwen2.5-coder'));

  async function endOf(text: string, range: { start: number; end: number }, asks = true) {
    const checkpoint = await opened;
    const id = (of: string) => checkpoint.tokenizer.encode(of).ids[0] ?? assert.fail();
    const { ends } = lengthTokensOf(checkpoint.family.length, checkpoint.specials);
    const best = {
      ids: Int32Array.of(id('x'), ends[0] ?? assert.fail(), id('\n')),
      logProbs: Float32Array.from([0.5, 0.3, 0.2], Math.log),
      ...{ entropy: 1, targetLogProb: 0 },
    };
    const scorer: Scorer = {
      score: async (_tokens, { from, to, withEnd }) => [
        ...Array.from({ length: to - from }, () => ({ surprise: 1, best })),
        ...(withEnd ? [{ surprise: -Math.log(0.3), best }] : []),
      ],
      forwards: () => 1,
    };
    const asked = { requestId: 1, model: 'm', text, priority: 'background', range, withEnd: asks } as const;
    const { tokens, end } = await scoreText(asked, checkpoint, 'm', scorer);
    assert.ok(
      tokens
        .map((token) => token.text)
        .join('')
        .startsWith(text.slice(range.start, range.end)),
    );
    return end;
  }

  test('is told where somebody asks: another line is an end, too, and a sign that ends is none to write', async () => {
    const end = (await endOf('x = y\n\nz = 1\n', { start: 0, end: 5 })) ?? assert.fail();
    assert.ok(Math.abs(end.surprise - -Math.log(0.5)) < 1e-6, `${end.surprise}`);
    assert.equal(end.expected, 1);
    assert.deepEqual(
      end.alternatives.map(({ text, probability }) => [text, probability.toFixed(1)]),
      [['x', '0.5']],
    );
    assert.equal(await endOf('x = y\n\nz = 1\n', { start: 0, end: 5 }, false), undefined);
  });

  test('is not where the text ends, or a token goes on', async () => {
    assert.equal(await endOf('x = y', { start: 0, end: 5 }), undefined);
    const code = 'def f(self):\n    return self\n';
    const { starts } = (await opened).tokenizer.encode(code);
    // The first token of several characters, and its first character alone.
    const long = starts.findIndex((start, index) => (starts[index + 1] ?? start) - start > 1);
    const at = starts[long] ?? assert.fail();
    assert.equal(await endOf(code, { start: 0, end: at + 1 }), undefined);
    assert.notEqual(await endOf(code, { start: 0, end: starts[long + 1] ?? assert.fail() }), undefined);
  });
});

describe('a text that is too long to be tokenised at once', () => {
  const opened = openCheckpoint(path.join(__dirname, '../../fixtures/checkpoints/palimpsest'));
  const scorer: Scorer = {
    score: async (_tokens, { from, to }) =>
      Array.from({ length: to - from }, () => ({
        surprise: 1,
        best: { ids: new Int32Array(), logProbs: new Float32Array(), targetLogProb: -1 },
      })) as unknown as Awaited<ReturnType<Scorer['score']>>,
    forwards: () => 1,
  };

  /** The checkpoint, and the longest text that its tokenizer is given. */
  async function watched(): Promise<{ checkpoint: Checkpoint; longest: () => number }> {
    const checkpoint = await opened;
    let longest = 0;
    const tokenizer = Object.create(checkpoint.tokenizer) as Checkpoint['tokenizer'];
    tokenizer.encode = (text) => {
      longest = Math.max(longest, text.length);
      return checkpoint.tokenizer.encode(text);
    };
    return { checkpoint: { ...checkpoint, tokenizer }, longest: () => longest };
  }

  const score = (checkpoint: Checkpoint, text: string, range?: { start: number; end: number }) =>
    scoreText(
      { requestId: 1, model: 'm', text, priority: 'background', ...(range ? { range } : {}) },
      checkpoint,
      'm',
      scorer,
    );

  test('a range is scored in work that depends on the range alone', async () => {
    const { checkpoint, longest } = await watched();
    const line = 'total = total + values[index]\n';
    const text = line.repeat(Math.ceil(19e6 / line.length));
    const start = line.length * 300_000;
    const { tokens } = await score(checkpoint, text, { start, end: start + 60 });
    assert.ok(longest() > 0 && longest() < 200_000, `${longest()} characters`);
    assert.equal(tokens.map((token) => token.text).join(''), line.repeat(2));
    assert.equal(tokens[0]?.start, start);
  });

  test('every character is in one token, whatever the pieces', async () => {
    const { checkpoint, longest } = await watched();
    for (const part of ['a = b\n', '    x\r\n', '🦊 = "漢字"\n', 'no_line_ends_at_all ', '\n']) {
      const text = part.repeat(Math.ceil(70_000 / part.length));
      const { tokens } = await score(checkpoint, text);
      assert.ok(longest() < text.length);
      let at = 0;
      for (const token of tokens) {
        assert.equal(token.start, at);
        at = token.end;
      }
      assert.equal(at, text.length);
    }
  });

  test('a short one in one piece, an empty range in its token', async () => {
    const { checkpoint, longest } = await watched();
    const text = 'def f(x):\n    return x\n';
    const { tokens } = await score(checkpoint, text, { start: 1, end: 1 });
    assert.equal(longest(), text.length);
    assert.ok(tokens.length <= 1);
    assert.deepEqual((await score(checkpoint, '')).tokens, []);
  });
});
