// Every commit rule on every kind of family, with one and several candidates, strengths and spans: what must hold of
// each answer whatever the model says. The models are tiny and random, so most answers are rubbish on purpose.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { applyCandidate } from '../../engine/candidates/apply';
import { RULE_NAMES } from '../../engine/checkpoint/family';
import { isEngineError } from '../../engine/errors';
import { loadModel } from '../../engine/loadModel';
import type { LoadedModel } from '../../engine/model';
import type {
  CellEvent,
  DenoiseStepEvent,
  InfillParams,
  InfillResult,
  SpanParams,
} from '../../engine/protocol';
import { fixtureFolder, withSuffixFirst } from './fixtureModel';

const TEXT =
  '\ufeffdef mean(values):\r\n    total = sum(values)\r\n    return total / len(values)  # 漢字 🦊\r\n\r\nprint(mean([1, 2]))\r\n';

function spanOf(piece: string, locked?: string): SpanParams {
  const start = TEXT.indexOf(piece);
  const end = start + piece.length;
  if (locked === undefined) return { start, end };
  const from = TEXT.indexOf(locked, start);
  return { start, end, locked: [{ start: from, end: from + locked.length }] };
}

const SPANS: readonly (readonly SpanParams[])[] = [
  [spanOf('sum(values)')],
  [spanOf('print'), spanOf('total')],
  [{ start: TEXT.indexOf('return'), end: TEXT.indexOf('return') }],
  [spanOf('eturn tota')],
  [
    { start: 0, end: 9 },
    { start: TEXT.length - 3, end: TEXT.length },
  ],
  [spanOf('total / len(values)', ' / len')],
  [spanOf('字 🦊\r\n')],
];

/** Checkpoints that are made of others. */
const MADE: Readonly<Record<string, (folder: string) => void>> = {
  'suffix-first': (folder) => withSuffixFirst(folder, 8),
  'suffix-first-left-to-right': (folder) => withSuffixFirst(folder, 1),
};

/** One of each way in which a family infills. */
const FAMILIES = {
  'in place, fixed length, not shifted': 'llada',
  'in place, fixed length, shifted': 'dream-sharded',
  'in place, expand and delete': 'dreamon',
  'block by block in FIM order': 'stable-diffcoder',
  'block by block, asked by a prompt': 'sdar',
  'from left to right in FIM order': 'qwen2.5-coder',
  'from left to right, the left side alone': 'smollm2',
  'from left to right in FIM order, with more than one end': 'starcoder2',
  'cached canvas': 'palimpsest',
  'cached canvas, the suffix first': 'suffix-first',
  'cached canvas, the suffix first, from left to right': 'suffix-first-left-to-right',
} as const;

interface Case {
  readonly name: string;
  readonly params: InfillParams;
}

/** One token a step, so that there are steps to leave out. */
const PLAIN = {
  requestId: 1,
  model: 'tiny',
  priority: 'rewrite',
  language: 'python',
  text: TEXT,
  rule: 'top-k',
  seed: 1,
  maxTokens: 8,
} as const;

/** All rules × candidates × strengths, one of these with what stands elsewhere mixed in; the spans take turns. */
const CASES: readonly Case[] = RULE_NAMES.flatMap((rule, r) =>
  [1, 3].flatMap((candidates, c) =>
    [0.3, 1].map((strength, s): Case => {
      const spans = SPANS[(4 * r + 2 * c + s) % SPANS.length] ?? [];
      return {
        name: `${rule}, ${candidates} candidates, strength ${strength}, ${JSON.stringify(spans)}`,
        params: {
          requestId: 1,
          model: 'tiny',
          priority: 'rewrite',
          language: 'python',
          text: TEXT,
          spans,
          rule,
          candidates,
          strength,
          copying: s === 0 ? 'mixed' : 'off',
          seed: r,
          maxTokens: 5,
        },
      };
    }),
  ),
);

function keepsItsSpans({ spans, candidates: most = 1 }: InfillParams, result: InfillResult): void {
  assert.ok(result.candidates.length <= most);
  for (const candidate of result.candidates) {
    assert.ok(candidate.score <= 0 && Number.isFinite(candidate.score), `score ${candidate.score}`);
    assert.deepEqual(
      candidate.spans.map(({ start, end }) => ({ start: start || 1, end })),
      // A byte order mark is no part of a span that covers it.
      spans.map(({ start, end }) => ({ start: start || 1, end })),
    );
    let rest = applyCandidate(TEXT, candidate);
    let from = 0;
    for (const span of [...candidate.spans].sort((a, b) => a.start - b.start)) {
      const kept = TEXT.slice(from, span.start);
      assert.ok(rest.startsWith(kept + span.text));
      rest = rest.slice(kept.length + span.text.length);
      from = span.end;
      assert.doesNotMatch(span.text, /(^|[^\r])\n|\r(?!\n)/, 'a line end that the file has not');
      assert.doesNotMatch(span.text, /\ufffd/);
    }
    assert.equal(rest, TEXT.slice(from));
    spans.forEach(({ locked = [] }, i) => {
      for (const piece of locked)
        assert.ok(
          candidate.spans[i]?.text.includes(TEXT.slice(piece.start, piece.end)),
          'a locked piece went',
        );
    });
  }
}

/** What a step says must be all that differs from the step before it, and nothing may stay masked. */
function tellsTheTruth({ spans, candidates = 1 }: InfillParams, events: readonly DenoiseStepEvent[]): void {
  const last = new Map<string, DenoiseStepEvent>();
  const steps = new Map<number, number>();
  for (const event of events) {
    const { candidate, span, step, cells, committed, remasked } = event;
    assert.ok(candidate >= 0 && candidate < candidates && span >= 0 && span < spans.length);
    assert.ok(step >= Math.max(1, steps.get(candidate) ?? 0), 'steps go back');
    steps.set(candidate, step);
    for (const cell of cells) assert.ok(cell.confidence >= 0 && cell.confidence <= 1);
    for (const i of committed) assert.equal(cells[i]?.state, 'committed');
    for (const i of remasked) assert.match(cells[i]?.state ?? '', /^(masked|draft)$/);
    const before = last.get(`${candidate}/${span}`)?.cells;
    if (before?.length === cells.length)
      cells.forEach((cell, i) => {
        const was = before[i];
        if (was?.state === 'committed' && cell.state !== 'committed') assert.ok(remasked.includes(i));
        if (cell.state !== 'committed') return;
        if (was?.state !== 'committed' || was.text !== cell.text) assert.ok(committed.includes(i));
      });
    last.set(`${candidate}/${span}`, event);
  }
  for (const { cells } of last.values())
    assert.ok(!cells.some(({ state }) => state === 'masked' || state === 'draft'));
}

const bare = (text: string): string => text.replace(/\s/g, '');
const spelled = (cells: readonly CellEvent[]): string => bare(cells.map(({ text }) => text).join(''));

/** The answer is what the last step showed, less what was trimmed and but for line ends and indentation. */
function isWhatWasShown(
  params: InfillParams,
  result: InfillResult,
  events: readonly DenoiseStepEvent[],
): void {
  const [only] = result.candidates;
  if (params.candidates !== 1 || !only) return;
  only.spans.forEach(({ text, start, end }, i) => {
    const shown = events.findLast((event) => event.span === i);
    const cells = shown ? spelled(shown.cells) : bare(TEXT.slice(start, end));
    // A character in several tokens is shown as none of them.
    if (!cells.includes('\ufffd')) assert.ok(cells.includes(bare(text)), `${cells} was shown, ${text} came`);
  });
}

/** What is kept of the context was encoded in other runs: a score may differ by its rounding. */
function isTheSame(a: InfillResult, b: InfillResult): void {
  assert.deepEqual(
    a.candidates.map(({ spans }) => spans),
    b.candidates.map(({ spans }) => spans),
  );
  a.candidates.forEach(({ score }, i) => {
    assert.ok(Math.abs(score - (b.candidates[i]?.score ?? Number.NaN)) < 1e-4);
  });
}

async function isCancelled(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => isEngineError(error) && error.code === 'cancelled');
}

for (const [kind, folder] of Object.entries(FAMILIES)) {
  describe(kind, () => {
    let model: LoadedModel;
    let cacheFolder = '';
    let original = path.join(fixtureFolder, folder);
    before(async () => {
      cacheFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-matrix-'));
      const make = MADE[folder];
      if (make !== undefined) {
        original = path.join(cacheFolder, folder);
        make(original);
      }
      model = await loadModel({ folder: original, provider: 'cpu', precision: 'fp32' }, { cacheFolder });
    });
    after(async () => {
      await model.dispose();
      fs.rmSync(cacheFolder, { recursive: true, force: true });
    });

    test('a draft that is enough is all that the step before knew, in fewer passes', async () => {
      let saved = 0;
      for (const spans of SPANS) {
        const params: InfillParams = { ...PLAIN, spans };
        const all = await model.infill(params);
        const events: DenoiseStepEvent[] = [];
        const result = await model.infill(params, {
          onStep: (event) => void events.push(event),
          enough: () => events.length > 0,
        });
        keepsItsSpans(params, result);
        assert.ok(result.forwards <= all.forwards, `${result.forwards} passes, not ${all.forwards}`);
        saved += all.forwards - result.forwards;
        for (const i of spans.keys()) {
          const last = events.findLast(({ span }) => span === i);
          assert.ok(
            last?.cells.every(({ state }) => state !== 'masked'),
            JSON.stringify(spans[i]),
          );
        }
      }
      assert.ok(saved > 0, 'something was left out');
    });

    test('answers stay in their spans, steps add up to them, the same seed gives the same', async () => {
      let answers = 0;
      for (const { name, params } of CASES) {
        const events: DenoiseStepEvent[] = [];
        const onStep = (event: DenoiseStepEvent) => void events.push(event);
        try {
          const result = await model.infill(params, { onStep });
          keepsItsSpans(params, result);
          tellsTheTruth(params, events);
          isWhatWasShown(params, result, events);
          isTheSame(await model.infill(params), result);
          answers += result.candidates.length;
        } catch (error) {
          throw new Error(name, { cause: error });
        }
      }
      // Most of what random weights write is no text.
      assert.ok(answers >= 5, `only ${answers} answers to look at`);
    });

    test('a request can be cancelled between any two steps, and the next one is as if it had not been', async () => {
      for (const { params } of CASES.filter((_, i) => i % 7 === 0)) {
        let steps = 0;
        const result = await model.infill(params, { onStep: () => void steps++ });
        for (let stop = 1; stop <= steps; stop++) {
          const abort = new AbortController();
          let step = 0;
          const onStep = () => {
            if (++step === stop) abort.abort();
          };
          await isCancelled(model.infill(params, { signal: abort.signal, onStep }));
          assert.equal(step, stop, 'a step came after the cancellation');
        }
        isTheSame(await model.infill(params), result);
        await isCancelled(model.infill(params, { signal: AbortSignal.abort() }));
      }
    });

    test('asking how long it takes changes no answer, of the same request or of another one', async () => {
      const [one, other] = [
        { ...PLAIN, spans: SPANS[0] ?? [] },
        { ...PLAIN, spans: SPANS[5] ?? [], strength: 0.5 },
      ];
      const results = [await model.infill(one), await model.infill(other)];
      for (const estimated of [one, other])
        for (const [i, asked] of [one, other].entries()) {
          await model.estimate(estimated);
          const [known, result] = [results[i], await model.infill(asked)];
          assert.ok(known);
          isTheSame(result, known);
        }
    });

    test('what is to be kept is scored before the first step, and how far it is is told', async () => {
      const told: ('step' | number)[] = [];
      await model.infill(
        { ...PLAIN, spans: SPANS[5] ?? [], strength: 0.5 },
        { onScored: (done) => told.push(done), onStep: () => told.push('step') },
      );
      const first = told.indexOf('step');
      const shares = told.filter((one) => one !== 'step');
      assert.equal(first < 0 || first >= shares.length, true, told.join());
      assert.equal(shares[0], 0);
      assert.ok(Math.abs((shares.at(-1) ?? 0) - 1) < 1e-9);
      assert.deepEqual(
        shares,
        [...shares].sort((a, b) => a - b),
      );
      const whole: number[] = [];
      await model.infill({ ...PLAIN, spans: SPANS[5] ?? [] }, { onScored: (done) => whole.push(done) });
      assert.deepEqual(whole, []);
    });

    test('every token is scored once, in the order of the text, and as long as somebody wants to know', async () => {
      for (const range of [undefined, { start: 5, end: 30 }, { start: 40, end: 41 }]) {
        const params = { requestId: 1, model: 'tiny', priority: 'rewrite', text: TEXT } as const;
        const shares: number[] = [];
        const { tokens } = await model.score(
          { ...params, ...(range ? { range } : {}) },
          { onScored: (done) => shares.push(done) },
        );
        assert.deepEqual(
          shares,
          [...new Set(shares)].sort((a, b) => a - b),
          'the share only grows',
        );
        if (tokens.length > 0)
          assert.ok(Math.abs((shares.at(-1) ?? 0) - 1) < 1e-9, `${shares.at(-1)} at the end`);
        const { start, end } = range ?? { start: 0, end: TEXT.length };
        assert.ok((tokens[0]?.start ?? end) <= start && (tokens.at(-1)?.end ?? 0) >= end);
        tokens.forEach((token, i) => {
          assert.ok(token.surprise >= 0 && Number.isFinite(token.surprise), `${token.surprise} nats`);
          if (i > 0) assert.equal(token.start, tokens[i - 1]?.end);
        });
        await isCancelled(model.score(params, { signal: AbortSignal.abort() }));
      }
    });

    test('in a file longer than the context every span has room for its answer', async () => {
      // Some are told by their folder's name.
      const checkpoint = path.join(cacheFolder, `short-${folder}`);
      fs.cpSync(original, checkpoint, { recursive: true });
      // The question itself takes room, too.
      const contextLength = folder === 'sdar' ? 800 : 256;
      fs.writeFileSync(path.join(checkpoint, 'palimpsest.json'), JSON.stringify({ contextLength }));
      const short = await loadModel(
        { folder: checkpoint, provider: 'cpu', precision: 'fp32' },
        { cacheFolder },
      );
      const text = 'x = 1\n'.repeat(1500);
      const insert = (line: number): SpanParams => ({ start: 6 * line, end: 6 * line });
      try {
        for (const spans of [
          [insert(700), insert(10), insert(800), insert(1500)],
          [{ start: 4200, end: 4270 }],
          [{ start: 4200, end: 4270 }, insert(900)],
        ]) {
          const shown = new Set<number>();
          await short.infill(
            { requestId: 1, model: 'tiny', priority: 'rewrite', text, spans, steps: 2 },
            { onStep: ({ span }) => void shown.add(span) },
          );
          assert.equal(shown.size, spans.length);
        }
      } finally {
        await short.dispose();
      }
    });
  });
}

test('weights that are not numbers give an error and no answer', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-nan-'));
  const checkpoint = path.join(folder, 'llada');
  fs.cpSync(path.join(fixtureFolder, 'llada'), checkpoint, { recursive: true });
  const file = path.join(checkpoint, 'model.safetensors');
  const bytes = fs.readFileSync(file);
  bytes.fill(0xff, bytes.length - 4096);
  fs.writeFileSync(file, bytes);
  const model = await loadModel(
    { folder: checkpoint, provider: 'cpu', precision: 'fp32' },
    { cacheFolder: folder },
  );
  try {
    const request = { requestId: 1, model: 'tiny', priority: 'rewrite', text: 'x = 1\n' } as const;
    const isRuntimeFailure = (error: unknown) => isEngineError(error) && error.code === 'runtime-failed';
    await assert.rejects(model.infill({ ...request, spans: [{ start: 4, end: 5 }] }), isRuntimeFailure);
    await assert.rejects(model.score(request), isRuntimeFailure);
  } finally {
    await model.dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
