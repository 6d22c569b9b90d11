// A real llama-server, where one runs: PALIMPSEST_LLAMA_SERVER names its URL. Its model is one that fills in the middle, for instance
//   llama-server -m qwen2.5-coder-0.5b-instruct-q4_k_m.gguf --port 8080
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { applyCandidate } from '../../engine/candidates/apply';
import { connectServer } from '../../engine/remote/connect';

const url = process.env['PALIMPSEST_LLAMA_SERVER'] ?? '';

const TEXT = 'def total(values):\n    result = 0\n    for value in values:\n        \n    return result\n';
const AT = TEXT.indexOf('        \n') + 8;
const wish = {
  requestId: 1,
  model: 'server',
  priority: 'rewrite',
  text: TEXT,
  spans: [{ start: AT, end: AT }],
  language: 'python',
} as const;

describe('a real llama-server', () => {
  const connect = (kind: 'llama-server' | 'openai-chat' | 'openai-completions') =>
    connectServer('server', { kind, url }, {}, {});

  test('fills in the middle, stops at the end of the block, and gives probabilities', async () => {
    const model = await connect('llama-server');
    const steps: number[] = [];
    const result = await model.infill(wish, { onStep: ({ step }) => steps.push(step) });
    const [best = assert.fail()] = result.candidates;
    assert.equal(applyCandidate(TEXT, best), TEXT.replace('        \n', '        result += value\n'));
    assert.ok((best.confidence ?? 0) > 0.3 && steps.length >= result.tokens);
    await model.dispose();
  });

  test('answers a prompt', async () => {
    const model = await connect('openai-chat');
    const spans = [{ start: 0, end: TEXT.length }];
    const { candidates } = await model.infill({ ...wish, spans, instruction: 'Add type hints.' });
    assert.ok(candidates.length <= 1);
    await model.dispose();
  });

  test('is found to leave a suffix of its completions out, or refuses it', async () => {
    const connected = connect('openai-completions');
    const model = await connected.catch(() => undefined);
    if (model === undefined) return assert.rejects(connected, { code: 'server-refused' });
    assert.ok(model.description.server?.gaps.includes('behind'));
    return model.dispose();
  });

  test('is given up at once', async () => {
    const model = await connect('llama-server');
    const controller = new AbortController();
    const { signal } = controller;
    const given = model.infill(
      { ...wish, text: '', spans: [{ start: 0, end: 0 }] },
      { signal, onStep: () => controller.abort() },
    );
    await assert.rejects(given, { code: 'cancelled' });
    await model.dispose();
  });
});
