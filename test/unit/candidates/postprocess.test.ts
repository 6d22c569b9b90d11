import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { applyCandidate } from '../../../engine/candidates/apply';
import { postprocess } from '../../../engine/candidates/postprocess';
import { isEngineError } from '../../../engine/errors';
import { type Spanned, spannedText } from '../canvas/arbitraries';
import { toyTokenizer } from '../canvas/toyTokenizer';
import { answerOf, canvasOf, finish, holesOf, laneOf, marked } from './examples';

/** The text after the best of one candidate's answers. */
function edited(source: string, ...answers: string[]): string {
  const { text, spans } = marked(source);
  const [best] = finish(text, spans, [laneOf(canvasOf(text, spans), answers)]);
  assert.ok(best !== undefined);
  return applyCandidate(text, best);
}

describe('postprocess', () => {
  test('kept characters of cut tokens are not written twice', () => {
    assert.equal(edited('x = p⟦ri⟧nt(foo)', 'oi'), 'x = point(foo)');
    assert.equal(edited('x = pri⟦⟧nt', '_'), 'x = pri_nt');
    const source = 'below(threshold) {\n  return load ⟦< thresho⟧ld;\n}\n';
    assert.equal(edited(source, '>= threshold'), source.replace('⟦< thresho⟧', '>= thresho'));
  });

  test('a comment does not take in the rest of its line', () => {
    const { text, spans } = marked('return ⟦Errorf("empty")⟧, nil\n');
    const lane = laneOf(canvasOf(text, spans), ['wrap(err) // for now']);
    const [best] = finish(text, spans, [lane], { language: 'go' });
    assert.equal(best && applyCandidate(text, best), 'return wrap(err), nil\n');
  });

  test('Python: no second indentation, no second line, the last line break stays', () => {
    const source = 'def area(w, h):\n    ⟦pass⟧\n';
    assert.equal(edited(source, '    return w * h\n'), 'def area(w, h):\n    return w * h\n');
    assert.equal(edited('def f(a):\n⟦    pass\n⟧', '    return a'), 'def f(a):\n    return a\n');
    assert.equal(
      edited('if a:\n    x = ⟦1⟧\n    y = 2\n', '3\n    y = 2\n'),
      'if a:\n    x = 3\n    y = 2\n',
    );
  });

  test('a line that is rewritten is followed by no blank one', () => {
    assert.equal(edited('  ⟦a();⟧\n}\n', 'b();\n      '), '  b();\n}\n');
    assert.equal(edited('  ⟦a();⟧\n}\n', 'b();\n\n'), '  b();\n}\n');
    assert.equal(edited('⟦a\n⟧\nb\n', 'c\n'), 'c\n\nb\n', 'there was one');
    assert.equal(edited('x = ⟦1⟧ + 2\n', '3 '), 'x = 3 + 2\n', 'within a line');
    assert.equal(edited('if a:\n⟦⟧\n', '    b\n    '), 'if a:\n    b\n    \n', 'inserted');
  });

  test('TypeScript: brackets close once', () => {
    assert.equal(edited('const a = f(⟦⟧);\n', 'x, [y]);\n'), 'const a = f(x, [y]);\n');
    assert.equal(edited('if (a) {⟦⟧\n}\n', '\n  b();\n}\n'), 'if (a) {\n  b();\n}\n');
  });

  test('a block between the braces of the editor has its end on a line of its own', () => {
    const wanted = 'class A {\n  count() {\n    return 1;\n  }\n}\n';
    const source = 'class A {\n  count() {⟦⟧}\n}\n';
    for (const answer of [
      '\n    return 1;',
      '\n    return 1;\n',
      '\n    return 1;\n  }',
      '\n    return 1;\n  }\n',
    ])
      assert.equal(edited(source, answer), wanted);
    assert.equal(edited(source.replaceAll('\n', '\r\n'), '\n    return 1;'), wanted.replaceAll('\n', '\r\n'));
    assert.equal(edited(source, ' return 1; '), 'class A {\n  count() { return 1; }\n}\n');
    assert.equal(edited('run(() => {⟦⟧});\n', '\n  stop();'), 'run(() => {\n  stop();\n});\n');
    assert.equal(edited('f(⟦⟧)\n', '\n  a,\n  b'), 'f(\n  a,\n  b)\n');
    assert.equal(
      edited('class A {\n  count() {⟦\n⟧  }\n}\n', '\n    return 1;'),
      wanted,
      'its depth stands there',
    );
    assert.equal(edited('  count() {⟦⟧ }\n', '\n    return 1;'), '  count() {\n    return 1;\n  }\n');
  });

  test('JSON in a CRLF file', () => {
    assert.equal(
      edited('{\r\n  "a": ⟦1⟧,\r\n  "b": 2\r\n}\r\n', '[\n    1\n  ],\n  "b": 2\n}'),
      '{\r\n  "a": [\r\n    1\r\n  ],\r\n  "b": 2\r\n}\r\n',
    );
  });

  test('a file of mixed line ends: each line keeps the one it had', () => {
    const crlf = 'a\r\n'.repeat(9);
    assert.equal(edited(`${crlf}⟦one⟧\nend\r\n`, 'two\nlines'), `${crlf}two\nlines\nend\r\n`);
    assert.equal(edited(`${crlf}⟦b\nc\r\nd⟧\r\n`, 'b\nC\nd'), `${crlf}b\nC\r\nd\r\n`);
  });

  test('two spans: each is trimmed by what the file has before the next, with brackets over both', () => {
    assert.equal(edited('f(⟦a⟧, ⟦b⟧)\n', 'x, ', 'y)'), 'f(x, y)\n');
    assert.equal(edited('⟦a⟧ = ⟦1⟧\n', 'f(', '2)'), 'f( = 2)\n');
  });

  test('spans come back in the order of the request, with lines and columns', () => {
    const text = '\ufeffa = 1\r\nb = 2\r\n';
    const spans = [
      { start: 12, end: 13 },
      { start: 5, end: 6 },
    ];
    const [best] = finish(text, spans, [laneOf(canvasOf(text, spans), ['7', '8'])]);
    assert.deepEqual(best?.spans, [
      {
        range: { start: { line: 2, column: 5 }, end: { line: 2, column: 6 } },
        start: 12,
        end: 13,
        text: '8',
      },
      { range: { start: { line: 1, column: 5 }, end: { line: 1, column: 6 } }, start: 5, end: 6, text: '7' },
    ]);
  });

  test('ranked, merged, and broken bytes left out', () => {
    const { text, spans } = marked('x = ⟦1⟧\n');
    const canvas = canvasOf(text, spans);
    const lanes = [
      laneOf(canvas, ['2'], 0.3),
      laneOf(canvas, ['1'], 0.9),
      [answerOf(Uint8Array.of(0x61, 0x80, 0x62), 0.99)],
      laneOf(canvas, ['3'], 0.6),
      laneOf(canvas, ['2'], 0.7),
    ];
    const candidates = finish(text, spans, lanes);
    assert.deepEqual(
      candidates.map((candidate) => candidate.spans[0]?.text),
      ['2', '3', '1'],
    );
    assert.ok(Math.abs((candidates[0]?.score ?? 0) - Math.log(0.7)) < 1e-6);
    assert.deepEqual(finish(text, spans, []), []);
  });

  test('locked text stays, even where it looks like a repetition', () => {
    const text = 'f(a))';
    const spans = [{ start: 2, end: 4, locked: [{ start: 3, end: 4 }] }];
    const [hole] = holesOf(canvasOf(text, spans));
    assert.ok(hole !== undefined);
    const ids = Int32Array.from(Buffer.concat([hole.head, Buffer.from('b)'), hole.tail]));
    const locked = Uint8Array.from(ids, (_, i) => (i > 0 ? 1 : 0));
    const [best] = finish(text, spans, [[{ ids, logProbs: new Float32Array(ids.length).fill(-1), locked }]]);
    assert.ok(best !== undefined);
    assert.equal(applyCandidate(text, best), 'f(b))');
    assert.equal(best.score, -1);
  });

  test('a locked end is never cut off, not even as part of a longer repetition', () => {
    const text = 'g(a)\nb)\n';
    const spans = [{ start: 2, end: 4, locked: [{ start: 3, end: 4 }] }];
    const [hole] = holesOf(canvasOf(text, spans));
    assert.ok(hole !== undefined);
    const ids = Int32Array.from(Buffer.concat([hole.head, Buffer.from('x\nb)')]));
    const logProbs = new Float32Array(ids.length).fill(-1);
    const lane = (locked: Uint8Array) => {
      const [best] = finish(text, spans, [[{ ids, logProbs, locked }]]);
      assert.ok(best !== undefined);
      return applyCandidate(text, best);
    };
    assert.equal(lane(Uint8Array.from(ids, (_, i) => Number(i === ids.length - 1))), 'g(x\nb)\nb)\n');
    assert.equal(lane(new Uint8Array(ids.length)), 'g(x\nb)\n');
  });

  test('a locked line end stays what it is in a file that mixes them', () => {
    const text = 'a\nb\nc\nf(x\r\ny)\nd\n';
    const start = text.indexOf('x');
    const spans = [{ start, end: start + 4, locked: [{ start: start + 1, end: start + 3 }] }];
    const [hole] = holesOf(canvasOf(text, spans));
    assert.ok(hole !== undefined);
    const ids = Int32Array.from(Buffer.concat([hole.head, Buffer.from('z\r\nw'), hole.tail]));
    const locked = Uint8Array.from(ids, (byte) => Number(byte === 13 || byte === 10));
    const [best] = finish(text, spans, [[{ ids, logProbs: new Float32Array(ids.length).fill(-1), locked }]]);
    assert.ok(best !== undefined);
    assert.equal(applyCandidate(text, best), 'a\nb\nc\nf(z\r\nw)\nd\n');
  });

  test('lanes that do not fit the canvas are an internal error', () => {
    const { text, spans } = marked('⟦a⟧ ⟦b⟧');
    assert.throws(
      () => finish(text, spans, [[answerOf(Buffer.from('x'))]]),
      (error: unknown) => isEngineError(error) && error.code === 'internal',
    );
  });
});

describe('any text, any spans, any answers', () => {
  const answers = fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { minLength: 4, maxLength: 4 });

  /** Cuts both texts at the spans; what lies between must be the same. */
  function outside({ text, spans }: Spanned): string[] {
    const sorted = [...spans].sort((a, b) => a.start - b.start || a.end - b.end);
    return [
      ...sorted.map((span, i) => text.slice(sorted[i - 1]?.end ?? 0, span.start)),
      text.slice(sorted.at(-1)?.end ?? 0),
    ];
  }

  test('nothing outside the spans changes', () => {
    fc.assert(
      fc.property(spannedText, answers, (spanned, written) => {
        const { text, spans } = spanned;
        for (const candidate of finish(text, spans, [laneOf(canvasOf(text, spans), written)])) {
          assert.deepEqual(
            candidate.spans.map(({ start, end }) => [start, end]),
            spans.map(({ start, end }) => [start, end]),
          );
          const inOrder = [...candidate.spans].sort((a, b) => a.start - b.start || a.end - b.end);
          const parts = outside(spanned);
          const expected = parts.map((part, i) => part + (inOrder[i]?.text ?? '')).join('');
          assert.equal(applyCandidate(text, candidate), expected);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('the original tokens give the original text, byte for byte', () => {
    const tokenizer = toyTokenizer();
    fc.assert(
      fc.property(spannedText, ({ text, spans }) => {
        const canvas = canvasOf(text, spans);
        const lane = holesOf(canvas).map((hole) => {
          const ids = Int32Array.from(hole.cells, (cell) => cell.original);
          return {
            ids,
            logProbs: new Float32Array(ids.length).fill(-1),
            locked: Uint8Array.from(hole.cells, (cell) => Number(cell.locked)),
          };
        });
        const [candidate] = postprocess([lane], { canvas, text, spans, tokenizer });
        assert.ok(candidate !== undefined);
        assert.equal(applyCandidate(text, candidate), text);
      }),
      { numRuns: 500 },
    );
  });
});
