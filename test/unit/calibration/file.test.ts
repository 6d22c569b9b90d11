// calibration.json: what comes with the starter model, what is written is what is read, and every way to be wrong.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { CHOICE_FEATURES } from '../../../engine/calibration/choice';
import { CONFIDENCE_FEATURES } from '../../../engine/calibration/confidence';
import { calibrationFile, calibrationText, readCalibration } from '../../../engine/calibration/file';
import { MIXTURE_FEATURES } from '../../../engine/calibration/mixtureWeight';
import type { Calibration } from '../../../engine/calibration/types';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import type { Checkpoint } from '../../../engine/checkpoint/types';
import { isEngineError } from '../../../engine/errors';

const ROOT = path.join(__dirname, '..', '..', '..');
const STARTER = path.join(ROOT, 'models', 'starter');
const FIXTURE = path.join(ROOT, 'test', 'fixtures', 'checkpoints', 'palimpsest');

const counted = (count: number, scale: number) => Array.from({ length: count }, (_, i) => (i - 3) / scale);
const CALIBRATION: Calibration = {
  mixture: counted(MIXTURE_FEATURES.length, 4),
  choice: { off: counted(CHOICE_FEATURES.length, 2), mixed: counted(CHOICE_FEATURES.length, 5) },
  confidence: {
    off: counted(CONFIDENCE_FEATURES.length, 4),
    mixed: counted(CONFIDENCE_FEATURES.length, 8),
    alone: counted(CONFIDENCE_FEATURES.length, 10),
  },
  leastShare: 0.125,
  gate: 0.5,
};

/** As it is in the file, so that one thing can be changed. */
type Json = Record<string, unknown> & {
  mixture: Record<string, unknown>;
  choice: Record<string, Record<string, unknown>>;
};

describe('calibration.json', () => {
  let folder = '';
  let checkpoint: Checkpoint;
  let good = '';

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-calibration-'));
    fs.cpSync(FIXTURE, folder, { recursive: true });
    checkpoint = await openCheckpoint(folder);
    good = await calibrationText(checkpoint, CALIBRATION);
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const write = (text: string) => fs.writeFileSync(path.join(folder, 'calibration.json'), text);
  const refused = async (text: string, sentence: RegExp): Promise<void> => {
    write(text);
    await assert.rejects(readCalibration(checkpoint), (error) => {
      assert.ok(isEngineError(error));
      assert.equal(error.code, 'checkpoint-malformed');
      assert.match(error.message, sentence);
      assert.match(error.message, /Delete it to use the model without it, or fit it again/);
      return true;
    });
  };
  const changed = (change: (json: Json) => void): string => {
    const json: Json = JSON.parse(good);
    change(json);
    return JSON.stringify(json);
  };

  test('the starter model has one that was fitted to its weights', async () => {
    const calibration = await readCalibration(await openCheckpoint(STARTER));
    assert.ok(calibration, 'models/starter/calibration.json is there');
    for (const list of [
      calibration.mixture,
      ...Object.values(calibration.choice),
      ...Object.values(calibration.confidence),
    ]) {
      assert.ok(list.every(Number.isFinite));
      assert.ok(list.some((value) => value !== 0));
    }
  });

  test('what is written is what is read', async () => {
    write(good);
    assert.deepEqual(await readCalibration(checkpoint), CALIBRATION);
  });

  test('a model without one has none', async () => {
    assert.equal(await readCalibration(await openCheckpoint(FIXTURE)), undefined);
  });

  test('of a GGUF file it carries the name', () => {
    const folder = path.join('/models', 'tiny.Q8_0.gguf');
    assert.equal(calibrationFile({ folder }), path.join('/models', 'tiny.Q8_0.calibration.json'));
    assert.equal(calibrationFile({ folder: '/models/tiny' }), path.join('/models/tiny', 'calibration.json'));
  });

  test('the order of features in the file is nothing', async () => {
    write(
      changed((json) => {
        json.mixture = Object.fromEntries(Object.entries(json.mixture).reverse());
      }),
    );
    assert.deepEqual(await readCalibration(checkpoint), CALIBRATION);
  });

  const wrong: readonly (readonly [string, (json: Json) => void, RegExp])[] = [
    ['an unknown key', (json) => Object.assign(json, { gates: 1 }), /a key that nothing reads: "gates"/],
    [
      'a feature that nothing knows',
      (json) => Object.assign(json.mixture, { luck: 1 }),
      /mixture has a key that nothing reads: "luck"/,
    ],
    [
      'a feature too few',
      (json) => delete json.choice['mixed']?.['line breaks'],
      /calibration\.json, choice, mixed: line breaks is missing/,
    ],
    ['no fit of one kind', (json) => delete json.choice['off'], /choice: off is missing/],
    [
      'a number that is none',
      (json) => Object.assign(json.mixture, { share: '0.5' }),
      /share is "0\.5"; it must be a number/,
    ],
    [
      'a number without bound',
      (json) => Object.assign(json.mixture, { share: 1e300 }),
      /share is 1e\+300; it must be a number from/,
    ],
    ['a gate above 1', (json) => Object.assign(json, { gate: 1.5 }), /gate is 1\.5/],
    ['a share below 0', (json) => Object.assign(json, { leastShare: -0.1 }), /leastShare is -0\.1/],
    ['another format', (json) => Object.assign(json, { format: 2 }), /format is 2/],
    [
      'a fit to other weights',
      (json) => Object.assign(json, { fittedTo: 'sha256:00' }),
      /was fitted to other weights/,
    ],
  ];
  for (const [name, change, sentence] of wrong)
    test(`refuses ${name}`, () => refused(changed(change), sentence));

  test('refuses what is no JSON object, and a key that stands twice', async () => {
    await refused('{', /is not valid JSON/);
    await refused('[]', /does not contain a JSON object/);
    await refused(good.replace('"gate"', '"gate": 0.1, "gate"'), /repeats the key "gate"/);
    await refused(good.replace(/"gate": [\d.]+/, '"gate": NaN'), /is not valid JSON/);
  });

  test('one changed weight is another model', async () => {
    write(good);
    const file = checkpoint.tensors.embedding.file;
    const bytes = fs.readFileSync(file);
    const at = checkpoint.tensors.embedding.offset;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    fs.writeFileSync(file, bytes);
    await refused(good, /was fitted to other weights/);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    fs.writeFileSync(file, bytes);
    assert.ok(await readCalibration(checkpoint));
  });
});
