// Models that answer prompts, as tiny checkpoints: a span goes through the chat template, with an instruction or without.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { describe } from 'node:test';
import { isEngineError } from '../../engine/errors';
import { loadModel } from '../../engine/loadModel';
import type { LoadedModel } from '../../engine/model';
import type { InfillParams } from '../../engine/protocol';
import { fixtureFolder } from './fixtureModel';

const TEXT = 'def f(a):\n    return a + 1\n';
const START = TEXT.indexOf('a + 1');
const PARAMS: InfillParams = {
  requestId: 1,
  model: 'tiny',
  priority: 'rewrite',
  language: 'python',
  text: TEXT,
  spans: [{ start: START, end: START + 5 }],
  maxTokens: 12,
  seed: 1,
};

async function withModel(name: string, use: (model: LoadedModel) => Promise<void>): Promise<void> {
  const cacheFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-instruction-'));
  const folder = path.join(fixtureFolder, name);
  const model = await loadModel({ folder, provider: 'cpu', precision: 'fp32' }, { cacheFolder });
  try {
    await use(model);
  } finally {
    await model.dispose();
    fs.rmSync(cacheFolder, { recursive: true, force: true });
  }
}

describe('instructions', () => {
  for (const name of ['sdar', 'fast-dllm-v2', 'stable-diffcoder-instruct']) {
    test(`${name} is asked with one and without, and hears the difference`, async () => {
      await withModel(name, async (model) => {
        assert.equal(model.description.takesInstruction, true);
        // Random weights: what comes is noise, but it is noise that depends on every token of the prompt.
        const heard = new Set<string>();
        for (const instruction of [undefined, 'Double it.', 'Use b instead.']) {
          const events: string[] = [];
          const result = await model.infill(instruction === undefined ? PARAMS : { ...PARAMS, instruction }, {
            onStep: ({ cells }) => void events.push(cells.map(({ confidence }) => confidence).join()),
          });
          assert.ok(result.forwards > 0 && result.candidates.length <= 1);
          for (const { start, end } of result.candidates.flatMap(({ spans }) => spans))
            assert.deepEqual([start, end], [START, START + 5]);
          heard.add(events.join(';'));
        }
        assert.equal(heard.size, 3);
      });
    });
  }

  test('are an error for models that take none, which say so beforehand', async () => {
    for (const name of ['dreamon', 'palimpsest', 'stable-diffcoder']) {
      await withModel(name, async (model) => {
        assert.equal(model.description.takesInstruction, false);
        await assert.rejects(
          model.infill({ ...PARAMS, instruction: 'Double it.' }),
          (error) =>
            isEngineError(error) && error.code === 'option-invalid' && /instruction/.test(error.message),
        );
      });
    }
  });
});
