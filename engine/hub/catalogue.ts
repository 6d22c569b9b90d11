// The models that Palimpsest offers, as data (catalogue.json) that is read strictly: a misspelt key or a family that the engine does
// not have is an error at the first test, not a surprise after a download.

import { FAMILIES } from '../checkpoint/families';
import { writesInOrder } from '../checkpoint/family';
import { Fields } from '../checkpoint/fields';
import { isObject, own } from '../checkpoint/json';
import type { DecoderShape } from '../checkpoint/types';
import { EngineError } from '../errors';
import data from './catalogue.json';
import { asChecksum, type Checksum } from './checksum';
import { nameFault } from './fileNames';
import { readSpeed, type Speed } from './speed';

/** A file whose size or checksum is known beforehand. */
interface KnownFile {
  readonly name: string;
  readonly size?: number;
  readonly checksum?: Checksum;
}

/** What memory depends on. */
export type CatalogueShape = Pick<
  DecoderShape,
  'hiddenSize' | 'layers' | 'heads' | 'kvHeads' | 'headSize' | 'ffnSize' | 'vocabSize' | 'tiedHead'
>;

export interface CatalogueModel {
  /** Name for `--model` and the setting, for instance `dreamon-7b`. */
  readonly id: string;
  readonly title: string;
  /** owner/name on the hub. */
  readonly repository: string;
  /** Commit, tag or branch. A branch is resolved to a commit once for each install. */
  readonly revision: string;
  /** Id of a family of the engine. */
  readonly family: string;
  readonly isAutoregressive: boolean;
  /** Number of parameters. */
  readonly parameters: number;
  readonly shape: CatalogueShape;
  /** Whether the weights are blocks of a GGUF file, or as they were trained. */
  readonly stored: 'F32' | 'BF16' | 'packed';
  /** Tokens of context that the model was trained for, where its authors say. */
  readonly context?: number;
  /** Absent: nobody measured a model of this shape. */
  readonly speed?: Speed;
  readonly license: License;
  /** Whether it was trained to follow an instruction. A chat template alone does not say so. */
  readonly takesInstructions: boolean;
  /** What it is recommended for where this machine can run it (firstChoice.ts). */
  readonly recommendedFor?: Use;
  /** What it is good for, in a sentence. */
  readonly goodFor: string;
  /** The files to fetch; absent: whatever the repository has that the engine reads. */
  readonly files?: readonly KnownFile[];
}

interface License {
  readonly name: string;
  readonly url: string;
  /** What it forbids, where that is more than usual. */
  readonly restriction?: string;
}

/** What a model can be recommended for. */
export const USES = ['rewriting', 'instructions', 'completing'] as const;
export type Use = (typeof USES)[number];

const CODE = 'internal';

/** @throws EngineError `internal` that names the model and the key */
export function readCatalogue(value: unknown): readonly CatalogueModel[] {
  const list = isObject(value) ? own(value, 'models') : undefined;
  if (!Array.isArray(list)) throw new EngineError(CODE, 'catalogue.json has no models.');
  const models = list.map(readModel);
  const ids = new Set(models.map(({ id }) => id));
  if (ids.size !== models.length) throw new EngineError(CODE, 'catalogue.json has two models of one id.');
  return models;
}

function fieldsOf(value: unknown, where: string): Fields {
  if (!isObject(value)) throw new EngineError(CODE, `${where} is not an object.`);
  return new Fields(value, where, CODE);
}

function readModel(value: unknown, index: number): CatalogueModel {
  const where = `catalogue.json, model ${index + 1}`;
  const fields = fieldsOf(value, where);
  fields.onlyKeys([
    'id',
    'title',
    'repository',
    'revision',
    'family',
    'parameters',
    'shape',
    'stored',
    'context',
    'speed',
    'license',
    'takesInstructions',
    'recommendedFor',
    'goodFor',
    'files',
  ]);
  const id = fields.string('id');
  if (!isModelId(id)) throw fields.fail('id', 'has other characters than a to z, 0 to 9, dots and hyphens');
  const repository = fields.string('repository');
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) throw fields.fail('repository', 'is not owner/name');
  const revision = fields.string('revision');
  if (!/^[\w.-]+$/.test(revision)) throw fields.fail('revision', 'is not a name of a revision');
  const family = FAMILIES.get(fields.string('family'))?.family;
  if (family === undefined) throw fields.fail('family', 'is not a family of the engine');
  const files = fields.value('files');
  const speed = readSpeed(fields);
  return {
    id,
    title: fields.string('title'),
    repository,
    revision,
    family: family.id,
    isAutoregressive: writesInOrder(family),
    parameters: fields.positive('parameters'),
    shape: readShape(fields),
    stored: fields.choice('stored', ['F32', 'BF16', 'packed']),
    ...(fields.has('context') ? { context: fields.integer('context', { max: 2 ** 24 }) } : {}),
    ...(speed === undefined ? {} : { speed }),
    license: readLicense(fields),
    takesInstructions: fields.has('takesInstructions') && fields.boolean('takesInstructions'),
    ...(fields.has('recommendedFor') ? { recommendedFor: fields.choice('recommendedFor', USES) } : {}),
    goodFor: fields.string('goodFor'),
    ...(files === undefined ? {} : { files: readFiles(files, fields, where) }),
  };
}

function readShape(fields: Fields): CatalogueShape {
  const shape = fields.section('shape');
  if (shape === undefined) throw fields.fail('shape', 'is missing');
  const count = (name: string) => shape.integer(name, { max: 2 ** 24 });
  shape.onlyKeys([
    'hiddenSize',
    'layers',
    'heads',
    'kvHeads',
    'headSize',
    'ffnSize',
    'vocabSize',
    'tiedHead',
  ]);
  return {
    hiddenSize: count('hiddenSize'),
    layers: count('layers'),
    heads: count('heads'),
    kvHeads: count('kvHeads'),
    headSize: count('headSize'),
    ffnSize: count('ffnSize'),
    vocabSize: count('vocabSize'),
    tiedHead: shape.boolean('tiedHead'),
  };
}

function readLicense(fields: Fields): License {
  const license = fields.section('license');
  if (license === undefined) throw fields.fail('license', 'is missing');
  license.onlyKeys(['name', 'url', 'restriction']);
  const url = license.string('url');
  if (!/^https:\/\//.test(url)) throw license.fail('url', 'is not an https address');
  return {
    name: license.string('name'),
    url,
    ...(license.has('restriction') ? { restriction: license.string('restriction') } : {}),
  };
}

function readFiles(value: unknown, fields: Fields, where: string): readonly KnownFile[] {
  if (!Array.isArray(value) || value.length === 0) throw fields.fail('files', 'is not a list of files');
  return value.map((entry: unknown) => {
    const file = fieldsOf(entry, `${where}, files`);
    file.onlyKeys(['name', 'size', 'sha256']);
    const name = file.string('name');
    const fault = nameFault(name);
    if (fault !== undefined) throw file.fail('name', fault);
    const checksum = file.has('sha256') ? asChecksum(file.string('sha256')) : undefined;
    if (file.has('sha256') && checksum?.kind !== 'sha256') throw file.fail('sha256', 'is not a sha256');
    return {
      name,
      ...(file.has('size') ? { size: file.integer('size', { max: 2 ** 50 }) } : {}),
      ...(checksum ? { checksum } : {}),
    };
  });
}

/** Whether a word can name an installed model; it is also the name of a folder. */
export function isModelId(word: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{0,63}$/.test(word) && nameFault(word) === undefined;
}

let read: readonly CatalogueModel[] | undefined;

/** The committed catalogue. */
export function catalogue(): readonly CatalogueModel[] {
  read ??= readCatalogue(data);
  return read;
}
