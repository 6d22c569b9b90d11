// No rewrite is shown that does not parse where the old text did: many texts, places and answers, a scripted engine, real
// grammars.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, describe } from 'node:test';
import fc from 'fast-check';
import type { Flaw } from '../../../../../engine/protocol';
import { type Judgeable, judged } from '../../../../../extension/rewrite/judge';
import { qualityOf, ranked } from '../../../../../extension/rewrite/quality/verdict';
import { begin, decide } from '../../../../../extension/rewrite/state/machine';
import type { RewriteState } from '../../../../../extension/rewrite/state/transitions';
import type { Span } from '../../../../../extension/rewrite/state/types';
import { SyntaxTrees } from '../../../../../extension/syntax/syntaxTrees';
import { applyEdits } from '../../../../../extension/text/edits';

const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
const trees = new SyntaxTrees({ folder, warn: assert.fail, limitMillis: 60_000 });
after(() => trees.dispose());

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
      assert.ok(shown > 20 && refusals > 20, `${shown} shown, ${refusals} refused`);
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

  test('without a grammar brackets have to do; with one it knows better', async () => {
    const spans = [{ start: 0, end: 1, old: 'a' }];
    const candidate = { texts: ['b'], flaws: ['unbalanced'] as const };
    const [plain] = await judged(trees, { text: 'a b', languageId: 'plaintext' }, spans, [candidate]);
    assert.equal(plain?.quality?.mark, 'poor');
    const [parsed] = await judged(trees, { text: 'a', languageId: 'python' }, spans, [candidate]);
    assert.deepEqual(parsed?.quality, { mark: 'likely', reasons: [] });
  });
});

describe('the mark', () => {
  const mark = (...flaws: readonly Flaw[]) => qualityOf(flaws, 'yes').mark;

  test('is poor for what nobody wants to see, unsure for what one may', () => {
    assert.equal(mark(), 'likely');
    assert.equal(mark('improbable'), 'unsure');
    assert.equal(mark('unknown-names', 'repeats', 'shortens'), 'unsure');
    assert.equal(mark('loops'), 'poor');
    assert.equal(mark('deletes'), 'poor');
  });

  test('ranks before likelihood does, which is the order that comes in', () => {
    const candidates = [
      { name: 'poor', quality: qualityOf(['loops'], 'yes') },
      { name: 'odd', quality: qualityOf(['unknown-names'], 'yes') },
      { name: 'low', quality: qualityOf(['improbable'], 'yes') },
      { name: 'good', quality: qualityOf([], 'yes') },
      { name: 'too', quality: qualityOf([], 'unknown') },
    ];
    assert.deepEqual(
      ranked(candidates).map(({ name }) => name),
      ['good', 'too', 'low', 'odd', 'poor'],
    );
  });
});
