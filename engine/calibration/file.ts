// calibration.json beside a checkpoint: what was fitted to exactly these weights, read as strictly as palimpsest.json. A
// coefficient under a wrong name, or a fit to other weights, would choose worse answers without a word.
import path from 'node:path';
import { Fields } from '../checkpoint/fields';
import { namingFolder } from '../checkpoint/folderErrors';
import { isGgufPath } from '../checkpoint/ggufFile';
import { type JsonObject, readJsonObject } from '../checkpoint/json';
import { usedTensors } from '../checkpoint/tensors';
import type { Checkpoint } from '../checkpoint/types';
import { weightFingerprint } from '../checkpoint/weightSamples';
import { EngineError, isEngineError } from '../errors';
import { CHOICE_FEATURES } from './choice';
import { CONFIDENCE_FEATURES } from './confidence';
import { MIXTURE_FEATURES } from './mixtureWeight';
import type { Calibration } from './types';

const NAME = 'calibration.json';

/** Changes when a feature changes its meaning or its scale under the same name. */
const FORMAT = 1;
const MAX_BYTES = 1_000_000;
/** Coefficients of features of the order of 1 are never near this. */
const LARGEST = 1e6;
const REMEDY =
  'Delete it to use the model without it, or fit it again (npm run bench -- copyCalibration --model FOLDER).';

type Weights = Pick<Checkpoint, 'folder' | 'name' | 'tensors'>;

/**
 * What was fitted to the checkpoint; undefined where it has no calibration.json.
 * @throws EngineError `checkpoint-malformed` that names the key, or says that it was fitted to other weights
 */
export async function readCalibration(checkpoint: Weights): Promise<Calibration | undefined> {
  return namingFolder(checkpoint.folder, () => readFitted(checkpoint));
}

async function readFitted(checkpoint: Weights): Promise<Calibration | undefined> {
  const file = calibrationFile(checkpoint);
  const object = await readJsonObject(file, MAX_BYTES, 'checkpoint-malformed', REMEDY);
  if (!object) return undefined;
  const { fittedTo, calibration } = withRemedy(() => parseCalibration(object));
  if (fittedTo !== (await fingerprintOf(checkpoint)))
    throw new EngineError(
      'checkpoint-malformed',
      `${NAME} was fitted to other weights than those of ${checkpoint.name}. ${REMEDY}`,
      { file, fittedTo },
    );
  return calibration;
}

/** Where it lies: in the folder, or beside a GGUF file under that one's name, since many of them can share a folder. */
export function calibrationFile({ folder }: Pick<Checkpoint, 'folder'>): string {
  if (!isGgufPath(folder)) return path.join(folder, NAME);
  const { dir, name } = path.parse(folder);
  return path.join(dir, `${name}.${NAME}`);
}

/** The file's content for these weights. */
export async function calibrationText(checkpoint: Weights, calibration: Calibration): Promise<string> {
  const { mixture, choice, confidence, leastShare, gate } = calibration;
  const choices = (coefficients: readonly number[]) => named(CHOICE_FEATURES, coefficients);
  const confidences = (coefficients: readonly number[]) => named(CONFIDENCE_FEATURES, coefficients);
  const object = {
    format: FORMAT,
    fittedTo: await fingerprintOf(checkpoint),
    leastShare,
    gate,
    mixture: named(MIXTURE_FEATURES, mixture),
    choice: { off: choices(choice.off), mixed: choices(choice.mixed) },
    confidence: {
      off: confidences(confidence.off),
      mixed: confidences(confidence.mixed),
      alone: confidences(confidence.alone),
    },
  };
  return `${JSON.stringify(object, null, 2)}\n`;
}

function withRemedy<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new EngineError(error.code, `${error.message} ${REMEDY}`, error.data, { cause: error });
  }
}

function fingerprintOf({ tensors }: Weights): Promise<string> {
  return weightFingerprint(usedTensors(tensors));
}

function parseCalibration(object: JsonObject): {
  readonly fittedTo: string;
  readonly calibration: Calibration;
} {
  const fields = new Fields(object, NAME);
  fields.integer('format', { min: FORMAT, max: FORMAT });
  fields.onlyKeys(['format', 'fittedTo', 'mixture', 'choice', 'confidence', 'leastShare', 'gate']);
  const choice = sectionOf(fields, 'choice', ['off', 'mixed']);
  const confidence = sectionOf(fields, 'confidence', ['off', 'mixed', 'alone']);
  return {
    fittedTo: fields.string('fittedTo'),
    calibration: {
      mixture: coefficients(fields, 'mixture', MIXTURE_FEATURES),
      choice: {
        off: coefficients(choice, 'off', CHOICE_FEATURES),
        mixed: coefficients(choice, 'mixed', CHOICE_FEATURES),
      },
      confidence: {
        off: coefficients(confidence, 'off', CONFIDENCE_FEATURES),
        mixed: coefficients(confidence, 'mixed', CONFIDENCE_FEATURES),
        alone: coefficients(confidence, 'alone', CONFIDENCE_FEATURES),
      },
      leastShare: fields.number('leastShare', { min: 0, max: 1 }),
      gate: fields.number('gate', { min: 0, max: 1 }),
    },
  };
}

function sectionOf(fields: Fields, name: string, keys: readonly string[]): Fields {
  const section = fields.section(name);
  if (!section) throw fields.fail(name, 'is missing');
  section.onlyKeys(keys);
  return section;
}

/** One number for each feature, by its name. */
function coefficients(fields: Fields, name: string, features: readonly string[]): number[] {
  const section = sectionOf(fields, name, features);
  return features.map((feature) => section.number(feature, { min: -LARGEST, max: LARGEST }));
}

function named(features: readonly string[], values: readonly number[]): Record<string, number> {
  return Object.fromEntries(features.map((feature, i) => [feature, Number((values[i] ?? 0).toFixed(3))]));
}
