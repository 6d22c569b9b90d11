// Models that answer prompts, as tiny checkpoints: a span goes through the chat template, with an instruction or without.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { describe } from 'node:test';
import { CHOICE_FEATURES } from '../../engine/calibration/choice';
import { CONFIDENCE_FEATURES } from '../../engine/calibration/confidence';
import { calibrationFile, calibrationText } from '../../engine/calibration/file';
import { MIXTURE_FEATURES } from '../../engine/calibration/mixtureWeight';
import type { Calibration } from '../../engine/calibration/types';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { isEngineError } from '../../engine/errors';
import { planRequest } from '../../engine/infill/plan';
import { loadModel } from '../../engine/loadModel';
import type { LoadedModel } from '../../engine/model';
import type { InfillParams, InfillResult } from '../../engine/protocol';
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

/** One turn of a conversation, as most templates write it. */
const CHATML =
  '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';

/** Of every answer, however it came, that it is right in e of 1 + e cases. */
const CERTAIN: Calibration = {
  mixture: MIXTURE_FEATURES.map(() => 0),
  choice: { off: CHOICE_FEATURES.map(() => 0), mixed: CHOICE_FEATURES.map(() => 0) },
  confidence: { off: sure(), mixed: sure(), alone: sure() },
  leastShare: 0,
  gate: 0.5,
};

function sure(): readonly number[] {
  return CONFIDENCE_FEATURES.map((_, index) => (index === 0 ? 1 : 0));
}

async function withModel(
  name: string,
  use: (model: LoadedModel) => Promise<void>,
  template?: string,
  calibration?: Calibration,
): Promise<void> {
  const cacheFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-instruction-'));
  const folder = template === undefined ? path.join(fixtureFolder, name) : path.join(cacheFolder, name);
  if (template !== undefined) {
    fs.cpSync(path.join(fixtureFolder, name), folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'chat_template.jinja'), template);
  }
  if (calibration !== undefined) {
    const checkpoint = await openCheckpoint(folder);
    fs.writeFileSync(calibrationFile(checkpoint), await calibrationText(checkpoint, calibration));
  }
  const model = await loadModel({ folder, provider: 'cpu', precision: 'fp32' }, { cacheFolder });
  try {
    await use(model);
  } finally {
    await model.dispose();
    fs.rmSync(cacheFolder, { recursive: true, force: true });
  }
}

function shownBy({ candidates }: InfillResult) {
  return candidates.map(({ spans, score }) => ({ spans, score }));
}

/** What the model fills in without a template. */
async function infilled(name: string) {
  let found: ReturnType<typeof shownBy> = [];
  await withModel(name, async (model) => {
    assert.equal(model.description.takesInstruction, false);
    found = shownBy(await model.infill(PARAMS));
  });
  return found;
}

describe('what was fitted to filling holes', () => {
  test('says nothing of answers to instructions', async () => {
    await withModel(
      'qwen2.5-coder',
      async (model) => {
        assert.equal(model.description.gate, 0.5);
        // What is below the gate is a candidate all the same.
        const [filled] = (await model.infill(PARAMS)).candidates;
        assert.ok(filled !== undefined && filled.isUnfitted === undefined);
        assert.equal(Number(filled.confidence?.toFixed(3)), 0.731);
      },
      CHATML,
      CERTAIN,
    );
    await withModel('qwen2.5-coder', async (model) => {
      const { candidates } = await model.infill({ ...PARAMS, maxTokens: 1, candidates: 4, temperature: 1 });
      assert.ok(candidates.length > 0);
      for (const { isUnfitted } of candidates) assert.equal(isUnfitted, true);
    });
    const opened = await openCheckpoint(path.join(fixtureFolder, 'qwen2.5-coder'));
    const able: Checkpoint = { ...opened, chat: { before: [1], after: [2] } };
    const fitted = (params: InfillParams) => planRequest(able, CERTAIN, params).calibration;
    assert.equal(fitted(PARAMS), CERTAIN);
    assert.equal(fitted({ ...PARAMS, instruction: 'Double it.' }), undefined);
  });
});

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

  // In place, block by block, from left to right: whatever a family does to fill a hole, with a template it answers.
  for (const name of ['llada', 'dream-sharded', 'stable-diffcoder', 'qwen2.5-coder', 'smollm2']) {
    test(`${name} with a template answers an instruction, and fills holes as before`, async () => {
      const alone = await infilled(name);
      await withModel(
        name,
        async (model) => {
          assert.equal(model.description.takesInstruction, true);
          assert.deepEqual(shownBy(await model.infill(PARAMS)), alone);
          const heard = new Set<string>();
          for (const instruction of ['Double it.', 'Use b instead.']) {
            const params = { ...PARAMS, instruction, candidates: 2 };
            const { masks, millis = 0 } = await model.estimate(params);
            assert.ok(masks > 0 && millis >= 0);
            const events: string[] = [];
            const result = await model.infill(params, {
              onStep: ({ candidate, cells }) =>
                void events.push(`${candidate}: ${cells.map(({ confidence }) => confidence).join()}`),
            });
            assert.ok(result.forwards > 0 && result.candidates.length <= 2);
            for (const { start, end, text } of result.candidates.flatMap(({ spans }) => spans)) {
              assert.deepEqual([start, end], [START, START + 5]);
              assert.doesNotMatch(text, /(^|\n)\s*```\s*(\n|$)/);
            }
            heard.add(events.join(';'));
          }
          assert.equal(heard.size, 2);
        },
        CHATML,
      );
    });
  }

  test('of several spans are followed in each of them, in place too', async () => {
    const spans = [
      { start: TEXT.indexOf('a + 1'), end: TEXT.indexOf('a + 1') + 1 },
      { start: TEXT.indexOf('1'), end: TEXT.indexOf('1') + 1 },
    ];
    for (const name of ['llada', 'qwen2.5-coder']) {
      await withModel(
        name,
        async (model) => {
          const seen = new Set<number>();
          const params = { ...PARAMS, spans, instruction: 'Double it.', candidates: 2 };
          const { candidates } = await model.infill(params, { onStep: ({ span }) => void seen.add(span) });
          assert.deepEqual([...seen].sort(), [0, 1]);
          for (const candidate of candidates) assert.equal(candidate.spans.length, 2);
        },
        CHATML,
      );
    }
  });

  test('are given up between steps, and what is pinned stays', async () => {
    await withModel(
      'llada',
      async (model) => {
        const controller = new AbortController();
        const params = { ...PARAMS, instruction: 'Double it.' };
        const running = model.infill(params, { signal: controller.signal, onStep: () => controller.abort() });
        await assert.rejects(running, (error) => isEngineError(error) && error.code === 'cancelled');
        const locked = [{ start: START + 2, end: START + 3 }];
        const { candidates } = await model.infill({
          ...params,
          spans: [{ start: START, end: START + 5, locked }],
        });
        for (const { spans } of candidates) assert.match(spans[0]?.text ?? '', /\+/);
      },
      CHATML,
    );
  });

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
