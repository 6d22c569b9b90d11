// What other extensions and agents hand in, before any of it is used; and the lines and diffs of the tool.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { applyPatch } from 'diff';
import fc from 'fast-check';
import {
  ApiError,
  checkInfill,
  checkLanguage,
  checkScore,
  checkText,
} from '../../../../extension/api/requests';
import { checkInput, diffOf, offsetsOf } from '../../../../extension/api/toolInput';

const refused = (call: () => unknown, what: RegExp) =>
  assert.throws(call, (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, 'invalid-request');
    assert.match(error.message, what);
    return true;
  });

describe('a request of another extension', () => {
  test('comes out as it was, and nothing but what is known', () => {
    const request = {
      text: 'abcdef',
      spans: [{ start: 1, end: 4, locked: [{ start: 2, end: 3 }], extra: 1 }],
      candidates: 2,
      seed: 7,
      strength: 0.5,
      maxTokens: 9,
      gate: 0.25,
      temperature: 3,
    };
    assert.deepEqual(checkInfill(request, 6), {
      spans: [{ start: 1, end: 4, locked: [{ start: 2, end: 3 }] }],
      candidates: 2,
      seed: 7,
      strength: 0.5,
      maxTokens: 9,
      gate: 0.25,
    });
    assert.deepEqual(checkScore({ range: { start: 0, end: 6 } }, 6), { range: { start: 0, end: 6 } });
    assert.deepEqual(checkScore({}, 6), {});
  });

  test('is refused with what is wrong with it', () => {
    const spans = [{ start: 0, end: 1 }];
    for (const [request, what] of [
      [undefined, /object/],
      [[], /object/],
      [{}, /spans/],
      [{ spans: [] }, /spans/],
      [{ spans: [null] }, /spans\[0\]/],
      [{ spans: [{ start: 0, end: 7 }] }, /spans\[0\].* between 0 and 6/],
      [{ spans: [{ start: 3, end: 2 }] }, /spans\[0\]/],
      [{ spans: [{ start: 0.5, end: 2 }] }, /spans\[0\]/],
      [{ spans: [{ start: '0', end: 2 }] }, /spans\[0\]/],
      [{ spans: [{ start: 0, end: 2, locked: [{ start: 1, end: 3 }] }] }, /locked\[0\]/],
      [{ spans, candidates: 9 }, /candidates/],
      [{ spans, candidates: 1.5 }, /candidates.*whole/],
      [{ spans, strength: 0 }, /strength/],
      [{ spans, seed: -1 }, /seed/],
      [{ spans, maxTokens: '8' }, /maxTokens/],
      [{ spans, gate: Number.NaN }, /gate/],
    ] as const) {
      refused(() => checkInfill(request, 6), what);
    }
    refused(() => checkText(3), /text/);
    refused(() => checkText('x'.repeat(20_000_001)), /20000000/);
    refused(() => checkLanguage(3), /language/);
    refused(() => checkScore({ range: { start: 2, end: 1 } }, 6), /range/);
  });

  test('whatever it is, it is either sound or refused', () => {
    const offset = fc.integer({ min: -1, max: 6 });
    const span = fc.record({ start: offset, end: offset });
    // Next to nothing of what there is has spans at all.
    const request = fc.oneof(fc.anything(), fc.record({ spans: fc.array(span, { maxLength: 3 }) }));
    let sound = 0;
    let refusals = 0;
    fc.assert(
      fc.property(request, fc.nat(6), (anything, length) => {
        let spans: readonly { readonly start: number; readonly end: number }[];
        try {
          spans = checkInfill(anything, length).spans;
        } catch (error) {
          assert.ok(error instanceof ApiError);
          refusals++;
          return;
        }
        sound++;
        assert.ok(spans.length > 0);
        for (const { start, end } of spans) assert.ok(start >= 0 && start <= end && end <= length);
      }),
      { numRuns: 1000 },
    );
    assert.ok(sound > 0 && refusals > 0, `${sound} sound, ${refusals} refused`);
  });
});

describe('the description of the API', () => {
  test('stands by itself', () => {
    const root = path.resolve(__dirname, '../../../..');
    const text = fs.readFileSync(path.join(root, 'extension/api/palimpsest.d.ts'), 'utf8');
    const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, name]) => name);
    assert.deepEqual(imports, ['vscode']);
  });
});

describe('the tool of language models', () => {
  const TEXT = 'a\r\n    bc  \r\n\tdef\r\n';

  test('takes whole lines without their indentation and line ends', () => {
    const span = (startLine: number, endLine: number) => {
      const { start, end } = offsetsOf(TEXT, { startLine, endLine });
      return TEXT.slice(start, end);
    };
    assert.equal(span(2, 2), 'bc');
    assert.equal(span(2, 3), 'bc  \r\n\tdef');
    assert.equal(span(4, 4), '');
  });

  test('and columns as editors count them, the end exclusive', () => {
    const { start, end } = offsetsOf(TEXT, { startLine: 2, startColumn: 5, endLine: 3, endColumn: 3 });
    assert.equal(TEXT.slice(start, end), 'bc  \r\n\td');
    const at = offsetsOf(TEXT, { startLine: 1, startColumn: 2, endLine: 1, endColumn: 2 });
    assert.deepEqual(at, { start: 1, end: 1 });
  });

  test('refuses lines that are not there, and what is no input', () => {
    refused(() => offsetsOf(TEXT, { startLine: 5, endLine: 5 }), /no line 5: the last line of the file is 4/);
    // The end that was not said is the last line: what is wrong is the start.
    refused(() => offsetsOf(TEXT, { startLine: 9, endLine: 4 }), /no line 9/);
    refused(() => offsetsOf(TEXT, { startLine: 2, endLine: 1 }), /ends in line 1, before line 2/);
    const ranges = [{ startLine: 1, endLine: 1 }];
    for (const [input, what] of [
      [null, /object/],
      [{ ranges }, /filePath/],
      [{ filePath: 'a', ranges: [] }, /ranges/],
      [{ filePath: 'a', ranges: [{ startLine: 0, endLine: 1 }] }, /startLine/],
      [{ filePath: 'a', ranges: [{ startLine: 1 }] }, /endLine/],
      [{ filePath: 'a', ranges, candidates: 5 }, /candidates/],
    ] as const) {
      refused(() => checkInput(input), what);
    }
    assert.deepEqual(checkInput({ filePath: 'a', ranges, candidates: 2 }).candidates, 2);
  });

  test('offsets are in the text, in order, wherever the range lies', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\r\n', '\t'), maxLength: 30 });
    const count = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(text, count, count, fc.option(count), fc.option(count), (whole, a, b, c, d) => {
        fc.pre(Math.max(a, b) <= whole.split(/\r\n|\r|\n/).length);
        const { start, end } = offsetsOf(whole, {
          startLine: Math.min(a, b),
          endLine: Math.max(a, b),
          ...(c === null ? {} : { startColumn: c }),
          ...(d === null ? {} : { endColumn: d }),
        });
        assert.ok(0 <= start && start <= end && end <= whole.length);
      }),
    );
  });

  test('its diffs apply', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', '  c', ''), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const old = `${before.join('\n')}\n`;
        const fresh = `${after.join('\n')}\n`;
        assert.equal(applyPatch(old, diffOf('src/a.py', old, fresh)), fresh);
      }),
    );
  });
});
