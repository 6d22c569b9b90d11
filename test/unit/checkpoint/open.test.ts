import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { missingFiles } from '../../../engine/checkpoint/missing';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { EngineError } from '../../../engine/errors';
import { fails } from './errors';
import {
  byteTokenizer,
  DREAM_TOKENS,
  type Files,
  llamaConfig,
  llamaShapes,
  safetensors,
  TINY,
  temporaryFolder,
  writeDream,
  writeFiles,
} from './folders';

/** A tiny starter checkpoint, as training/release/export.py lays it out. */
function writeStarter(folder: string, files: Files = {}): void {
  writeFiles(folder, {
    'config.json': {
      ...llamaConfig(),
      model_type: 'palimpsest',
      architectures: ['PalimpsestForInfilling'],
      tie_word_embeddings: true,
      palimpsest: {
        attention: 'cached-canvas',
        block_length: 16,
        hole_gap: 128,
        suffix_sees_prefix: false,
        format: 1,
      },
    },
    'model.safetensors': safetensors(llamaShapes(TINY, { head: false }), 'BF16', 2),
    'tokenizer.json': byteTokenizer([
      '<|pad|>',
      '<|mask|>',
      '<|end|>',
      '<|bos|>',
      '<|python|>',
      '<|typescript|>',
    ]),
    ...files,
  });
}

describe('openCheckpoint', () => {
  test('opens a tiny Dream checkpoint', async (t) => {
    const folder = temporaryFolder(t, 'tiny-dream');
    writeDream(folder);
    const checkpoint = await openCheckpoint(folder);
    assert.equal(checkpoint.name, 'tiny-dream');
    assert.equal(checkpoint.family.id, 'dream');
    assert.deepEqual(checkpoint.specials, { mask: 258, bos: 257, eos: 256, pad: 256 });
    assert.equal(checkpoint.shape.headSize, 4);
    assert.equal(checkpoint.shape.contextLength, 512);
    assert.equal(checkpoint.tensors.layers.length, 2);
    assert.equal(checkpoint.storedDtype, 'F32');
    const { tokenizer } = checkpoint;
    assert.equal(tokenizer.specialId('<|mask|>'), 258);
    assert.equal(tokenizer.decode(tokenizer.encode('a = <|mask|> é😀').ids), 'a = <|mask|> é😀');
    assert.deepEqual(checkpoint.remarks, []);
  });

  test('a hole gap that takes the whole context is refused', async (t) => {
    const folder = temporaryFolder(t);
    writeStarter(folder);
    const file = path.join(folder, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    config.max_position_embeddings = config.palimpsest.hole_gap;
    writeFileSync(file, JSON.stringify(config));
    await assert.rejects(openCheckpoint(folder), {
      code: 'checkpoint-malformed',
      message: /hole gap of 128/,
    });
  });

  test('opens a tiny starter checkpoint', async (t) => {
    const folder = temporaryFolder(t);
    writeStarter(folder);
    const checkpoint = await openCheckpoint(folder);
    assert.equal(checkpoint.family.attention.kind, 'cached-canvas');
    assert.equal(checkpoint.storedDtype, 'BF16');
    assert.equal(checkpoint.shape.tiedHead, true);
    assert.equal(checkpoint.tensors.head, checkpoint.tensors.embedding);
    assert.deepEqual(checkpoint.languageTokens, { python: 260, typescript: 261, typescriptreact: 261 });
    assert.equal(checkpoint.tokenizer.isSpecial(260), true);
    // Embedding 280·8, final norm 8; per layer: norms 16, attention 8·8 + 2·4·8 + 8·8, MLP 3·12·8.
    assert.equal(checkpoint.parameters, 280 * 8 + 8 + 2 * (16 + 192 + 288));
  });

  test("opens Dream's repositories, which have vocab.json and merges.txt only", async (t) => {
    const folder = temporaryFolder(t);
    const { model } = byteTokenizer([], [['a', 'b']]) as { model: { vocab: Record<string, number> } };
    const decoder = Object.fromEntries(
      DREAM_TOKENS.map((content, i) => [String(257 + i), { content, special: true }]),
    );
    writeDream(folder, {
      'vocab.json': model.vocab,
      'merges.txt': '#version: 0.2\na b\n',
      'tokenizer_config.json': {
        tokenizer_class: 'DreamTokenizer',
        added_tokens_decoder: decoder,
        mask_token: '<|mask|>',
      },
    });
    rmSync(path.join(folder, 'tokenizer.json'));
    const checkpoint = await openCheckpoint(folder);
    assert.equal(checkpoint.specials.mask, 259);
    assert.deepEqual([...checkpoint.tokenizer.encode('ab').ids], [256]);
    writeFiles(folder, { 'tokenizer_config.json': { tokenizer_class: 'T5Tokenizer' } });
    await assert.rejects(openCheckpoint(folder), fails('tokenizer-malformed', 'T5Tokenizer'));
  });

  test('opens a snapshot in a Hugging Face cache through its links', async (t) => {
    const root = temporaryFolder(t);
    const blobs = path.join(root, 'models--Dream-org--Dream-Coder-v0', 'blobs');
    const snapshot = path.join(root, 'models--Dream-org--Dream-Coder-v0', 'snapshots', 'abc');
    mkdirSync(blobs, { recursive: true });
    mkdirSync(snapshot, { recursive: true });
    writeDream(blobs);
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json'])
      symlinkSync(path.join('..', '..', 'blobs', name), path.join(snapshot, name));
    const checkpoint = await openCheckpoint(snapshot);
    assert.deepEqual([checkpoint.name, checkpoint.family.id], ['Dream-Coder-v0', 'dream-coder']);
    assert.ok(checkpoint.tensors.embedding.file.includes('blobs'));
  });

  test('palimpsest.json changes the family that was recognised, or names one', async (t) => {
    const folder = temporaryFolder(t);
    writeDream(folder, { 'palimpsest.json': { shifted: false, contextLength: 64 } });
    const changed = await openCheckpoint(folder);
    assert.deepEqual(
      [changed.family.id, changed.family.shifted, changed.shape.contextLength],
      ['dream', false, 64],
    );
    assert.match(changed.remarks.join(), /context of 512/);
    writeDream(folder, {
      'config.json': { ...llamaConfig(), model_type: 'other', block_size: 8 },
      'palimpsest.json': { base: 'sdar', tokens: { mask: '<|mask|>', end: '<|endoftext|>' } },
      'model.safetensors': safetensors(llamaShapes(TINY, { qkNorm: true })),
    });
    const named = await openCheckpoint(folder);
    assert.deepEqual(named.family.attention, { kind: 'block-causal', blockLength: 8 });
    writeFiles(folder, { 'palimpsest.json': { shifted: true } });
    await assert.rejects(openCheckpoint(folder), fails('family-unknown'));
  });

  test('files that belong to different checkpoints', async (t) => {
    const folder = temporaryFolder(t);
    const tokens = byteTokenizer(DREAM_TOKENS);
    writeDream(folder, { 'tokenizer_config.json': { added_tokens_decoder: { 7: { content: '<|mask|>' } } } });
    await assert.rejects(openCheckpoint(folder), fails('token-mismatch', '258 in tokenizer.json, but 7'));
    writeDream(folder, { 'tokenizer_config.json': {}, 'generation_config.json': { mask_token_id: 9 } });
    await assert.rejects(openCheckpoint(folder), fails('token-mismatch', 'generation_config.json'));
    const small = { ...TINY, vocab: 200 };
    writeDream(folder, {
      'generation_config.json': {},
      'config.json': llamaConfig(small),
      'model.safetensors': safetensors(llamaShapes(small, { bias: true })),
      'tokenizer.json': {
        ...tokens,
        added_tokens: DREAM_TOKENS.map((content, id) => ({ id, content, special: true })),
      },
    });
    await assert.rejects(openCheckpoint(folder), fails('token-mismatch', 'ids up to 255'));
  });

  test('missing parts have a code each', async (t) => {
    const folder = temporaryFolder(t);
    await assert.rejects(
      openCheckpoint(path.join(folder, 'none')),
      fails('checkpoint-missing', 'not a folder'),
    );
    await assert.rejects(openCheckpoint(folder), fails('checkpoint-missing', 'config.json'));
    writeFiles(folder, { 'config.json': llamaConfig() });
    await assert.rejects(openCheckpoint(folder), fails('checkpoint-missing', '.safetensors'));
    writeFiles(folder, { 'model.safetensors': safetensors(llamaShapes()) });
    await assert.rejects(openCheckpoint(folder), fails('checkpoint-missing', 'tokenizer.json'));
  });

  test('a folder of any files opens or fails with a code', async (t) => {
    const folder = temporaryFolder(t);
    const name = fc.constantFrom(
      'config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'special_tokens_map.json',
      'generation_config.json',
      'palimpsest.json',
      'model.safetensors',
      'model.safetensors.index.json',
    );
    const content = fc.oneof(fc.json(), fc.uint8Array({ maxLength: 40 }));
    // Parts of a good tokenizer.json and config.json replaced by anything.
    const partly = fc.oneof(
      fc
        .dictionary(fc.constantFrom('model', 'added_tokens', 'pre_tokenizer', 'normalizer'), fc.jsonValue())
        .map((change) => ({ 'tokenizer.json': { ...byteTokenizer(DREAM_TOKENS), ...change } })),
      fc.record({ vocab: fc.jsonValue(), merges: fc.jsonValue() }, { requiredKeys: [] }).map((change) => ({
        'tokenizer.json': {
          ...byteTokenizer(DREAM_TOKENS),
          model: { ...(byteTokenizer([])['model'] as object), ...change },
        },
      })),
      fc
        .dictionary(fc.constantFrom(...Object.keys(llamaConfig())), fc.jsonValue(), { maxKeys: 2 })
        .map((change) => ({ 'config.json': { ...llamaConfig(), ...change } })),
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.dictionary(name, content, { maxKeys: 2 }), partly), async (files) => {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder);
        writeDream(folder, { ...files } as Files);
        const result = await openCheckpoint(folder).catch((error: unknown) => error);
        if (result instanceof Error && !(result instanceof EngineError)) throw result;
      }),
      { numRuns: 250 },
    );
  });
});

describe('missingFiles', () => {
  test('lists everything that is missing at once', async (t) => {
    const folder = temporaryFolder(t);
    assert.deepEqual(await missingFiles(folder), ['config.json', 'tokenizer.json', 'model.safetensors']);
    writeDream(folder, {
      'model.safetensors.index.json': { weight_map: { a: 'one.safetensors', b: 'two.safetensors' } },
    });
    assert.deepEqual(await missingFiles(folder), ['one.safetensors', 'two.safetensors']);
    rmSync(path.join(folder, 'model.safetensors.index.json'));
    assert.deepEqual(await missingFiles(folder), []);
    // What is wrong with a file that is there is for opening to say.
    writeFiles(folder, { 'model.safetensors.index.json': '{' });
    assert.deepEqual(await missingFiles(folder), []);
  });
});
