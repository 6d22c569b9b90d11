import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { buildCanvas, type CanvasInput } from '../../../engine/canvas/build';
import type { Canvas, Hole } from '../../../engine/canvas/types';
import { EngineError, isEngineError } from '../../../engine/errors';
import { spannedText } from './arbitraries';
import { TOY_BOS, TOY_MASK, toyTokenizer } from './toyTokenizer';

const tokenizer = toyTokenizer();
const specials = { mask: TOY_MASK, bos: TOY_BOS };

function build(input: Partial<CanvasInput> & Pick<CanvasInput, 'text' | 'spans'>): Canvas {
  return buildCanvas({ tokenizer, specials, budget: 10_000, heal: true, ...input });
}
function holes(canvas: Canvas): Hole[] {
  return canvas.segments.flatMap((segment) => (segment.kind === 'hole' ? [segment.hole] : []));
}
function textIds(canvas: Canvas): number[] {
  return canvas.segments.flatMap((segment) => (segment.kind === 'text' ? [...segment.ids] : []));
}
function spelled(ids: readonly number[]): Buffer {
  return Buffer.concat(ids.map((id) => tokenizer.bytes(id)));
}
function originals(hole: Hole): number[] {
  return hole.cells.map((cell) => cell.original);
}
function windowText(text: string, canvas: Canvas): string {
  return (canvas.pieces ?? [canvas.window]).map(({ start, end }) => text.slice(start, end)).join('');
}
function tokenCount(canvas: Canvas): number {
  return textIds(canvas).length + holes(canvas).reduce((sum, hole) => sum + hole.cells.length, 0);
}
const utf8 = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
const code =
  (expected: string, pattern = /./) =>
  (error: unknown) =>
    isEngineError(error) && error.code === expected && pattern.test(error.message);

describe('token healing', () => {
  test('a span at token borders takes its tokens and nothing else', () => {
    const text = 'foo = print(x)';
    const [hole] = holes(build({ text, spans: [{ start: 6, end: 11 }] }));
    assert.deepEqual(hole?.cells, [{ original: tokenizer.idOf('print'), locked: false }]);
    assert.equal(hole?.head.length, 0);
    assert.equal(hole?.tail.length, 0);
  });

  test('a token cut by a border belongs to the hole, and its kept characters to head and tail', () => {
    const text = 'foo = print(x)';
    const [hole] = holes(build({ text, spans: [{ start: 7, end: 9 }] }));
    assert.ok(hole !== undefined);
    assert.deepEqual(originals(hole), [tokenizer.idOf('print')]);
    assert.equal(utf8(hole.head), 'p');
    assert.equal(utf8(hole.tail), 'nt');
  });

  test('an empty span: no cell at a border, the whole token inside one', () => {
    const text = 'foo = print(x)';
    const [border] = holes(build({ text, spans: [{ start: 6, end: 6 }] }));
    assert.deepEqual(border, { span: 0, cells: [], head: new Uint8Array(), tail: new Uint8Array() });
    const [inside] = holes(build({ text, spans: [{ start: 8, end: 8 }] }));
    assert.ok(inside !== undefined);
    assert.deepEqual(originals(inside), [tokenizer.idOf('print')]);
    assert.equal(utf8(inside.head), 'pr');
    assert.equal(utf8(inside.tail), 'int');
  });

  test('behind a part of a word, an empty span has the token before it for models that write token by token', () => {
    const heads = (text: string, ...places: number[]) => {
      const spans = places.map((at) => ({ start: at, end: at }));
      const canvas = build({ text, spans, healWords: true });
      for (const { cells, head, tail } of holes(canvas)) {
        assert.equal(tail.length, 0);
        assert.deepEqual(spelled(cells.map(({ original }) => original)), Buffer.from(head));
      }
      return holes(canvas).map(({ head }) => utf8(head));
    };
    assert.deepEqual(heads('foo = print', 11), ['print']);
    assert.deepEqual(heads('foo = print(x)', 11), ['print']);
    assert.deepEqual(heads('foo = print(x)', 6), [''], 'before a word');
    assert.deepEqual(heads('foo = print(x)', 12), [''], 'behind a sign');
    assert.deepEqual(heads('', 0), ['']);
    assert.deepEqual(heads('print, print', 5, 12), ['print', 'print']);
    // The word is another span's.
    const canvas = build({
      text: 'foo = print',
      spans: [
        { start: 6, end: 11 },
        { start: 11, end: 11 },
      ],
      healWords: true,
    });
    assert.deepEqual(
      holes(canvas).map(({ cells }) => cells.length),
      [1, 0],
    );
  });

  test('a token that ends inside a character gives a head of part of one', () => {
    // 你 = E4 BD A0, and (A0 61) is one token: a span from the a on is headed by the last byte of 你.
    const [hole] = holes(build({ text: '你a = 1', spans: [{ start: 1, end: 2 }] }));
    assert.ok(hole !== undefined);
    assert.deepEqual([...hole.head], [0xa0]);
    assert.deepEqual([...spelled(originals(hole))], [0xa0, 0x61]);
  });

  test('two spans in one token part at the later one', () => {
    const text = 'x print y';
    const canvas = build({
      text,
      spans: [
        { start: 3, end: 4 },
        { start: 5, end: 6 },
      ],
    });
    const [first, second] = holes(canvas);
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(spelled(originals(first)).toString(), 'r');
    assert.equal(spelled(originals(second)).toString(), 'n');
    const [, , between] = canvas.segments;
    assert.ok(between?.kind === 'text');
    assert.deepEqual([...between.ids], [tokenizer.idOf('i')]);
  });

  test('without healing, context and span are tokenised apart', () => {
    const text = 'foo = print(x)';
    const canvas = build({ text, spans: [{ start: 8, end: 10 }], heal: false });
    const [hole] = holes(canvas);
    assert.deepEqual(
      hole?.cells.map((cell) => cell.original),
      [tokenizer.idOf('i'), tokenizer.idOf('n')],
    );
    assert.equal(hole?.head.length, 0);
    const [before] = canvas.segments;
    assert.ok(before?.kind === 'text');
    assert.deepEqual([...before.ids], [...tokenizer.encode('foo = pr').ids]);
  });

  test('a cell is locked if any of it is', () => {
    const text = 'print(abc, foo)';
    const [hole] = holes(build({ text, spans: [{ start: 0, end: 14, locked: [{ start: 7, end: 9 }] }] }));
    const locked = hole?.cells.flatMap((cell) => (cell.locked ? [utf8(tokenizer.bytes(cell.original))] : []));
    assert.deepEqual(locked, ['abc']);
  });
});

describe('what cannot be done', () => {
  test('an empty file needs a token to begin with', () => {
    for (const text of ['', '\ufeff']) {
      const spans = [{ start: text.length, end: text.length }];
      assert.throws(() => build({ text, spans, specials: { mask: TOY_MASK } }), code('document-empty'));
      for (const opening of [{ specials }, { specials: { mask: TOY_MASK }, languageToken: 5 }]) {
        const canvas = build({ text, spans, ...opening });
        assert.deepEqual(
          canvas.segments.map((segment) => segment.kind),
          ['text', 'hole', 'text'],
        );
        assert.equal(tokenCount(canvas), 0);
      }
    }
  });

  test('a selection of the whole file is no empty file', () => {
    const canvas = build({ text: 'foo', spans: [{ start: 0, end: 3 }], specials: { mask: TOY_MASK } });
    assert.equal(tokenCount(canvas), 1);
  });

  test('a span beyond the context is refused with both numbers', () => {
    const spans = [{ start: 0, end: 400 }];
    assert.throws(
      () => build({ text: 'x'.repeat(500), spans, budget: 300 }),
      code('context-too-long', /400 tokens.*300/),
    );
    const two = [
      { start: 0, end: 200 },
      { start: 250, end: 450 },
    ];
    assert.throws(
      () => build({ text: 'x'.repeat(500), spans: two, budget: 300 }),
      code('context-too-long', /2 selections.*400.*300/),
    );
    assert.throws(
      () => build({ text: 'x'.repeat(500), spans: [{ start: 0, end: 0 }], budget: 30, holeTokens: 64 }),
      code('context-too-long', /64.*30/),
    );
  });

  test('a huge selection is refused after a look at its beginning', () => {
    const counting = toyTokenizer();
    const text = 'x'.repeat(5_000_000);
    assert.throws(
      () => build({ text, spans: [{ start: 0, end: text.length }], budget: 1000, tokenizer: counting }),
      code('context-too-long'),
    );
    assert.ok(counting.work.characters <= 2000);
  });

  test('what is too long for any model is not said to fit one with a longer context', () => {
    const text = 'x'.repeat(5000);
    for (const isWindow of [false, true]) {
      assert.throws(
        () => build({ text, spans: [{ start: 0, end: text.length }], budget: 10, isWindow }),
        (error: unknown) => {
          assert.ok(error instanceof EngineError && error.code === 'context-too-long');
          assert.equal(error.data['isWindow'] === true, isWindow);
          return /longer context/.test(error.message) !== isWindow;
        },
      );
    }
  });

  test('a tokenizer that loses bytes is caught', () => {
    const lossy = { ...tokenizer, bytes: (id: number) => tokenizer.bytes(id).slice(0, 2) };
    assert.throws(
      () => build({ text: 'print', spans: [{ start: 0, end: 0 }], tokenizer: lossy }),
      code('tokenizer-malformed'),
    );
  });
});

describe('windows', () => {
  const source = Array.from({ length: 2000 }, (_, i) => `    self.x${i} = print(foo, "你好 ${i}")\r\n`).join(
    '',
  );

  test('a long file gives a full window around the span, on lines, both sides alike', () => {
    const at = source.indexOf('x1000 ');
    const canvas = build({ text: source, spans: [{ start: at, end: at + 5 }], budget: 800 });
    const total = tokenCount(canvas);
    assert.ok(total <= 800 && total > 740, `${total}`);
    const [before, , after] = canvas.segments;
    assert.ok(before?.kind === 'text' && after?.kind === 'text');
    assert.ok(Math.abs(before.ids.length - after.ids.length) < 60);
    assert.equal(source.slice(canvas.window.start, canvas.window.start + 4), '    ');
    assert.equal(source.slice(canvas.window.end - 2, canvas.window.end), '\r\n');
    assert.equal(canvas.pieces, undefined);
  });

  test('room for answers is kept free', () => {
    const at = source.indexOf('x1000 ');
    const canvas = build({ text: source, spans: [{ start: at, end: at }], budget: 800, holeTokens: 300 });
    assert.ok(tokenCount(canvas) <= 500 && tokenCount(canvas) > 440);
  });

  test('distant spans: pieces are named and spelled', () => {
    const spans = ['x1700 ', 'x200 '].map((word) => ({
      start: source.indexOf(word),
      end: source.indexOf(word) + 4,
    }));
    const canvas = build({ text: source, spans, budget: 800 });
    assert.equal(canvas.pieces?.length, 2);
    assert.deepEqual(
      holes(canvas).map((hole) => hole.span),
      [1, 0],
    );
    const all = canvas.segments.flatMap((segment) =>
      segment.kind === 'text' ? [...segment.ids] : originals(segment.hole),
    );
    assert.equal(spelled(all).toString('utf8'), windowText(source, canvas));
  });

  test('five megabytes in one line, two spans: bounded work', () => {
    const counting = toyTokenizer();
    const text = '{"a": [1, 2]}, '.repeat(340_000);
    const canvas = build({
      text,
      spans: [
        { start: 2_000_000, end: 2_000_030 },
        { start: 4_000_000, end: 4_000_000 },
      ],
      budget: 1000,
      tokenizer: counting,
    });
    assert.ok(tokenCount(canvas) <= 1000 && tokenCount(canvas) > 900, `${tokenCount(canvas)}`);
    assert.ok(counting.work.characters < 12_000, `${counting.work.characters}`);
  });

  test('where the whole takes more tokens than its lines, the window gives way just as far as it must', () => {
    const split: typeof tokenizer = {
      ...tokenizer,
      bytes: (id) => tokenizer.bytes(id),
      encode: (text) => {
        const encoded = tokenizer.encode(text);
        if (text.length < 200) return encoded;
        const ids = [...encoded.ids].flatMap((id, i) => (i % 3 === 0 ? [...tokenizer.bytes(id)] : [id]));
        return { ...encoded, ids: Int32Array.from(ids) };
      },
    };
    const text = '    foo(x)\n'.repeat(400);
    const canvas = build({ text, spans: [{ start: 2200, end: 2203 }], budget: 500, tokenizer: split });
    assert.ok(tokenCount(canvas) <= 500 && tokenCount(canvas) > 250, `${tokenCount(canvas)}`);
  });

  test('a steady window keeps its first token while a person types', () => {
    const functions = Array.from({ length: 300 }, (_, i) => `def f${i}():\n    return ${i}\n\n`).join('');
    const begins = (steady: boolean) => {
      const starts = new Set<number>();
      for (let typed = 0; typed < 60; typed++) {
        const text = functions + 'x'.repeat(typed);
        starts.add(
          build({ text, spans: [{ start: text.length, end: text.length }], budget: 600, steady }).window
            .start,
        );
      }
      return starts.size;
    };
    assert.ok(begins(true) < begins(false), `${begins(true)} against ${begins(false)}`);
  });
});

describe('any text, any spans', () => {
  for (const { name, heal, healWords } of [
    { name: 'on', heal: true, healWords: false },
    { name: 'on, of words too', heal: true, healWords: true },
    { name: 'off', heal: false, healWords: false },
  ]) {
    test(`segments spell the window, holes spell head + span + tail (healing ${name})`, () => {
      fc.assert(
        fc.property(spannedText, fc.constantFrom(10_000, 120), ({ text, spans }, budget) => {
          const canvas = build({ text, spans, heal, healWords, budget });
          assert.ok(tokenCount(canvas) <= budget);
          const kinds = canvas.segments.map((segment) => segment.kind);
          assert.deepEqual(kinds, [...spans.flatMap(() => ['text', 'hole']), 'text']);
          const all = canvas.segments.flatMap((segment) =>
            segment.kind === 'text' ? [...segment.ids] : originals(segment.hole),
          );
          assert.deepEqual(spelled(all), Buffer.from(windowText(text, canvas)));
          for (const hole of holes(canvas)) {
            const span = spans[hole.span];
            const inside = Buffer.from(text.slice(span?.start, span?.end));
            assert.deepEqual(spelled(originals(hole)), Buffer.concat([hole.head, inside, hole.tail]));
            if (!heal) assert.equal(hole.head.length + hole.tail.length, 0);
            if (hole.cells.length === 0) assert.equal(inside.length, 0);
            assert.equal(
              hole.cells.some((cell) => cell.locked),
              (span?.locked ?? []).some((piece) => piece.end > piece.start),
            );
          }
        }),
        { numRuns: 500 },
      );
    });
  }

  test('healed context is tokenised as the whole text is', () => {
    fc.assert(
      fc.property(spannedText, ({ text, spans }) => {
        const span = spans[0];
        fc.pre(span !== undefined);
        const canvas = build({ text, spans: [span] });
        const all = canvas.segments.flatMap((segment) =>
          segment.kind === 'text' ? [...segment.ids] : originals(segment.hole),
        );
        assert.deepEqual(all, [...tokenizer.encode(text.slice(canvas.window.start)).ids]);
      }),
    );
  });
});
