import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { picturesOf } from '../../../../extension/rewrite/denoise/spanFrames';
import {
  candidateFrom,
  candidatesFor,
  planRequest,
  strengthOrInstruction,
} from '../../../../extension/rewrite/requestPlan';
import { withinSpans, wordsAt } from '../../../../extension/rewrite/review/words';
import type { Span } from '../../../../extension/rewrite/state/types';
import { found, toggled, union } from '../../../../extension/text/rangeSets';

const TEXT = 'let a = one;\nlet b = two;\n';
const spans: readonly Span[] = [
  { start: 8, end: 11, old: 'one' },
  { start: 21, end: 24, old: 'two' },
];

describe('what is asked of the engine', () => {
  test('the places as they stand', () => {
    const plan = planRequest(TEXT, spans, { seed: 0 });
    assert.equal(plan.text, TEXT);
    assert.deepEqual(
      plan.sent.map(({ start, end, locked }) => [start, end, locked]),
      [
        [8, 11, undefined],
        [21, 24, undefined],
      ],
    );
    assert.deepEqual(candidateFrom(plan, ['first', 'second']).texts, ['first', 'second']);
  });

  test('a candidate with its pinned words locked', () => {
    const texts = ['f(x, y)', 'two'];
    const pinned = [[{ start: 2, end: 3 }], []];
    const plan = planRequest(TEXT, spans, { seed: 1, texts, pinned });
    assert.equal(plan.text, 'let a = f(x, y);\nlet b = two;\n');
    assert.deepEqual(plan.sent[0], {
      start: 8,
      end: 15,
      span: 0,
      offset: 0,
      locked: [{ start: 10, end: 11 }],
    });
    assert.equal(plan.text.slice(10, 11), 'x');
    assert.deepEqual([plan.sent[1]?.start, plan.sent[1]?.end], [25, 28]);
  });

  test('words of a candidate, all at once; the rest of it is in the answer as it was', () => {
    const texts = ['f(x, y)', 'g(z)'];
    const words = [
      [
        { start: 0, end: 1 },
        { start: 5, end: 6 },
      ],
      [{ start: 2, end: 3 }],
    ];
    const plan = planRequest(TEXT, spans, { seed: 1, texts, words });
    assert.deepEqual(
      plan.sent.map(({ start, end }) => plan.text.slice(start, end)),
      ['f', 'y', 'z'],
    );
    assert.deepEqual(candidateFrom(plan, ['call', '', 'zz']).texts, ['call(x, )', 'g(zz)']);
  });

  test('each span is the text that it stands for, whatever order the places come in', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '🎈'), maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(piece, piece, piece), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (parts, backwards) => {
          let text = '';
          let target = '';
          let pairs: { span: Span; fresh: string }[] = [];
          for (const [pinned, old, fresh] of parts) {
            text += `${pinned}.`;
            target += `${pinned}.`;
            pairs.push({ span: { start: text.length, end: text.length + old.length, old }, fresh });
            text += `${old}.`;
            target += `${fresh}.`;
          }
          if (backwards) pairs = pairs.reverse();
          const texts = pairs.map(({ fresh }) => fresh);
          const plan = planRequest(
            text,
            pairs.map(({ span }) => span),
            { seed: 0, texts },
          );
          assert.equal(plan.text, target);
          assert.deepEqual(
            plan.sent.map(({ start, end }) => plan.text.slice(start, end)),
            texts,
          );
        },
      ),
    );
  });
});

describe('words', () => {
  test('are what is selected without white space, or what the cursor touches', () => {
    const text = 'let total = a.b;\n';
    const at = (start: number, end = start) =>
      wordsAt(text, [{ start, end }]).map((word) => text.slice(word.start, word.end));
    assert.deepEqual(at(6), ['total']);
    assert.deepEqual(at(3), ['let']);
    assert.deepEqual(at(9), ['total']);
    assert.deepEqual(at(10), ['='], 'a sign, where no letter is at hand');
    assert.deepEqual(at(3, 12), ['total =']);
    assert.deepEqual(at(13), ['a'], 'letters before signs');
    assert.deepEqual(wordsAt('  \n', [{ start: 1, end: 1 }]), []);
    assert.deepEqual(
      wordsAt(text, [
        { start: 0, end: 5 },
        { start: 4, end: 9 },
      ]),
      [{ start: 0, end: 9 }],
    );
  });

  test('count from the start of the place that they are in; what is outside does not count', () => {
    const all = withinSpans([{ start: 5, end: 22 }], spans);
    assert.deepEqual(all, [[{ start: 0, end: 3 }], [{ start: 0, end: 1 }]]);
    assert.deepEqual(withinSpans([{ start: 0, end: 4 }], spans), [[], []]);
  });

  test('are pinned and let go by the same key', () => {
    const one = { start: 2, end: 5 };
    assert.deepEqual(toggled([], one), [one]);
    assert.deepEqual(toggled([one], one), []);
    assert.deepEqual(toggled([{ start: 0, end: 9 }], one), [
      { start: 0, end: 2 },
      { start: 5, end: 9 },
    ]);
    assert.deepEqual(toggled([{ start: 4, end: 7 }], one), [{ start: 2, end: 7 }]);
    assert.deepEqual(union([{ start: 3, end: 3 }]), []);
    const touching = [
      { start: 2, end: 4 },
      { start: 0, end: 2 },
      { start: 6, end: 7 },
    ];
    assert.deepEqual(union(touching), [
      { start: 0, end: 4 },
      { start: 6, end: 7 },
    ]);
  });

  test('that stay are found again in the new text, one behind the other', () => {
    const old = 'a + b + a';
    const pinned = [
      { start: 0, end: 1 },
      { start: 8, end: 9 },
    ];
    assert.deepEqual(found(pinned, old, 'x * a - a'), [
      { start: 4, end: 5 },
      { start: 8, end: 9 },
    ]);
    assert.deepEqual(found(pinned, old, 'a'), [{ start: 0, end: 1 }]);
  });
});

describe('the picture of words that are done again', () => {
  test('has the rest of the candidate around them', () => {
    const request = { seed: 1, texts: ['f(x)', 'two'], words: [[{ start: 2, end: 3 }], []] };
    const cell = { text: 'y', state: 'committed', confidence: 1 } as const;
    const waiting = picturesOf(request, spans, new Map());
    assert.deepEqual(
      waiting.get(0)?.cells.map(({ text, state }) => `${state} ${text}`),
      ['locked f(', 'masked x', 'locked )'],
    );
    const told = picturesOf(request, spans, new Map([[0, { cells: [cell], fresh: new Set([0]) }]]));
    assert.deepEqual(
      told.get(0)?.cells.map(({ text }) => text),
      ['f(', 'y', ')'],
    );
    assert.deepEqual([...(told.get(0)?.fresh ?? [])], [1]);
    assert.deepEqual(
      told.get(1)?.cells.map(({ text, state }) => `${state} ${text}`),
      ['locked two'],
    );
  });

  test('of whole places is what was told', () => {
    const told = new Map([[1, { cells: [], fresh: new Set<number>() }]]);
    assert.equal(picturesOf({ seed: 0 }, spans, told), told);
  });
});

describe('how many candidates are made', () => {
  test('all that are wanted, and one more where the likeliest is known', () => {
    assert.deepEqual(candidatesFor(2, 0, false), { candidates: 2, seed: 0 });
    assert.deepEqual(candidatesFor(2, 1, false), { candidates: 3, seed: 3 });
  });

  test('one at a time where the model is slow, and the next unlike the first', () => {
    assert.deepEqual(candidatesFor(2, 0, true), { candidates: 1, seed: 0 });
    const next = candidatesFor(2, 1, true);
    assert.equal(next.candidates, 1);
    assert.ok((next.temperature ?? 0) > 0);
  });
});

describe('an instruction', () => {
  const takes = { takesInstruction: true };
  const none = { takesInstruction: false };

  test('stands in for a strength, of every try', () => {
    const wanted = { seed: 0, instruction: 'Shorter.' };
    const sent = { strength: 1, instruction: 'Shorter.' };
    assert.deepEqual(strengthOrInstruction(wanted, 0.6, takes), sent);
    assert.deepEqual(strengthOrInstruction({ ...wanted, tries: 2 }, 0.6, takes), sent);
    assert.deepEqual(strengthOrInstruction(wanted, 0.6, none), sent, 'the model has to refuse it');
    assert.deepEqual(strengthOrInstruction({ seed: 0 }, 0.6, takes), { strength: 0.6 });
    assert.deepEqual(strengthOrInstruction({ seed: 0, tries: 2 }, 0.6, takes), { strength: 0.3 });
    const inOrder = { ...takes, writesInOrder: true };
    assert.deepEqual(strengthOrInstruction({ seed: 0, tries: 2 }, 0.6, inOrder), { strength: 0.6 });
  });

  test('that a diagnostic gives is for models that take one', () => {
    const fix = { seed: 0, problem: 'No such name.' };
    assert.deepEqual(strengthOrInstruction(fix, 1, takes), { strength: 1, instruction: 'No such name.' });
    assert.deepEqual(strengthOrInstruction(fix, 1, none), { strength: 1 });
  });

  test('is not for words that are filled in again, but for what is pinned', () => {
    const wanted = { seed: 0, instruction: 'Shorter.' };
    assert.deepEqual(strengthOrInstruction({ ...wanted, words: [[]] }, 0.6, takes), { strength: 1 });
    assert.deepEqual(strengthOrInstruction({ ...wanted, pinned: [[]] }, 0.6, takes), {
      strength: 1,
      instruction: 'Shorter.',
    });
    assert.deepEqual(strengthOrInstruction({ seed: 0, pinned: [[]] }, 0.6, takes), { strength: 1 });
  });
});
