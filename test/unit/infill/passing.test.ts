// Where an answer of a model that writes left to right is over, though the model goes on.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { BlockRequest } from '../../../engine/decoding/blockRun';
import { denoiseBlocks } from '../../../engine/decoding/blocks';
import { holeTextOf } from '../../../engine/infill/holeTexts';
import { loopingAnswers } from '../../../engine/infill/looping';
import { passesBy, wholeAnswer, wholeAnswers } from '../../../engine/infill/passing';
import {
  bytesOf,
  canvasOf,
  FakeBlocks,
  holeOf,
  ids,
  textOf,
  tokenizer,
  VOCABULARY,
  wants,
} from '../decoding/fakes';

interface Written {
  readonly tail?: string;
  readonly head?: string;
  readonly isBound?: boolean;
  readonly oneLine?: boolean;
}

/** The answer that is taken of what was written so far; `«…»` is the span. */
function answerIn(
  file: string,
  written: string,
  { tail, head, isBound, oneLine = false }: Written = {},
): string | undefined {
  const tokens = [...ids(written)];
  const hole = { head: bytesOf(head ?? ''), tail: bytesOf(tail ?? '') };
  const count = wholeAnswer(tokens, { tokenizer, sides: sidesIn(file), hole, oneLine }, isBound);
  return count === undefined ? undefined : textOf(tokens.slice(0, count));
}

function sidesIn(file: string) {
  const [before = '', original = '', after = ''] = file.split(/[«»]/);
  const span = { start: before.length, end: before.length + original.length };
  return holeTextOf(before + original + after, span);
}

/** The same, of a model whose tokens are bytes: any text can be written. */
function bytesIn(file: string, written: string, isBound = false): string | undefined {
  const tokenizer = {
    bytes: (id: number) => Uint8Array.of(id),
    decode: (written: ArrayLike<number>) => Buffer.from(Array.from(written)).toString('utf8'),
  };
  const tokens = [...Buffer.from(written)];
  const hole = { head: bytesOf(''), tail: bytesOf('') };
  const count = wholeAnswer(tokens, { tokenizer, sides: sidesIn(file), hole }, isBound);
  return count === undefined ? undefined : tokenizer.decode(tokens.slice(0, count));
}

const FILE = 'def f(a):\n    «»\n    return a\n';

describe('an answer that goes on into the text behind its hole', () => {
  test('is over where the first line behind the hole has come again', () => {
    assert.equal(answerIn(FILE, 'a = bar\n    return a\n'), 'a = bar');
    assert.equal(answerIn(FILE, 'a = bar\n    b = a\n    return a\n'), 'a = bar\n    b = a');
  });

  test('is not over before that, nor in the middle of a line', () => {
    for (const written of ['a = bar', 'a = bar\n', 'a = bar\n    return a', 'a = bar\n    return\n'])
      assert.equal(answerIn(FILE, written), undefined, written);
  });

  test('keeps what the border of the hole asks for', () => {
    assert.equal(answerIn(FILE, 'a = bar\n    return a\n', { tail: '\n' }), 'a = bar\n');
    // Where it has not written that, it stands behind the hole all the same.
    assert.equal(answerIn(FILE, 'a = bar\n    return a\n', { tail: '\n\n' }), 'a = bar');
  });

  test('is not over where that line stood in it, or closes what it opened', () => {
    assert.equal(answerIn('«a = b\n    return a»\n    return a\n', 'a = foo\n    return a\n'), undefined);
    assert.equal(answerIn('foo(a) {\n  «bar()»\n}\n', 'bar() {\n}\n'), undefined);
    assert.equal(answerIn('foo(a) {\n  «bar()»\n}\n', 'bar(a)\n}\n'), 'bar(a)');
  });

  test('may come to nothing where nothing stood', () => {
    assert.equal(answerIn('def f(a):\n    a = b\n«»    return a\n', '    return a\n'), '');
  });

  test('is over where it comes again with an empty line, which is one token', () => {
    assert.equal(answerIn(FILE, 'a = bar\n    return a\n\n'), 'a = bar');
  });

  test('is over where the last line of the file has come again, which may have no line end', () => {
    assert.equal(answerIn('a = b\n«»\nreturn a', 'foo(a)\nreturn a\n'), 'foo(a)');
  });

  test('is not over where the rest of a line ends one of its own, or a deeper line is like the one behind it', () => {
    assert.equal(answerIn('a = «b»;\n', 'foo(a) {\n  bar(a);\n'), undefined);
    assert.equal(answerIn('«    a = b\n»    return a\n', '    foo(b):\n        return a\n'), undefined);
    assert.equal(answerIn('«    a = b\n»    return a\n', '    a = foo\n    return a\n'), '    a = foo\n');
  });

  test('goes on with what closes what stands before it', () => {
    assert.equal(answerIn('foo(a) {\n  «»\n', 'bar(a)\n}\n'), undefined);
  });

  test('is over where it leaves the block that the hole is in', () => {
    assert.equal(answerIn(FILE, 'a = bar\nfoo(b)\n'), 'a = bar');
    assert.equal(answerIn(FILE, 'a = bar\n\n\nfoo(b)\n'), 'a = bar');
    assert.equal(answerIn('def f(a):\n«»\n', '    a = b\nfoo(a)\n'), '    a = b');
    assert.equal(
      answerIn('def f(a):\n\t«a = b»\n', 'a = bar\n  foo(b)\n'),
      'a = bar',
      'a tab is four blanks',
    );
  });

  test('is not over where a line is deeper, as deep, half written, or within what is open', () => {
    for (const written of ['foo(b):\n        a = b\n', 'a = b\n    b = a\n', 'a = b\nfoo', 'foo(\na\n'])
      assert.equal(answerIn(FILE, written), undefined, written);
    assert.equal(
      answerIn('def f(a):\n    «foo(a):\n  b»\n', 'bar(a):\n  foo(b)\n'),
      undefined,
      'as it stood',
    );
  });

  test('that comes to its bound ends with its first paragraph, or its last whole line', () => {
    assert.equal(answerIn('«a = b»\n', 'a = foo\n\nb = foo\nb', { isBound: true }), 'a = foo');
    assert.equal(
      answerIn('«a = b\n\nb = c»\n', 'a = foo\n\nb = foo\nb', { isBound: true }),
      'a = foo\n\nb = foo',
    );
    assert.equal(answerIn('«a = b\nb = c»\n', 'a = foo\nb = foo\nb', { isBound: true }), 'a = foo\nb = foo');
    assert.equal(answerIn('«a = b»\n', 'a = foo', { isBound: true }), undefined);
    assert.equal(answerIn('«»\n', 'a = foo\n\nb = foo\nb'), undefined, 'it may go on');
  });

  test('at its bound keeps the code with the docstring or comment about it', () => {
    const file = 'def f():\n    «pass»\n';
    const doc = '"""Adds.\n\n    All of them."""\n\n    return a\n\n    b()\n    c';
    assert.equal(bytesIn(file, doc, true), '"""Adds.\n\n    All of them."""\n\n    return a');
    assert.equal(
      bytesIn(file, '# All\n    # of them.\n\n    a()\n\n    b', true)?.split('\n').at(-1),
      '    a()',
    );
    for (const doc of ['"""Say "hi"."""', 'r"""It\'s \\d."""', "'''All.'''", '-- all', '# all'])
      assert.equal(bytesIn(file, `${doc}\n\n    a()\n\n    b`, true), `${doc}\n\n    a()`, doc);
    assert.equal(bytesIn('«x»\n', '/* All. */\n\na();\n\nb', true), '/* All. */\n\na();');
    assert.equal(bytesIn(file, '"""Adds."""\n\n    return', true), '"""Adds."""\n', 'nothing of it is whole');
  });

  test('at its bound is taken by the first rule that the border of the hole lets be', () => {
    // The end by the first rule is within the token "ar", the end by lines is not.
    assert.equal(answerIn('«a = b»\n', 'a\n\nb = foo\n\na', { tail: '\n', isBound: true }), 'a\n');
  });

  test('of one line ends with it, once what it opens is closed', () => {
    const oneLine = true;
    assert.equal(answerIn('«»\n', 'a = b\nb = c\n', { oneLine }), 'a = b');
    assert.equal(answerIn('«»\n', '\n    a = b\n', { oneLine }), '\n    a = b');
    assert.equal(answerIn('«»\n', 'foo(\n  a\n', { oneLine }), undefined);
    assert.equal(answerIn('«»\n', 'foo(\n  a\n)\n', { oneLine }), 'foo(\n  a\n)');
    assert.equal(answerIn('«»\n', '\n', { oneLine }), undefined);
    assert.equal(answerIn('«»\n', 'foo(a):\n', { oneLine }), undefined, 'a header alone');
    assert.equal(answerIn('«»\n', 'foo(a):\n  b\n  c\n', { oneLine }), 'foo(a):\n  b');
    assert.equal(answerIn('«»\n', 'a = b\nb = c\n'), undefined);
  });

  test('with a head counts what is behind it, and is nothing without it', () => {
    assert.equal(answerIn(FILE, 'a = bar\n    return a\n', { head: 'a' }), 'a = bar');
    assert.equal(answerIn(FILE, 'b = bar\n    return a\n', { head: 'a' }), undefined);
  });

  test('with other line ends than the file is over at the same place', () => {
    const crlf = FILE.replaceAll('\n', '\r\n');
    for (const file of [FILE, crlf]) {
      assert.equal(bytesIn(file, 'a = bar\n    b()\n    return a\n'), 'a = bar\n    b()');
      assert.equal(bytesIn(file, 'a = bar\r\n    b()\r\n    return a\r\n'), 'a = bar\r\n    b()');
      assert.equal(bytesIn(file, 'a = bar\r\n    b()\r\nreturn\r\n'), 'a = bar\r\n    b()');
    }
  });

  test('with carriage returns alone is over there, too', () => {
    assert.equal(
      bytesIn(FILE.replaceAll('\n', '\r'), 'a = bar\r    b()\r    return a\r'),
      'a = bar\r    b()',
    );
  });

  test('of several bytes a character is cut at a character', () => {
    assert.equal(bytesIn(FILE, 'a = "é😀"\n    return a\n'), 'a = "é😀"');
    // Half a character is written so far.
    const half = [...Buffer.from('a = "é')].slice(0, -1);
    const hole = { head: bytesOf(''), tail: bytesOf('') };
    const bytes = { bytes: (id: number) => Uint8Array.of(id), decode: () => 'a = "\ufffd' };
    assert.equal(wholeAnswer(half, { tokenizer: bytes, sides: sidesIn(FILE), hole }), undefined);
  });

  test('counts the text up to the next span only', () => {
    const text = 'a = b\n\nb = c\nfoo(a)\n';
    const hole = holeOf();
    const spans = [
      { start: 6, end: 6 },
      { start: 7, end: 12 },
    ];
    const at = wholeAnswers({ text, spans, priority: 'rewrite' }, [hole, hole], { tokenizer });
    assert.equal(at?.(0, [...ids('a = bc\nb = c\n')], false), undefined, 'that is to be written, too');
    const written = [...ids('b = bc\nfoo(a)\n')];
    assert.equal(textOf(written.slice(0, at?.(1, written, false))), 'b = bc');
  });

  test('is one statement where one was selected, and where somebody types in the middle of a line', () => {
    const text = 'a = b;\nfoo(a)\n';
    const written = [...ids('b = bc\nfoo(b)\na')];
    const hole = holeOf();
    const taken = (start: number, end: number, priority: 'rewrite' | 'ghost') => {
      const at = wholeAnswers({ text, spans: [{ start, end }], priority }, [hole], { tokenizer });
      return textOf(written.slice(0, at?.(0, written, false)));
    };
    assert.equal(taken(0, 6, 'rewrite'), 'b = bc');
    assert.equal(taken(4, 4, 'ghost'), 'b = bc');
    assert.equal(
      taken(4, 4, 'rewrite'),
      textOf(written),
      'who asks for a text to be filled in may want more',
    );
  });

  test('that does nothing but repeat itself is over, at its first paragraph where it has one', () => {
    const file = 'def f(line):\n«    a\n    b\n»    return line\n';
    const again = "    line = line.replace('a', 'b')\n";
    assert.equal(bytesIn(file, again.repeat(2)), undefined, 'twice may be meant');
    const looping = again.repeat(9);
    const taken = bytesIn(file, looping);
    assert.equal(taken, looping.trimEnd());
    const chained = `    line = line${".replace('a', 'b')".repeat(20)}`;
    const whole = chained.slice(0, chained.length - (chained.length % 16));
    assert.equal(bytesIn(file, whole), whole, 'without a line end');
    assert.equal(bytesIn(file, chained.slice(0, whole.length - 3)), undefined, 'not at each token');
    const first = '    line = line.strip()\n\n';
    assert.equal(bytesIn(file, first + looping), first.trimEnd());
    const table =
      'def f():\n    a = [\n«        x,\n        x,\n        x,\n        x,\n        x,\n»    ]\n';
    assert.equal(bytesIn(table, '        x,\n'.repeat(5)), undefined, 'as often as there was');
  });

  test('that has an end of its own is over where it loops, unless it is denoised as a whole', () => {
    const text = 'a = 1\n\n';
    const asked = { text, spans: [{ start: 6, end: 6 }] };
    const decode = (written: ArrayLike<number>) => Buffer.from(Array.from(written)).toString('utf8');
    const familyOf = (attention: object) =>
      ({ family: { attention }, tokenizer: { decode } }) as unknown as Parameters<typeof loopingAnswers>[1];
    const loop = [...Buffer.from('count(total)\n'.repeat(16))];
    const at = loopingAnswers(asked, familyOf({ kind: 'block-causal', blockLength: 4 }));
    assert.equal(at?.(0, loop, false), loop.length);
    assert.equal(at?.(0, loop.slice(0, 16), false), undefined);
    assert.equal(at?.(0, loop.slice(0, -4), false), undefined, 'between two looks');
    assert.equal(at?.(1, loop, false), undefined, 'no such hole');
    assert.equal(loopingAnswers(asked, familyOf({ kind: 'full' })), undefined);
    assert.equal(loopingAnswers(asked, familyOf({ kind: 'cached-canvas', blockLength: 16 })), undefined);
  });

  test('is for models that see both sides and write token by token', () => {
    const infill = { kind: 'fim-order', bos: false, order: 'prefix-first' } as const;
    assert.ok(passesBy({ infill, attention: { kind: 'block-causal', blockLength: 1 } }));
    assert.ok(!passesBy({ infill, attention: { kind: 'block-causal', blockLength: 4 } }));
    assert.ok(
      !passesBy({
        infill: { kind: 'left-only', bos: false },
        attention: { kind: 'block-causal', blockLength: 1 },
      }),
    );
  });

  test('takes no further pass', async () => {
    const written = ids('a=bar\nreturn a\nfoo(a)\nfoo(b)\n');
    const text = '\nreturn a\n';
    const asked = { text, spans: [{ start: 0, end: 0 }], priority: 'rewrite' } as const;
    const hole = holeOf();
    const wholeAt = wholeAnswers(asked, [hole], { tokenizer });
    assert.ok(wholeAt);
    const run = async (options: Partial<BlockRequest>) => {
      const denoiser = new FakeBlocks(1, 64, (_lane, position) => wants(written[position] ?? 0, 9));
      const [result] = await denoiseBlocks(denoiser, {
        family: {
          infill: { kind: 'fim-order', bos: false, order: 'prefix-first' },
          length: { kind: 'end-token' },
        },
        tokenizer,
        vocabSize: VOCABULARY,
        sampling: { rule: 'top-k', temperature: 0, topP: 1 },
        seeds: [1],
        maxTokens: [written.length],
        maskCounts: [0],
        contextLimit: 256,
        canvas: canvasOf('', hole, '\nreturn a\n'),
        contextFor: () => ({ before: ids('{'), after: new Int32Array(0) }),
        ...options,
      });
      return { steps: result?.steps, text: textOf(result?.holes[0]?.ids ?? []) };
    };
    const passed = ids('a=bar\nreturn a\n').length;
    assert.deepEqual(await run({ wholeAt }), { steps: passed, text: 'a=bar' });
    assert.equal((await run({})).steps, written.length);
    const cut = holeOf({ tail: bytesOf('\n\n') });
    const behindCut = wholeAnswers(asked, [cut], { tokenizer });
    assert.deepEqual(
      (await run({ wholeAt: behindCut, canvas: canvasOf('', cut, 'return a\n') })).text,
      'a=bar',
    );
    // Fewer tokens than stood there at least.
    assert.equal((await run({ wholeAt, minTokens: [20] })).steps, written.length);
  });
});
