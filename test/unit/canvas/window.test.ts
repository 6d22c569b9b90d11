import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { isLineStart, splitsUnit } from '../../../engine/canvas/position';
import type { Piece } from '../../../engine/canvas/spans';
import { closedEnd, growWindow, steadyEnd, steadyStart } from '../../../engine/canvas/window';
import { spannedText } from './arbitraries';
import { toyTokenizer } from './toyTokenizer';

const byLength = (text: string) => text.length;
const lines = (n: number, length = 9) =>
  Array.from({ length: n }, (_, i) => `${i}`.padEnd(length, 'x')).join('\n');

function grow(text: string, spans: readonly Piece[], budget: number, count = byLength): readonly Piece[] {
  return growWindow({ text, spans, budget, count });
}

describe('growWindow', () => {
  test('takes all of a text that fits', () => {
    const text = lines(10);
    assert.deepEqual(grow(text, [{ start: 42, end: 45 }], 1000), [{ start: 0, end: text.length }]);
  });

  test('both sides get the same number of tokens', () => {
    const text = lines(1000);
    const [piece] = grow(text, [{ start: 5000, end: 5000 }], 400);
    assert.deepEqual(piece, { start: 4800, end: 5200 });
  });

  test('behind the last span there may be less than before it; between spans nothing changes', () => {
    const text = lines(1000);
    const grown = (spans: readonly Piece[], budget: number) =>
      growWindow({ text, spans, budget, mostBehind: 100, count: byLength });
    assert.deepEqual(grown([{ start: 5000, end: 5000 }], 400), [{ start: 4700, end: 5100 }]);
    assert.deepEqual(
      grown([{ start: 20, end: 20 }], 400),
      [{ start: 0, end: 120 }],
      'nor for what is left over',
    );
    const far = [
      { start: 2000, end: 2000 },
      { start: 8000, end: 8000 },
    ];
    assert.deepEqual(grown(far, 700), [
      { start: 1800, end: 2200 },
      { start: 7800, end: 8100 },
    ]);
  });

  test('what one side cannot use goes to the other', () => {
    const text = lines(1000);
    assert.deepEqual(grow(text, [{ start: 20, end: 20 }], 400), [{ start: 0, end: 400 }]);
    assert.deepEqual(grow(text, [{ start: text.length, end: text.length }], 399), [
      { start: text.length - 399, end: text.length },
    ]);
  });

  test('cuts at line starts, of any kind', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = lines(300).replaceAll('\n', end);
      const [piece] = grow(text, [{ start: 1003, end: 1010 }], 205);
      assert.ok(piece !== undefined);
      assert.ok(isLineStart(text, piece.start) && isLineStart(text, piece.end), JSON.stringify(end));
      assert.ok(piece.end - piece.start > 190);
    }
  });

  test('spans far apart each keep their surroundings, and the middle is left out at line starts', () => {
    const text = lines(1000);
    const pieces = grow(
      text,
      [
        { start: 1003, end: 1005 },
        { start: 8005, end: 8005 },
      ],
      400,
    );
    assert.equal(pieces.length, 2);
    for (const [i, at] of [1003, 8005].entries()) {
      const piece = pieces[i];
      assert.ok(piece !== undefined);
      assert.ok(at - piece.start >= 80 && piece.end - at >= 80, `${at}: ${piece.start}-${piece.end}`);
      assert.ok(isLineStart(text, piece.start) && isLineStart(text, piece.end));
    }
  });

  test('spans that are near become one piece', () => {
    const text = lines(1000);
    assert.equal(
      grow(
        text,
        [
          { start: 1003, end: 1005 },
          { start: 1105, end: 1105 },
        ],
        400,
      ).length,
      1,
    );
  });

  test('a long line beside the span is cut inside, on a character, on both sides', () => {
    const text = '😀'.repeat(100_000);
    const [piece] = grow(text, [{ start: 50_000, end: 50_002 }], 500);
    assert.ok(piece !== undefined);
    assert.equal(splitsUnit(text, piece.start), undefined);
    assert.equal(splitsUnit(text, piece.end), undefined);
    assert.ok(50_000 - piece.start >= 190 && piece.end - 50_002 >= 190);
    assert.ok(piece.end - piece.start <= 502);
  });

  test('a long line further off ends the window on that side only', () => {
    const text = `${'m'.repeat(100_000)}\n${lines(100)}`;
    const [piece] = grow(text, [{ start: 100_031, end: 100_031 }], 600);
    assert.deepEqual(piece, { start: 100_001, end: 100_601 });
  });

  test('a huge line costs work by the budget, not by its length', () => {
    for (const text of ['x'.repeat(5_000_000), `${'y = 1; '.repeat(700_000)}`, '你'.repeat(1_700_000)]) {
      const tokenizer = toyTokenizer();
      const middle = text.length >> 1;
      const pieces = grow(
        text,
        [
          { start: middle, end: middle },
          { start: middle + 90_000, end: middle + 90_003 },
        ],
        1000,
        (piece) => tokenizer.encode(piece).ids.length,
      );
      assert.equal(pieces.length, 2);
      assert.ok(tokenizer.work.characters < 20_000, `${tokenizer.work.characters} characters`);
      assert.ok(tokenizer.work.calls < 1000, `${tokenizer.work.calls} calls`);
    }
  });

  test('a BOM never enters the window', () => {
    assert.deepEqual(grow('\ufeffab', [{ start: 2, end: 2 }], 9), [{ start: 1, end: 3 }]);
  });

  test('any text: spans covered, pieces apart, in the budget, on whole characters', () => {
    fc.assert(
      fc.property(spannedText, fc.nat(60), ({ text, spans }, budget) => {
        const sorted = [...spans].sort((a, b) => a.start - b.start || a.end - b.end);
        const pieces = grow(text, sorted, budget);
        let outside = pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0);
        for (const span of sorted) {
          outside -= span.end - span.start;
          assert.ok(pieces.some((piece) => piece.start <= span.start && span.end <= piece.end));
        }
        assert.ok(outside <= budget);
        for (const [i, piece] of pieces.entries()) {
          assert.ok(i === 0 || piece.start > (pieces[i - 1]?.end ?? 0));
          assert.equal(splitsUnit(text, piece.start), undefined);
          assert.equal(splitsUnit(text, piece.end), undefined);
        }
      }),
    );
  });
});

describe('steadyStart', () => {
  const body = Array.from({ length: 40 }, (_, i) => `def f${i}():\n    x = ${i}\n    return x\n\n`).join('');

  const indented = '    call(item.name, item.value)\n'.repeat(200);

  test('holds still while the window creeps, and keeps at least half of it', () => {
    for (const text of [body, indented]) {
      const length = 800;
      const starts = new Set<number>();
      for (let start = 200; start < 300; start++) {
        const steady = steadyStart(text, start, start + length, 200);
        assert.ok(steady >= start && steady < start + length / 2);
        assert.ok(isLineStart(text, steady));
        starts.add(steady);
      }
      assert.ok(starts.size <= 2, `${[...starts]}`);
    }
  });

  test('prefers a line that begins a part of the file', () => {
    for (const text of [body, body.replaceAll('\n', '\r\n')])
      for (let start = 200; start < 300; start++)
        assert.ok(text.startsWith('def', steadyStart(text, start, start + 800, 200)));
  });

  test('changes nothing where the window begins with the text, or has no line to begin with', () => {
    assert.equal(steadyStart(body, 0, body.length, 200), 0);
    assert.equal(steadyStart('x'.repeat(5000), 1000, 3000, 200), 1000);
    assert.equal(steadyStart(body, 190, 200, 200), 190);
  });
});

describe('steadyEnd', () => {
  const text = '    call(item.name, item.value)\n'.repeat(200);

  test('holds still while a person types before it and the window creeps, and keeps at least half', () => {
    const distances = new Set<number>();
    for (let typed = 0; typed < 100; typed++) {
      const now = `${'x'.repeat(typed)}\n${text}`;
      const end = now.length - 2000 - (typed % 40);
      const steady = steadyEnd(now, end, end - 800, 200);
      assert.ok(steady <= end && steady > end - 400);
      assert.ok(isLineStart(now, steady));
      distances.add(now.length - steady);
    }
    assert.ok(distances.size <= 2, `${[...distances]}`);
  });

  test('changes nothing where the window ends with the text, or has no line to end with', () => {
    assert.equal(steadyEnd(text, text.length, 0, 200), text.length);
    assert.equal(steadyEnd('x'.repeat(5000), 3000, 1000, 200), 3000);
    assert.equal(steadyEnd(text, 300, 290, 200), 300);
  });
});

describe('closedEnd', () => {
  /** What is left behind the span between the bars, where the text was cut at the sign ✂. */
  const kept = (marked: string): string => {
    const [left = '', old = '', right = ''] = marked.split('¦');
    const start = left.length;
    const end = start + old.length;
    const cut = right.indexOf('✂');
    const text = `${left}${old}${right.replace('✂', '')}`;
    return text.slice(end, closedEnd(text, end + cut, { start, end }));
  };

  test('goes back to where all is closed that was begun behind the span', () => {
    const left = 'function f() {\n  ¦const a = 1;¦\n';
    // Something is more than nothing.
    const open = '  const g = () => {\n    h();\n';
    assert.equal(kept(`${left}${open}✂    i();\n  };\n  return a;\n}\n`), `\n${open}`);
    assert.equal(
      kept(`${left}  const g = () => {\n    h();\n  };\n\n  return (\n    <p>\n✂    </p>\n  );\n}\n`),
      '\n  const g = () => {\n    h();\n  };\n\n',
    );
    assert.equal(kept('if a:\n    ¦b()¦\n    c()\nelse:\n    d(\n✂        e)\nf()\n'), '\n    c()\n');
    assert.equal(kept('a\r\n  ¦b¦\r\n  b\r\n  c {\r\n    d\r\n✂    e\r\n  }\r\n'), '\r\n  b\r\n');
  });

  test('stays where nothing is open there, at the end of the text, and where there is no such line', () => {
    assert.equal(kept('{\n  ¦a();¦\n  b();\n✂  c();\n}\n'), '\n  b();\n');
    assert.equal(kept('{\n  ¦a();¦\n  b();\n}\n✂c();\n'), '\n  b();\n}\n');
    assert.equal(kept('{\n  ¦a(¦\n    b,\n    c,\n✂    d);\n}\n'), '\n    b,\n    c,\n');
    assert.equal(kept('{\n  ¦a();¦\n  b {\n    c\n✂'), '\n  b {\n    c\n');
  });

  test('keeps an eighth of what was there, whatever is open', () => {
    const methods = Array.from({ length: 100 }, (_, i) => `    def m${i}(self):\n        pass\n`);
    const behind = `\nimport c\n\nclass Big:\n${methods.join('')}`;
    assert.equal(kept(`import a\n¦import b¦${behind}✂    x = 1\n`), behind);
  });

  test('is no border between a head and its body', () => {
    const head = 'int a;\n¦int b;¦\nint c;\n';
    assert.equal(kept(`${head}void f()\n✂{\n}\n`), '\nint c;\n');
  });

  test('is a border between the span and the cut, whatever the text is', () => {
    fc.assert(
      fc.property(spannedText, fc.nat(), ({ text, spans }, seed) => {
        const span = spans.at(-1);
        fc.pre(span !== undefined);
        const end = span.end + (seed % (text.length - span.end + 1));
        const closed = closedEnd(text, end, span);
        assert.ok(closed >= span.end && closed <= end);
        if (closed !== end) assert.ok(isLineStart(text, closed));
      }),
    );
  });
});
