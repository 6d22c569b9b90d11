import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { FAMILIES } from '../../../engine/checkpoint/families';
import { type CatalogueShape, catalogue, isModelId, readCatalogue } from '../../../engine/hub/catalogue';
import data from '../../../engine/hub/catalogue.json';
import { asChecksum } from '../../../engine/hub/checksum';
import { nameFault } from '../../../engine/hub/fileNames';
import { fitOf, workingBytes } from '../../../engine/hub/fit';
import { huggingFaceCache, modelsFolder } from '../../../engine/hub/folders';
import { INCLUDED } from '../../../engine/hub/included';
import type { Speed } from '../../../engine/hub/speed';
import { PUBLISHED } from '../checkpoint/publishedModels';

describe('the catalogue', () => {
  test('has models that the engine runs, each with what a person decides by', () => {
    for (const model of catalogue()) {
      const known = FAMILIES.get(model.family);
      assert.ok(known, model.id);
      if (known.contextLimit !== undefined) assert.equal(model.context, known.contextLimit, model.id);
      const sizes = known.publishedVocabSizes;
      assert.ok(sizes.includes(model.shape.vocabSize), `${model.id}: ${model.shape.vocabSize}`);
      assert.match(model.goodFor, /^[A-Z].*\.$/);
    }
    assert.deepEqual(
      catalogue()
        .filter(({ isAutoregressive }) => isAutoregressive)
        .map(({ id }) => id),
      ['qwen2.5-coder-0.5b', 'qwen2.5-coder-1.5b', 'qwen2.5-coder-7b', 'seed-coder-8b-base'],
    );
  });

  test('has the context that each model is recorded to have, or what its family is used with where that is less', () => {
    let recorded = 0;
    for (const { id, repository, family, context } of catalogue()) {
      const { config = {} } = PUBLISHED.find(({ model }) => model === repository) ?? {};
      const positions = config['max_position_embeddings'] ?? config['max_sequence_length'];
      if (typeof positions !== 'number') continue;
      recorded++;
      assert.equal(context, Math.min(positions, FAMILIES.get(family)?.contextLimit ?? positions), id);
    }
    assert.ok(recorded > 10, String(recorded));
  });

  test('has as many parameters as the shape says', () => {
    for (const { id, parameters, shape } of catalogue()) {
      const { hiddenSize, layers, heads, kvHeads, headSize, ffnSize, vocabSize, tiedHead } = shape;
      const layer = hiddenSize * headSize * (2 * heads + 2 * kvHeads) + 3 * hiddenSize * ffnSize;
      const counted = layers * layer + vocabSize * hiddenSize * (tiedHead ? 1 : 2);
      assert.ok(Math.abs(parameters / counted - 1) < 0.2, `${id}: ${parameters}, counted ${counted}`);
    }
  });

  test('has the speed that was measured, of models of the measured shapes, and of no others', () => {
    for (const { id, family, shape, speed } of catalogue()) {
      if (speed && isOfTrained(speed)) continue;
      // Measured with DreamOn's attention: each step computes all masks anew, and commits one of them.
      const isFull = FAMILIES.get(family)?.family.attention.kind === 'full';
      const measured = isFull ? measuredSpeeds().get(sizeOf(shape)) : undefined;
      assert.deepEqual(speed && timesOf(speed), measured, `${id}: write what bench/results/realSize.md has`);
    }
  });

  test('has what a line took every model that was measured with its own weights', () => {
    const offered = catalogue().flatMap(({ id, speed, files = [] }) =>
      speed && isOfTrained(speed) ? [{ id, speed, names: files.map(({ name }) => name) }] : [],
    );
    const measured = [...INCLUDED.map(({ id, speed }) => ({ id, speed, names: [`${id}-`] })), ...offered];
    for (const { id, speed, names } of measured) {
      const text = table(speed.source);
      const row = /^\| ([\w.-]+) \|.*\n*$/.exec(text.trimEnd().split('\n').at(-1) ?? '')?.[1] ?? '';
      assert.ok(
        names.some((name) => name.startsWith(`${row}-`)),
        `${id}: ${speed.source} is about ${row}`,
      );
      const [millis] = cells(text, row).slice(-1);
      const seconds = Number(millis) / 1000;
      assert.deepEqual(timesOf(speed), [seconds, undefined, false], `${id}: write what ${speed.source} has`);
      assert.match(text, new RegExp(`, ${speed.cores} cores, [^]*, ${speed.precision} on cpu`), id);
      assert.equal(speed.weights, 'trained', id);
    }
    const tables = fs.readdirSync(RESULTS).filter((name) => name.startsWith('humanEval-single-line'));
    assert.deepEqual(
      measured.map(({ speed }) => path.basename(speed.source)).sort(),
      tables.sort(),
      'a table that is the speed of no model',
    );
  });

  test('is read strictly', () => {
    const [first] = data.models;
    assert.ok(first);
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ licence: 'MIT' }, /a key that nothing reads: "licence"/],
      [{ family: 'gpt' }, /family is not a family of the engine/],
      [{ id: '../x' }, /id has other characters/],
      [{ repository: 'https://x/y' }, /repository is not owner\/name/],
      [{ revision: '../main' }, /revision is not a name/],
      [{ license: { name: 'MIT' } }, /url is missing/],
      [{ license: { name: 'MIT', url: 'http://x' } }, /url is not an https address/],
      [{ shape: {} }, /hiddenSize is missing/],
      [{ files: [] }, /files is not a list of files/],
      [{ files: [{ name: '../x' }] }, /name leads elsewhere/],
      [{ files: [{ name: 'x', sha256: 'abc' }] }, /sha256 is not a sha256/],
      [{ parameters: '7B' }, /parameters is "7B"/],
      [{ speed: { seconds: 1 } }, /a key that nothing reads: "seconds"/],
      [{ speed: { oneLine: 0 } }, /source is missing/],
      [{ speed: { oneLine: 0, source: 'https://x' } }, /source is not a table of results/],
    ];
    for (const [change, pattern] of wrong)
      assert.throws(() => readCatalogue({ models: [{ ...first, ...change }] }), pattern);
    assert.throws(() => readCatalogue({ models: [first, first] }), /two models of one id/);
    assert.throws(() => readCatalogue([]), /no models/);
  });
});

const ROOT = path.join(__dirname, '..', '..', '..');
const RESULTS = path.join(ROOT, 'bench', 'results');

function table(source: string): string {
  return fs.readFileSync(path.join(ROOT, source), 'utf8');
}

/** Whether it is of a model as it is, with answers to problems, not of random weights of its shape. */
function isOfTrained({ source }: Speed): boolean {
  return path.basename(source).startsWith('humanEval-');
}

/** Of the row that begins with these cells. */
function cells(text: string, ...begin: readonly string[]): string[] {
  const row = text.split('\n').find((line) => line.startsWith(`| ${begin.join(' | ')} |`));
  assert.ok(row !== undefined, begin.join());
  return cellsOf(row);
}

function cellsOf(row: string): string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** A head that is the embedding table computes what one of its own does. */
function sizeOf({ hiddenSize, layers, heads, kvHeads, ffnSize, vocabSize }: CatalogueShape): string {
  return [hiddenSize, layers, heads, kvHeads, ffnSize, vocabSize].join();
}

function timesOf({ oneLine, tenLines, isProjected }: Speed): readonly unknown[] {
  return [oneLine, tenLines, isProjected === true];
}

/** By the size of the shapes that realSize.md names. */
function measuredSpeeds(): ReadonlyMap<string, readonly unknown[]> {
  const text = table('bench/results/realSize.md');
  const pattern =
    /hidden (\d+), (\d+) layers, (\d+) heads \((\d+) for K\/V\), gated MLP (\d+), vocabulary (\d+)/g;
  const [half = '', seven = ''] = [...text.matchAll(pattern)].map((found) => found.slice(1).join());
  // The tables end with the same columns: `12.4`, or `35.5 (projected)`.
  const names = cells(text, 'engine', 'lines');
  const fromEnd = names.indexOf('first review, s') - names.length;
  const review = (row: readonly string[]) => row.at(fromEnd) ?? '';
  const [one, ten] = ['1', '10'].map((lines) => Number(review(cells(text, 'now', lines))));
  const [last = ''] = text.trimEnd().split('\n').slice(-1);
  const large = review(cellsOf(last));
  return new Map([
    [half, [one, ten, false]],
    [seven, [Number.parseFloat(large), undefined, large.endsWith('(projected)')]],
  ]);
}

describe('whether a model fits', () => {
  const [dreamon] = catalogue();
  assert.ok(dreamon);

  test('follows from its shape: 7.6 billion weights of 8 bits, then of 4', () => {
    const bytes = (name: 'q8' | 'q4') => workingBytes(dreamon).get(name) ?? 0;
    assert.ok(bytes('q8') > 8e9 && bytes('q8') < 13e9, String(bytes('q8')));
    // Queries, keys, values and the head keep eight.
    assert.ok(bytes('q4') > 5e9 && bytes('q4') < 9.2e9, String(bytes('q4')));
    assert.equal(fitOf(dreamon, 32e9).verdict, 'fits');
    assert.equal(fitOf(dreamon, 12 * 2 ** 30).verdict, 'small-only');
    assert.equal(fitOf(dreamon, 4e9).verdict, 'too-large');
  });
});

test('names of files: what one system takes for something else is refused on every one', () => {
  for (const name of [
    'config.json',
    'model-00001-of-00004.safetensors',
    'a/b c.txt',
    '.gitattributes',
    'ümlaut.txt',
  ])
    assert.equal(nameFault(name), undefined, name);
  const bad = [
    '',
    '/x',
    '../x',
    'a/../b',
    'a//b',
    './a',
    'a\\b',
    'C:x',
    'a\0',
    'nul',
    'COM1.txt',
    'a.',
    'a ',
    'a/b/',
    'x:stream',
    'a'.repeat(256),
  ];
  for (const name of bad) assert.notEqual(nameFault(name), undefined, JSON.stringify(name));
});

test('names of models', () => {
  assert.ok(isModelId('qwen2.5-coder-7b'));
  for (const word of ['', '.staging', 'a/b', 'A', 'con', 'x.', '..', 'a\\b'])
    assert.ok(!isModelId(word), word);
});

test('checksums as hubs write them', () => {
  const sha = 'A'.repeat(64);
  assert.deepEqual(asChecksum(`W/"${sha}"`), { kind: 'sha256', value: sha.toLowerCase() });
  assert.deepEqual(asChecksum(`sha256:${sha}`)?.kind, 'sha256');
  assert.deepEqual(asChecksum('"da39a3ee5e6b4b0d3255bfef95601890afd80709"')?.kind, 'git-sha1');
  for (const text of ['', '"9f-2"', `${sha}0`, 5, undefined]) assert.equal(asChecksum(text), undefined);
});

test('folders by system, and by what the environment says', () => {
  assert.equal(modelsFolder({ HOME: '/h' }, 'linux'), '/h/.local/share/palimpsest/models');
  assert.equal(modelsFolder({ HOME: '/h', XDG_DATA_HOME: '/d' }, 'linux'), '/d/palimpsest/models');
  assert.equal(modelsFolder({ HOME: '/h' }, 'darwin'), '/h/Library/Application Support/palimpsest/models');
  assert.match(modelsFolder({ LOCALAPPDATA: '/l' }, 'win32'), /palimpsest.models$/);
  assert.equal(modelsFolder({ PALIMPSEST_MODELS: '/m' }), '/m');
  assert.equal(huggingFaceCache({ HOME: '/h' }), '/h/.cache/huggingface/hub');
  assert.equal(huggingFaceCache({ HOME: '/h', HF_HOME: '/f' }), '/f/hub');
  assert.equal(huggingFaceCache({ HF_HOME: '/f', HF_HUB_CACHE: '/c' }), '/c');
});
