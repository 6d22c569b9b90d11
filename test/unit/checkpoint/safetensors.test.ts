import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { parseSafetensorsHeader, readSafetensorsHeader } from '../../../engine/checkpoint/safetensors';
import { fails, onlyEngineErrors } from './errors';
import { safetensors, temporaryFolder, withHeader } from './folders';

/** Parses a header in front of `dataBytes` bytes. */
function parse(header: unknown, dataBytes: number) {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  return parseSafetensorsHeader(Buffer.from(text), '/folder/model.safetensors', dataBytes);
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('safetensors header', () => {
  test('gives name, dtype, shape and place in the file', async (t) => {
    const file = path.join(temporaryFolder(t), 'model.safetensors');
    const bytes = safetensors({ a: [2, 3], b: [], c: [0, 4] });
    writeFileSync(file, bytes);
    const tensors = await readSafetensorsHeader(file);
    const dataStart = bytes.length - 28;
    assert.deepEqual(tensors.get('a'), {
      name: 'a',
      dtype: 'F32',
      shape: [2, 3],
      file,
      offset: dataStart,
      length: 24,
    });
    assert.deepEqual(tensors.get('b')?.offset, dataStart + 24);
    assert.deepEqual(tensors.get('c')?.length, 0);
  });

  test('ignores metadata, gaps, spaces behind the JSON and dtypes that it does not know', () => {
    const header = { __metadata__: { format: 'pt' }, a: entry(8, 16), b: entry(20, 24, [9], 'F4_NEW') };
    const tensors = parse(`${JSON.stringify(header)}    `, 40);
    assert.deepEqual([...tensors.keys()], ['a', 'b']);
  });

  const malformedFiles: [string, Buffer | string, string][] = [
    ['an empty file', '', 'before its header'],
    ['a file of seven bytes', 'seven b', 'before its header'],
    ['a header longer than the file', withHeader('{}', 0).subarray(0, 9), 'inside its header'],
    ['a header of 2⁶⁴ − 1 bytes', Buffer.alloc(16, 0xff), 'too long'],
    [
      'a pointer file of Git LFS',
      'version https://git-lfs.github.com/spec/v1\noid sha256:00\n',
      'is a Git LFS pointer',
    ],
    ['a header that is no JSON', withHeader('{"a"', 0), 'not valid JSON'],
    [
      'a header that is no UTF-8',
      Buffer.concat([withHeader('  ', 0).subarray(0, 8), Buffer.from([0xc3, 0x28])]),
      'not valid JSON',
    ],
    ['a header that is a list', withHeader('[]', 0), 'JSON object'],
    ['a header that is null', withHeader('null', 0), 'JSON object'],
    ['a name twice', withHeader('{"a":{},"a":{}}', 0), 'repeats the key "a"'],
    ['a name twice, once escaped', withHeader('{"a":{},"\\u0061":{}}', 0), 'repeats the key "a"'],
    ['offsets twice', withHeader('{"a":{"data_offsets":[0,4],"data_offsets":[0,0]}}', 4), 'repeats the key'],
  ];
  for (const [what, bytes, message] of malformedFiles) {
    test(`refuses ${what}`, async (t) => {
      const file = path.join(temporaryFolder(t), 'model.safetensors');
      writeFileSync(file, bytes);
      await assert.rejects(readSafetensorsHeader(file), fails('checkpoint-malformed', message));
    });
  }

  const malformedTensors: [string, unknown, string][] = [
    ['a tensor that is a number', 1, 'not described by an object'],
    ['no dtype', { shape: [1], data_offsets: [0, 4] }, 'no dtype'],
    ['a negative size', entry(0, 4, [-1]), 'shape'],
    ['a size that is no integer', entry(0, 4, [0.5]), 'shape'],
    ['a size beyond 2⁵³', entry(0, 4, [2 ** 60]), 'shape'],
    ['sizes whose product is beyond 2⁵³', entry(0, 4, [2 ** 50, 2 ** 50]), 'bytes'],
    ['no offsets', { dtype: 'F32', shape: [1] }, 'offsets'],
    ['one offset', { dtype: 'F32', shape: [1], data_offsets: [0] }, 'out of order'],
    ['three offsets', { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] }, 'out of order'],
    ['offsets as strings', { dtype: 'F32', shape: [1], data_offsets: ['0', '4'] }, 'whole numbers'],
    ['a negative offset', entry(-4, 0, [1]), 'whole numbers'],
    ['offsets in reverse', entry(8, 4, [1]), 'out of order'],
    ['an end beyond the file', entry(0, 400), 'past the end'],
    ['too few bytes for its shape', entry(0, 4, [2]), 'not the 8'],
    ['too many bytes for its shape', entry(0, 8, [1]), 'not the 4'],
    ['the bytes of another dtype', entry(0, 8, [2], 'BF16'), 'not the 4'],
  ];
  for (const [what, tensor, message] of malformedTensors) {
    test(`refuses ${what}`, () => {
      assert.throws(
        () => parse({ good: entry(16, 20), bad: tensor }, 40),
        fails('tensor-malformed', message),
      );
    });
  }

  test('refuses tensors that overlap, whatever their order in the header', () => {
    assert.throws(
      () => parse({ b: entry(4, 12), a: entry(0, 8) }, 40),
      fails('tensor-malformed', 'overlaps'),
    );
    assert.equal(parse({ b: entry(8, 12), a: entry(0, 8), empty: entry(4, 4, [0]) }, 12).size, 3);
  });

  test('keys of the prototype are names like any other', () => {
    const tensors = parse(
      `{"__proto__":${JSON.stringify(entry(0, 4))},"constructor":${JSON.stringify(entry(4, 8))}}`,
      8,
    );
    assert.deepEqual([...tensors.keys()], ['__proto__', 'constructor']);
    assert.throws(
      () => parse('{"a":{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}', 8),
      fails('tensor-malformed', 'no dtype'),
    );
  });

  test('a missing file, a folder and a named pipe have codes', async (t) => {
    const folder = temporaryFolder(t);
    await assert.rejects(readSafetensorsHeader(path.join(folder, 'none')), fails('checkpoint-missing'));
    await assert.rejects(readSafetensorsHeader(folder), fails('checkpoint-malformed', 'regular file'));
    if (process.platform === 'win32') return;
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await assert.rejects(readSafetensorsHeader(pipe), fails('checkpoint-malformed', 'regular file'));
  });

  test('any bytes give tensors inside the file, or an EngineError', () => {
    const number = fc.oneof(fc.integer({ min: -2, max: 40 }), fc.double(), fc.constant(2 ** 53));
    const tensor = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom('F32', 'BF16', 'I64', 'X'), fc.jsonValue()),
        shape: fc.oneof(fc.array(number, { maxLength: 3 }), fc.jsonValue()),
        data_offsets: fc.oneof(fc.tuple(number, number), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const header = fc.oneof(
      fc
        .dictionary(fc.string({ maxLength: 4 }), tensor, { maxKeys: 4 })
        .map((value) => JSON.stringify(value)),
      fc.json(),
      fc.string(),
    );
    fc.assert(
      fc.property(header, fc.nat(64), (text, dataBytes) => {
        onlyEngineErrors(() => {
          const start = 8 + Buffer.byteLength(text);
          for (const found of parse(text, dataBytes).values()) {
            assert.ok(found.offset >= start && found.offset + found.length <= start + dataBytes);
          }
        });
      }),
      { numRuns: 1000 },
    );
  });

  test('any file gives tensors or an EngineError', async (t) => {
    const file = path.join(temporaryFolder(t), 'any.safetensors');
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.tuple(fc.nat(40), fc.uint8Array({ maxLength: 40 })).map(([length, rest]) => {
        const prefix = Buffer.alloc(8);
        prefix.writeBigUInt64LE(BigInt(length));
        return Buffer.concat([prefix, rest]);
      }),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        writeFileSync(file, content);
        const result = await readSafetensorsHeader(file).catch((error: unknown) => error);
        onlyEngineErrors(() => {
          if (result instanceof Error) throw result;
        });
      }),
      { numRuns: 200 },
    );
  });
});
