// No rewrite is shown that does not parse where the old text did: many texts, places and answers, a scripted engine, real
// grammars.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { type Judgeable, judged, judgedAgain } from '../../../../../extension/rewrite/judge';
import { begin, decide } from '../../../../../extension/rewrite/state/machine';
import type { RewriteState } from '../../../../../extension/rewrite/state/transitions';
import type { Span } from '../../../../../extension/rewrite/state/types';
import { applyEdits } from '../../../../../extension/text/edits';
import { trees } from './judging';

const FILES = {
  python: [
    'import math\n\n\ndef area(width, height):\n    result = width * height\n    if result > 10:\n        return [result, math.sqrt(result)]\n    return {"a": result}\n',
    'class A:\n    def f(self, *args):\n        """Does it."""\n        return sum(a for a in args)\n',
  ],
  typescript: [
    'export function area(width: number, height: number): number[] {\n  const result = width * height;\n  if (result > 10) {\n    return [result, Math.sqrt(result)];\n  }\n  return [String(result).length];\n}\n',
    'class A {\n  private readonly all = new Map<string, number>();\n  f = (key: string) => this.all.get(key) ?? 0;\n}\n',
  ],
};

const PIECES = [
  'result',
  'return',
  ' = ',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '`',
  '\n',
  '    ',
  ',',
  ':',
  ';',
  '1',
  '.',
  '=>',
  'def ',
  'if ',
  ' * ',
];

const faultsIn = (text: string, languageId: string) =>
  trees.ask(text, languageId, (tree) => tree.faults({ start: 0, end: text.length }).everywhere);

/** Every way from the first mask to what is looked at, with answers that are handed out one request after another. */
async function shownOf(
  text: string,
  languageId: string,
  spans: readonly Span[],
  script: readonly (readonly Judgeable[])[],
): Promise<RewriteState> {
  let { state, effects } = begin(spans, { seed: 0 });
  for (const candidates of script) {
    if (!effects.some(({ kind }) => kind === 'request')) break;
    const found = await judged(trees, { text, languageId }, spans, candidates);
    ({ state, effects } = decide(state, { kind: 'answered', spans, candidates: found }));
  }
  return state;
}

describe('the gate', () => {
  for (const languageId of ['python', 'typescript'] as const) {
    test(`shows nothing that does not parse where the old text did: ${languageId}`, async () => {
      let shown = 0;
      let refusals = 0;
      const arbitrary = fc.record({
        file: fc.constantFrom(...FILES[languageId]),
        cuts: fc.uniqueArray(fc.nat(10_000), { minLength: 2, maxLength: 4 }),
        script: fc.array(
          fc.array(fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }), { minLength: 1, maxLength: 3 }),
          { minLength: 3, maxLength: 3 },
        ),
      });
      await fc.assert(
        fc.asyncProperty(arbitrary, async ({ file, cuts, script }) => {
          const at = cuts.map((cut) => cut % file.length).sort((a, b) => a - b);
          const spans: Span[] = [];
          for (let i = 0; i + 1 < at.length; i += 2) {
            const [start = 0, end = 0] = [at[i], at[i + 1]];
            spans.push({ start, end, old: file.slice(start, end) });
          }
          const state = await shownOf(
            file,
            languageId,
            spans,
            script.map((candidates) =>
              candidates.map((pieces) => ({ texts: spans.map(() => pieces.join('')) })),
            ),
          );
          if (state.kind === 'refused') refusals++;
          if (state.kind !== 'reviewing') return;
          for (const { texts } of state.review.candidates) {
            shown++;
            const whole = applyEdits(
              file,
              spans.map(({ start, end }, i) => ({ start, end, text: texts[i] ?? '' })),
            );
            assert.equal(await faultsIn(whole, languageId), 0, whole);
          }
        }),
        { numRuns: 400 },
      );
      // About 35 and 365; by chance, the first is now and then below 20.
      assert.ok(shown > 5 && refusals > 20, `${shown} shown, ${refusals} refused`);
    });
  }

  test('a text that did not parse before may go on as it is, but not get worse', async () => {
    const text = 'def f(:\n    x = 1\n';
    const start = text.indexOf('1');
    const spans = [{ start, end: start + 1, old: '1' }];
    const candidates = [{ texts: ['2'] }, { texts: ['(2'] }];
    const [first, second] = await judged(trees, { text, languageId: 'python' }, spans, candidates);
    assert.deepEqual([first?.texts, first?.quality?.mark], [['2'], 'likely']);
    assert.deepEqual(second?.quality, { mark: 'poor', reasons: ['does-not-parse'] });
  });

  test('what was accepted of an answer is no excuse for the rest of it', async () => {
    const old = 'a = 1\nb = 2';
    const [one] = await judged(
      trees,
      { text: `${old}\n`, languageId: 'python' },
      [{ start: 0, end: old.length, old }],
      [{ texts: ['a = (\nb = 3'] }],
    );
    assert.ok(one);
    assert.deepEqual(one.quality?.reasons, ['does-not-parse']);
    // Its first line was accepted, and undone, and done again.
    const taken = 'a = (\nb = 2';
    const document = { text: `${taken}\n`, languageId: 'python' };
    const spans = [{ start: 0, end: taken.length, old: taken }];
    assert.equal(await judgedAgain(trees, document, spans, [one], [old]), undefined, 'the same mark');
    // Nobody has accepted it: it stood there so.
    const [other] = (await judgedAgain(trees, document, spans, [one])) ?? [];
    assert.equal(other?.quality?.mark, 'likely');
  });

  test('sees it in a long file, where only what is around is looked at', async () => {
    const functions = Array.from({ length: 3000 }, (_, i) => `def f${i}(a):\n    return a + ${i}\n`);
    const text = functions.join('');
    const old = '    return a + 1500';
    const start = text.indexOf(old);
    const spans = [{ start, end: start + old.length, old }];
    const fresh = ['    return a', 'return a', '    return a\n\n\ndef f1499(a):\n    return a'];
    const found = await judged(
      trees,
      { text, languageId: 'python' },
      spans,
      fresh.map((one) => ({ texts: [one] })),
    );
    assert.deepEqual(
      fresh.map((one) => found.find(({ texts }) => texts[0] === one)?.quality?.reasons),
      [[], ['does-not-parse'], ['declares-again', 'leaves-block']],
    );
  });

  test('without a grammar brackets have to do; with one it knows better', async () => {
    const spans = [{ start: 0, end: 1, old: 'a' }];
    const candidate = { texts: ['2'], flaws: ['unbalanced'] as const };
    const [plain] = await judged(trees, { text: 'a b', languageId: 'plaintext' }, spans, [candidate]);
    assert.equal(plain?.quality?.mark, 'poor');
    const [parsed] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [candidate]);
    assert.deepEqual(parsed?.quality, { mark: 'likely', reasons: [] });
    const unfitted = { ...candidate, isUnfitted: true } as const;
    const [marked] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [unfitted]);
    assert.deepEqual(marked?.quality, { mark: 'likely', reasons: [], isUnfitted: true });
    // That the line is likelier so says more than how sure the model is of what it has written.
    const mended = { ...candidate, isLikelier: true, confidence: 0.36 } as const;
    const [likelier] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [mended]);
    assert.deepEqual(likelier?.quality, { mark: 'likely', reasons: [], isLikelier: true });
    // How sure a model is means something where that was fitted, and stays what it is when the text around changes.
    const sure = { ...unfitted, confidence: 0.36 };
    const [figure] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [sure]);
    assert.equal(figure?.quality?.confidence, undefined);
    const fitted = { ...candidate, confidence: 0.36 };
    const [told] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [fitted]);
    assert.deepEqual(told?.quality, { mark: 'likely', reasons: [], confidence: 0.36 });
    const later = { text: 'a\n2 = (', languageId: 'python' };
    const [again] = (await judgedAgain(trees, later, spans, [told ?? assert.fail()])) ?? [told];
    assert.equal(again?.quality?.confidence, 0.36);
  });
});
