import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { InfillResult } from '../../../engine/protocol';
import { completionAnswer, completionChunks, readCompletion } from '../../../engine/serve/completions';

function result(texts: readonly string[], tokens: number): InfillResult {
  const range = { start: { line: 1, column: 1 }, end: { line: 1, column: 1 } };
  return {
    ...{ model: 'm', family: 'f', provider: 'cpu', precision: 'fp32' },
    ...{ forwards: 1, tokens, tokensPerForward: 1, millis: 1 },
    candidates: texts.map((text) => ({ score: 0, spans: [{ range, start: 0, end: 0, text }] })),
  };
}

describe('OpenAI’s completions', () => {
  test('are an infill between prompt and suffix', () => {
    const { params, stream } = readCompletion({
      prompt: ['ab'],
      suffix: 'c',
      n: 2,
      top_p: 0.5,
      user: 'someone',
      presence_penalty: 1,
      logprobs: null,
    });
    assert.deepEqual(params, {
      priority: 'ghost',
      text: 'abc',
      spans: [{ start: 2, end: 2 }],
      maxTokens: 128,
      candidates: 2,
      topP: 0.5,
    });
    assert.equal(stream, false);
  });

  test('what a diffusion model cannot give is refused by name', () => {
    for (const [more, name] of [
      [{ echo: true }, 'echo'],
      [{ logprobs: 1 }, 'logprobs'],
      [{ n: 1, best_of: 2 }, 'best_of'],
      [{ prompt: ['a', 'b'] }, 'prompt'],
      [{ prompt: [1, 2] }, 'prompt'],
      [{ max_tokens: 0 }, 'max_tokens'],
      [{ stop: [''] }, 'stop'],
      [{ seed: -1 }, 'seed'],
    ] as const) {
      assert.throws(() => readCompletion({ prompt: 'a', ...more }), new RegExp(`\`${name}`));
    }
  });

  test('each choice is cut before the first stop, and says why it ended', () => {
    const answer = (texts: readonly string[], tokens: number, stops: readonly string[] = []) =>
      completionAnswer({ stops, maxTokens: 4 }, result(texts, tokens), 'id', 7).choices.map(
        ({ text, finish_reason }) => [text, finish_reason],
      );
    assert.deepEqual(answer(['a\nb\nc'], 3, ['c', '\n']), [['a', 'stop']]);
    assert.deepEqual(answer(['abcd'], 4), [['abcd', 'length']]);
    assert.deepEqual(answer(['ab;d', 'abcd'], 8, [';']), [
      ['ab', 'stop'],
      ['abcd', 'length'],
    ]);
    assert.deepEqual(answer([], 0), [['', 'stop']]);
  });

  test('a stream is one chunk, its usage where that was asked for, and the end mark', () => {
    const answer = completionAnswer({ stops: [], maxTokens: 4 }, result(['x'], 1), 'id', 7);
    assert.deepEqual(
      completionChunks(answer, false).map((chunk) => chunk === '[DONE]' || 'usage' in JSON.parse(chunk)),
      [false, true],
    );
    const [text, usage, end] = completionChunks(answer, true);
    assert.equal(JSON.parse(text ?? '').usage, null);
    assert.deepEqual(JSON.parse(usage ?? '').choices, []);
    assert.equal(JSON.parse(usage ?? '').usage.completion_tokens, 1);
    assert.equal(end, '[DONE]');
  });
});
