// Copying and the gate through a whole request, on tiny checkpoints with random weights.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { describe } from 'node:test';
import { loadModel } from '../../engine/loadModel';
import type { LoadedModel } from '../../engine/model';
import type { InfillParams } from '../../engine/protocol';
import { fixtureFolder } from './fixtureModel';

const STARTER = path.join(__dirname, '..', '..', 'models', 'starter');
const LINES = ['for item in items:', '    add(item.price)', '', 'for item in others:', '    add('];
const TEXT = `${LINES.join('\n')})\n\nprint(total)\n`;
const AT = LINES.join('\n').length;

function paramsOf(options: Partial<InfillParams> = {}): InfillParams {
  return {
    requestId: 1,
    model: 'fixture',
    priority: 'rewrite',
    text: TEXT,
    spans: [{ start: AT, end: AT }],
    temperature: 0,
    maxTokens: 24,
    ...options,
  };
}

/** `name`: of a fixture, or the path of another model. */
async function using(name: string, work: (model: LoadedModel) => Promise<void>): Promise<void> {
  const cacheFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-copying-'));
  try {
    const folder = path.resolve(fixtureFolder, name);
    const model = await loadModel({ folder, provider: 'cpu', precision: 'fp32' }, { cacheFolder });
    await work(model).finally(() => model.dispose());
  } finally {
    fs.rmSync(cacheFolder, { recursive: true, force: true });
  }
}

describe('copying in a request', () => {
  for (const name of [
    'palimpsest',
    'stable-diffcoder',
    'dreamon',
    'qwen2.5-coder',
    'seed-coder',
    'smollm2',
    'starcoder2',
  ]) {
    test(`${name}: alone, what stands elsewhere is found without a forward pass`, () =>
      using(name, async (model) => {
        const { candidates, forwards } = await model.infill(paramsOf({ copying: 'alone' }));
        assert.equal(candidates[0]?.spans[0]?.text, 'item.price');
        assert.equal(forwards, 0);
      }));

    test(`${name}: every kind of copying gives candidates with a confidence`, () =>
      using(name, async (model) => {
        for (const copying of ['off', 'mixed', 'alone'] as const) {
          const { candidates } = await model.infill(paramsOf({ copying, candidates: 2, temperature: 0.5 }));
          for (const { confidence } of candidates) {
            assert.ok(confidence !== undefined && confidence >= 0 && confidence <= 1);
          }
        }
      }));
  }

  for (const [name, copies] of [
    ['stable-diffcoder', true],
    ['dreamon', true],
    ['llada', true],
    ['qwen2.5-coder', true],
    ['smollm2', true],
    // Its answers are no pieces of the text.
    ['qwen3', false],
  ] as const) {
    test(`${name}, to which nothing was fitted, ${copies ? 'looks' : 'does not look'} into a memory by itself`, () =>
      using(name, async (model) => {
        assert.equal(model.description.copies, copies);
        let asked = 0;
        const index = {
          turn: () => undefined,
          sources: () => {
            asked++;
            return [];
          },
          stretches: () => [],
        };
        await model.infill(paramsOf({ maxTokens: 4 }), { index });
        // Once is for the confidence of an answer.
        assert.equal(asked > 1, copies);
      }));
  }

  test('each hole has its turn in a memory', () =>
    using('palimpsest', async (model) => {
      const events: string[] = [];
      const index = {
        turn: () => void events.push('turn'),
        sources: () => {
          events.push('question');
          return [];
        },
        stretches: () => [],
      };
      const text = 'alpha = 1\nbeta = 2\ngamma = 3\n';
      const spans = [8, 17, 27].map((start) => ({ start, end: start + 1 }));
      await model.infill(paramsOf({ text, spans, maxTokens: 4, candidates: 1 }), { index });
      const turns = events.join(' ').split('turn').slice(1);
      assert.equal(events[0], 'turn');
      assert.ok(turns.length >= 3);
      assert.ok(turns.slice(0, 3).every((questions) => questions.includes('question')));
    }));

  test('the same request twice gives the same answer', () =>
    using('palimpsest', async (model) => {
      const run = async () => (await model.infill(paramsOf({ copying: 'mixed' }))).candidates;
      assert.deepEqual(await run(), await run());
    }));

  test('a span’s own text is never copied, another open file’s is', () =>
    using('palimpsest', async (model) => {
      const text = 'alpha = unheard_of(1)\n';
      const spans = [{ start: 'alpha = '.length, end: text.length - 1 }];
      const alone = { text, spans, copying: 'alone' } as const;
      const without = await model.infill(paramsOf(alone));
      assert.ok(without.candidates.every((candidate) => !candidate.spans[0]?.text.includes('unheard')));
      const openTexts = ['beta = 1\nalpha = known(2)\n'];
      const { candidates } = await model.infill(paramsOf({ ...alone, openTexts }));
      assert.equal(candidates[0]?.spans[0]?.text, 'known(2)');
    }));

  test('what is selected is not emptied by a copy of nothing, where an insertion may come to nothing', () =>
    using('palimpsest', async (model) => {
      const text = 'item.reset()\nitem.clear()\nitem.reset(x)\n';
      const start = text.indexOf('x)');
      const alone = { text, copying: 'alone', maxTokens: 4 } as const;
      const inserted = text.slice(0, start) + text.slice(start + 1);
      const { candidates } = await model.infill(
        paramsOf({ ...alone, text: inserted, spans: [{ start, end: start }] }),
      );
      assert.equal(candidates[0]?.spans[0]?.text, '');
      const selected = await model.infill(paramsOf({ ...alone, spans: [{ start, end: start + 1 }] }));
      assert.ok(selected.candidates.every((candidate) => candidate.spans[0]?.text !== ''));
    }));

  test('several spans', () =>
    using('palimpsest', async (model) => {
      const text = 'a = f(one, two)\nb = f(, two)\nc = f(one, )\n';
      const places = [text.indexOf('(, ') + 1, text.indexOf(', )') + 2];
      const spans = places.map((place) => ({ start: place, end: place }));
      const { candidates } = await model.infill(paramsOf({ text, spans, copying: 'alone' }));
      assert.deepEqual(
        candidates[0]?.spans.map((span) => span.text),
        ['one', 'two'],
      );
    }));

  test('the gate leaves out what is less sure, and nothing else', () =>
    using('palimpsest', async (model) => {
      const open = await model.infill(paramsOf({ copying: 'alone' }));
      const confidence = open.candidates[0]?.confidence ?? 0;
      assert.ok(confidence > 0 && confidence < 1);
      const passed = await model.infill(paramsOf({ copying: 'alone', gate: confidence }));
      assert.deepEqual(passed.candidates, open.candidates);
      const kept = await model.infill(paramsOf({ copying: 'alone', gate: (confidence + 1) / 2 }));
      assert.deepEqual(kept.candidates, []);
    }));

  for (const [gate, flaws] of [
    [0, []],
    [1, ['improbable']],
  ] as const) {
    test(`what counts as low confidence is the model's own gate: ${gate}`, async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-gate-'));
      try {
        fs.cpSync(STARTER, folder, { recursive: true });
        const file = path.join(folder, 'calibration.json');
        const fitted: object = JSON.parse(fs.readFileSync(file, 'utf8'));
        fs.writeFileSync(file, JSON.stringify({ ...fitted, gate }));
        await using(folder, async (model) => {
          assert.equal(model.description.gate, gate);
          const { candidates } = await model.infill(paramsOf({ maxTokens: 6 }));
          assert.ok(candidates.length > 0);
          for (const one of candidates) {
            assert.deepEqual(
              one.flaws?.filter((flaw) => flaw === 'improbable'),
              flaws,
            );
          }
        });
      } finally {
        fs.rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
