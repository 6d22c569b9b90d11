import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { describe, type TestContext } from 'node:test';
import fc from 'fast-check';
import { dequantise } from '../../../engine/checkpoint/dequantise';
import { parseGgufHeader, readGgufHeader } from '../../../engine/checkpoint/ggufHeader';
import { preTokenization } from '../../../engine/checkpoint/ggufPreTokenizers';
import { narrow, widen } from '../../../engine/checkpoint/halves';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { preTokenizerOf } from '../../../engine/checkpoint/preTokenizer';
import { recogniseFamily } from '../../../engine/checkpoint/recognise';
import type { PackedType } from '../../../engine/checkpoint/types';
import { EngineError } from '../../../engine/errors';
import { quantiseBlocks } from '../../../engine/graph/rounding';
import { fails, onlyEngineErrors } from './errors';
import { temporaryFolder } from './folders';
import {
  ARRAY,
  float,
  type GgufParts,
  gguf,
  ggufFile,
  number,
  numbers,
  pair,
  STRING,
  string,
  strings,
  uint32,
  uint64,
} from './ggufFiles';

const FIXTURES = path.resolve('test/fixtures/gguf');

describe('GGUF header', () => {
  test('gives keys, types, shapes outermost first, and places in the file', async (t) => {
    const bytes = gguf({
      pairs: [
        string('general.name', 'tiny'),
        number('a.count', 7),
        float('a.rate', 0.5),
        numbers('a.list', [1, 2]),
      ],
      tensors: [
        { name: 'x', sizes: [64, 3], type: 8 },
        { name: 'y', sizes: [5], offset: 224 },
      ],
      dataBytes: 244,
    });
    const file = ggufFile(t, bytes);
    const { metadata, tensors } = await readGgufHeader(file);
    assert.deepEqual(
      [...metadata],
      [
        ['general.name', 'tiny'],
        ['a.count', 7],
        ['a.rate', 0.5],
        ['a.list', [1, 2]],
      ],
    );
    const start = bytes.length - 244;
    assert.deepEqual(tensors.get('x'), {
      name: 'x',
      type: 'Q8_0',
      shape: [3, 64],
      offset: start,
      length: 204,
    });
    assert.deepEqual(tensors.get('y'), {
      name: 'y',
      type: 'F32',
      shape: [5],
      offset: start + 224,
      length: 20,
    });
  });

  const HUGE = 2n ** 60n;
  const longString = pair('k', STRING, Buffer.concat([uint64(HUGE), Buffer.from('abc')]));
  const longList = pair('k', ARRAY, Buffer.concat([uint32(STRING), uint64(HUGE)]));
  const manyNumbers = pair('k', ARRAY, Buffer.concat([uint32(0), uint64(2 ** 40)]));
  const lies: [string, GgufParts, string][] = [
    ['another magic', { magic: 'GGML' }, 'not a GGUF file'],
    ['a version that is not known', { version: 1 }, 'version 1'],
    ['a big-endian file', { version: 0x03000000 }, 'big-endian'],
    ['2⁶⁰ tensors', { tensorCount: HUGE }, 'out of range'],
    ['a billion tensors', { tensorCount: 1e9 }, 'claims 1000000000 tensors'],
    ['a billion pairs', { pairCount: 1e9 }, 'claims 1000000000 key-value pairs'],
    ['more pairs than there are', { pairCount: 3 }, 'truncated'],
    ['a string of 2⁶⁰ bytes', { pairs: [longString] }, 'out of range'],
    ['a list of 2⁶⁰ strings', { pairs: [longList] }, 'out of range'],
    ['a list longer than the file', { pairs: [manyNumbers] }, 'do not fit'],
    [
      'a list of lists',
      { pairs: [pair('k', ARRAY, Buffer.concat([uint32(ARRAY), uint64(1)]))] },
      'unknown type 9',
    ],
    ['a value of an unknown type', { pairs: [pair('k', 99, uint32(0))] }, 'unknown type 99'],
    ['a truth value of 2', { pairs: [pair('k', 7, Buffer.from([2]))] }, 'truth value'],
    ['a key twice', { pairs: [number('k', 1), number('k', 2)] }, 'repeats the key k'],
    ['an alignment of 0', { pairs: [number('general.alignment', 0)] }, 'alignment'],
    ['an alignment of 12', { pairs: [number('general.alignment', 12)] }, 'alignment'],
    ['five dimensions', { tensors: [{ name: 'x', sizes: [1, 1, 1, 1, 1] }], dataBytes: 32 }, '5 dimensions'],
    [
      'a tensor twice',
      {
        tensors: [
          { name: 'x', sizes: [1] },
          { name: 'x', sizes: [1], offset: 32 },
        ],
        dataBytes: 64,
      },
      'twice',
    ],
  ];
  for (const [what, parts, message] of lies) {
    test(`refuses ${what}`, async (t) => {
      await assert.rejects(readGgufHeader(ggufFile(t, gguf(parts))), fails('checkpoint-malformed', message));
    });
  }

  const tensorLies: [string, GgufParts, string][] = [
    ['a size of 2⁶⁰', { tensors: [{ name: 'x', sizes: [2n ** 50n, 2n ** 50n] }], dataBytes: 32 }, 'shape'],
    ['a size of 0', { tensors: [{ name: 'x', sizes: [0] }], dataBytes: 32 }, 'shape'],
    ['a tensor past the end', { tensors: [{ name: 'x', sizes: [9] }], dataBytes: 32 }, 'past the end'],
    [
      'an offset past the end',
      { tensors: [{ name: 'x', sizes: [1], offset: 2 ** 40 }], dataBytes: 32 },
      'past the end',
    ],
    [
      'an offset out of line',
      { tensors: [{ name: 'x', sizes: [1], offset: 4 }], dataBytes: 32 },
      'multiple of 32',
    ],
    [
      'a row that blocks do not fill',
      { tensors: [{ name: 'x', sizes: [48, 2], type: 2 }], dataBytes: 99 },
      'blocks of 32',
    ],
    [
      'a row that 256 does not divide',
      { tensors: [{ name: 'x', sizes: [576, 2], type: 12 }], dataBytes: 999 },
      'blocks of 256',
    ],
    ['a type that is not read', { tensors: [{ name: 'x', sizes: [256], type: 10 }], dataBytes: 99 }, 'Q2_K'],
    [
      'a type that does not exist',
      { tensors: [{ name: 'x', sizes: [256], type: 77 }], dataBytes: 99 },
      'type 77',
    ],
    [
      'tensors that overlap',
      {
        tensors: [
          { name: 'x', sizes: [9] },
          { name: 'y', sizes: [1], offset: 32 },
        ],
        dataBytes: 64,
      },
      'overlaps',
    ],
  ];
  for (const [what, parts, message] of tensorLies) {
    test(`refuses ${what}`, async (t) => {
      await assert.rejects(readGgufHeader(ggufFile(t, gguf(parts))), fails('tensor-malformed', message));
    });
  }

  test('asks for more of the file only where the header goes on', () => {
    const bytes = gguf({ pairs: [string('k', 'value')] });
    assert.equal(parseGgufHeader(bytes.subarray(0, 40), 'model.gguf', bytes.length), undefined);
    assert.ok(parseGgufHeader(bytes, 'model.gguf', bytes.length));
  });

  test('a file cut anywhere is refused by a code', () => {
    const whole = readFileSync(path.join(FIXTURES, 'qwen3.gguf'));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        assert.throws(
          () => parseGgufHeader(whole.subarray(0, length), 'model.gguf', length),
          (error: Error) => 'code' in error,
        );
      }),
      { numRuns: 60 },
    );
  });

  test('bytes changed anywhere give a header or a code', () => {
    const whole = readFileSync(path.join(FIXTURES, 'qwen3.gguf'));
    const change = fc.tuple(fc.nat(7000), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        onlyEngineErrors(() => parseGgufHeader(bytes, 'model.gguf', bytes.length));
      }),
      { numRuns: 200 },
    );
  });
});

describe('blocks', () => {
  const blocks: Record<string, { blocks: string; values: string }> = JSON.parse(
    readFileSync(path.join(FIXTURES, 'blocks.json'), 'utf8'),
  );
  const floats = (base64: string) => {
    const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
    return new Float32Array(bytes.buffer);
  };

  for (const [name, { blocks: stored, values }] of Object.entries(blocks)) {
    test(`${name} reads as the gguf package reads it`, () => {
      const expected = floats(values);
      const actual = new Float32Array(expected.length);
      dequantise(name.split(' ')[0] as PackedType, Buffer.from(stored, 'base64'), actual);
      assert.deepEqual(actual, expected);
    });
  }

  test('Q8_0 and Q4_0 keep their numbers in q8 and q4', () => {
    for (const [name, bits] of [
      ['Q8_0 of weights', 8],
      ['Q4_0 of weights', 4],
    ] as const) {
      const values = floats(blocks[name]?.values ?? '');
      const { packed, scales } = quantiseBlocks(values, 1, values.length, bits);
      const again = values.map((_, index) => {
        const level =
          bits === 8
            ? (packed[index] ?? 0) - 128
            : (((packed[index >> 1] ?? 0) >> (4 * (index & 1))) & 15) - 8;
        return level * (scales[index >> 5] ?? 0);
      });
      assert.deepEqual(again, values, name);
    }
  });

  test('fp32 becomes the nearest fp16', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const values = new Float32Array(halves.length);
    widen(halves, 'F16', values);
    const finite = halves.filter((bits) => (bits & 0x7c00) !== 0x7c00);
    const back = new Uint16Array(finite.length);
    narrow(
      Float32Array.from(finite, (bits) => values[bits] ?? 0),
      back,
    );
    assert.deepEqual(back, finite);
    const rounded = new Uint16Array(6);
    narrow(Float32Array.of(2049, 2051, 65519, 65520, 2 ** -25, 3 * 2 ** -25), rounded);
    assert.deepEqual(rounded, Uint16Array.of(0x6800, 0x6802, 0x7bff, 0x7c00, 0, 2));
  });
});

describe('the tokenizer of a GGUF file', () => {
  const { text, pieces }: { text: string; pieces: Record<string, string[]> } = JSON.parse(
    readFileSync(path.join(FIXTURES, 'pieces.json'), 'utf8'),
  );
  for (const [name, expected] of Object.entries(pieces)) {
    test(`cuts text as ${name} does`, () => {
      assert.deepEqual(preTokenizerOf(preTokenization(name).definition)(text), expected);
    });
  }

  test('has the tokens, the special tokens and the merges of the checkpoint it is from', async () => {
    const packed = await openCheckpoint(path.join(FIXTURES, 'smollm2.gguf'));
    const folder = await openCheckpoint(path.resolve('test/fixtures/checkpoints/smollm2'));
    assert.equal(packed.tokenizer.size, folder.tokenizer.size);
    assert.deepEqual(packed.specials, folder.specials);
    for (let id = 0; id < packed.tokenizer.size; id++) {
      assert.deepEqual(packed.tokenizer.bytes(id), folder.tokenizer.bytes(id));
      assert.equal(packed.tokenizer.isSpecial(id), folder.tokenizer.isSpecial(id));
    }
    const source = 'def mean(values):\n    return sum(values)\n';
    assert.equal(packed.tokenizer.decode(packed.tokenizer.encode(source).ids), source);
  });
});

/** A file that opens, with some of its pairs replaced by key. */
function small(changes: Record<string, Buffer | undefined> = {}, tensors: GgufParts['tensors'] = []): Buffer {
  const byKey: Record<string, Buffer | undefined> = {
    'general.architecture': string('general.architecture', 'llama'),
    'llama.block_count': number('llama.block_count', 1),
    'llama.context_length': number('llama.context_length', 64),
    'llama.embedding_length': number('llama.embedding_length', 8),
    'llama.feed_forward_length': number('llama.feed_forward_length', 8),
    'llama.attention.head_count': number('llama.attention.head_count', 2),
    'llama.attention.layer_norm_rms_epsilon': float('llama.attention.layer_norm_rms_epsilon', 1e-5),
    'tokenizer.ggml.model': string('tokenizer.ggml.model', 'gpt2'),
    'tokenizer.ggml.pre': string('tokenizer.ggml.pre', 'smollm'),
    'tokenizer.ggml.tokens': strings('tokenizer.ggml.tokens', ['<|endoftext|>', '<repo_name>', 'a']),
    'tokenizer.ggml.token_type': numbers('tokenizer.ggml.token_type', [3, 3, 1]),
    'tokenizer.ggml.merges': strings('tokenizer.ggml.merges', []),
    ...changes,
  };
  return gguf({
    pairs: Object.values(byKey).filter((bytes) => bytes !== undefined),
    tensors: [{ name: 'token_embd.weight', sizes: [8, 3] }, ...tensors],
    dataBytes: 4096,
  });
}

describe('GGUF files that cannot be run', () => {
  const refused = (
    what: string,
    code: Parameters<typeof fails>[0],
    message: string | RegExp,
    changes: Record<string, Buffer | undefined>,
    tensors: GgufParts['tensors'] = [],
  ) =>
    test(what, async (t) => {
      const file = ggufFile(t, small(changes, tensors), 'smollm.gguf');
      await assert.rejects(openCheckpoint(file), fails(code, message));
    });

  const architecture = (name: string) => ({
    'general.architecture': string('general.architecture', name),
  });
  refused(
    'an architecture that is not computed',
    'family-unknown',
    /It runs llama, qwen2.*\. llama\.cpp runs most GGUF files\.$/,
    architecture('gemma3'),
  );
  refused(
    'a mixture of experts that is no diffusion model',
    'family-unknown',
    /"qwen3moe".*\. llama\.cpp runs most GGUF files\.$/,
    architecture('qwen3moe'),
  );
  refused('no architecture', 'family-unknown', /names no architecture.*It runs llama.*starcoder2\.$/, {
    'general.architecture': undefined,
  });
  // As llama.cpp calls them, and as config.json does.
  for (const [name, modelType] of [
    ['diffusion-gemma', 'diffusion_gemma'],
    ['llada-moe', 'llada2_moe'],
    ['rnd1', 'rnd1'],
  ] as const) {
    test(`${name} is refused with the advice that it gets as a folder`, async (t) => {
      const folder = { config: { model_type: modelType }, name: 'smollm.gguf', hasChatTemplate: false };
      let advice = '';
      try {
        recogniseFamily({ ...folder, hasToken: () => false, tensorNames: [] });
      } catch (error) {
        advice = error instanceof EngineError ? error.message : '';
      }
      assert.match(advice, /^smollm\.gguf does not run in Palimpsest\. .* serve/);
      const file = ggufFile(t, small(architecture(name)), 'smollm.gguf');
      await assert.rejects(
        openCheckpoint(file),
        fails('family-unknown', `${advice} llama.cpp runs most GGUF files.`),
      );
    });
  }
  refused('no tokenizer', 'tokenizer-malformed', 'has no tokenizer', { 'tokenizer.ggml.model': undefined });
  refused('another kind of tokenizer', 'tokenizer-malformed', 'the model is "llama"', {
    'tokenizer.ggml.model': string('tokenizer.ggml.model', 'llama'),
  });
  refused('a way to cut text that is not known', 'tokenizer-malformed', '"tekken"', {
    'tokenizer.ggml.pre': string('tokenizer.ggml.pre', 'tekken'),
  });
  refused('no way to cut text', 'tokenizer-malformed', 'tokenizer.ggml.pre is missing', {
    'tokenizer.ggml.pre': undefined,
  });
  refused('no kinds of tokens', 'tokenizer-malformed', 'what kind', {
    'tokenizer.ggml.token_type': undefined,
  });
  refused('fewer kinds than tokens', 'tokenizer-malformed', 'what kind', {
    'tokenizer.ggml.token_type': numbers('tokenizer.ggml.token_type', [3, 3]),
  });
  refused('no count of layers', 'checkpoint-malformed', 'llama.block_count is missing', {
    'llama.block_count': undefined,
  });
  refused('heads that do not divide', 'checkpoint-malformed', 'head_count is 3', {
    'llama.attention.head_count': number('llama.attention.head_count', 3),
  });
  refused('rotary over a part of the head', 'checkpoint-malformed', 'rope.dimension_count', {
    'llama.rope.dimension_count': number('llama.rope.dimension_count', 2),
  });
  refused('experts', 'checkpoint-malformed', 'expert_count', { x: number('llama.expert_count', 8) });
  refused('a scaling that is not known', 'checkpoint-malformed', 'longrope', {
    x: string('llama.rope.scaling.type', 'longrope'),
  });
  refused('one part of several', 'checkpoint-malformed', '--merge', { x: number('split.count', 3) });
  refused('missing tensors', 'tensor-missing', 'blk.0.attn_norm.weight', {});
  const factors = { name: 'rope_freqs.weight', sizes: [3], offset: 128 };
  refused('rotary factors of another length', 'tensor-malformed', 'F32 [2]', {}, [factors]);

  test('a file that does not exist, and a folder of that name', async (t) => {
    const folder = temporaryFolder(t, 'folder.gguf');
    await assert.rejects(openCheckpoint(folder), fails('checkpoint-malformed', 'not a regular file'));
    await assert.rejects(
      openCheckpoint(path.join(folder, 'none.gguf')),
      fails('checkpoint-missing', 'does not exist'),
    );
  });

  test('a folder that holds one of a name of its own says which file to give', async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(path.join(folder, 'config.json'), '{}');
    writeFileSync(path.join(folder, 'mine-q4.gguf'), '');
    await assert.rejects(openCheckpoint(folder), fails('checkpoint-missing', 'choose that file'));
  });

  test('a download that stopped', async (t) => {
    const file = path.join(temporaryFolder(t), 'qwen3.gguf');
    copyFileSync(path.join(FIXTURES, 'qwen3.gguf'), file);
    truncateSync(file, 60_000);
    await assert.rejects(openCheckpoint(file), fails('tensor-malformed', 'is the download complete'));
  });
});

describe('an opened GGUF file', () => {
  const open = (name: string) => openCheckpoint(path.join(FIXTURES, `${name}.gguf`));

  test('is the checkpoint that the folder is', async () => {
    for (const name of [
      ...['smollm2', 'qwen2.5-coder', 'qwen3', 'deepseek-coder', 'dream-yarn', 'llada'],
      'starcoder2',
    ]) {
      const packed = await open(name);
      const plain = await openCheckpoint(path.resolve('test/fixtures/checkpoints', name));
      assert.equal(packed.family.id, plain.family.id);
      const { normEpsilon, ropeTheta, ...shape } = plain.shape;
      const { normEpsilon: epsilon, ropeTheta: theta, ...rest } = packed.shape;
      assert.deepEqual(rest, shape, name);
      assert.equal(epsilon, Math.fround(normEpsilon));
      assert.equal(theta, ropeTheta);
      assert.equal(packed.parameters, plain.parameters);
      assert.equal(packed.storedDtype, 'Q8_0', name);
    }
  });

  test('has Q and K in pairs for llama and llada alone', async () => {
    for (const [name, heads] of [
      ['smollm2', [4, 2]],
      ['llada', [4, 4]],
      ['qwen2.5-coder', [undefined, undefined]],
      ['dream-yarn', [undefined, undefined]],
      ['starcoder2', [undefined, undefined]],
    ] as const) {
      const [layer] = (await open(name)).tensors.layers;
      const found = [layer?.query, layer?.key].map((tensor) => tensor?.packing?.interleavedHeads);
      assert.deepEqual(found, heads, name);
      assert.equal(layer?.value.packing?.interleavedHeads, undefined);
    }
  });

  test('a head that is not in the file is the embedding table', async () => {
    const { tensors, shape } = await open('qwen3');
    assert.equal(shape.tiedHead, true);
    assert.equal(tensors.head, tensors.embedding);
    assert.equal((await open('deepseek-coder')).shape.tiedHead, false);
  });

  test('takes the factors of its rotary frequencies from the file', async () => {
    const { shape } = await open('stable-diffcoder-llama3');
    assert.equal(shape.ropeScaling.kind, 'factors');
    const factors = shape.ropeScaling.kind === 'factors' ? shape.ropeScaling.factors : [];
    assert.equal(factors.length, shape.headSize / 2);
    assert.equal(factors[0], 1);
    assert.ok((factors.at(-1) ?? 0) > 1);
  });

  test('is described by NAME.palimpsest.json beside it', async (t: TestContext) => {
    const file = path.join(temporaryFolder(t), 'own.gguf');
    copyFileSync(path.join(FIXTURES, 'qwen3.gguf'), file);
    writeFileSync(path.join(path.dirname(file), 'palimpsest.json'), '{"title": "of the folder"}');
    assert.equal((await openCheckpoint(file)).family.id, 'qwen3');
    writeFileSync(path.join(path.dirname(file), 'own.palimpsest.json'), '{"title": "Mine"}');
    assert.equal((await openCheckpoint(file)).family.title, 'Mine');
  });
});
