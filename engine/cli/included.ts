// What the command says of the models that come with the package.
import fs from 'node:fs';
import path from 'node:path';
import { EngineError } from '../errors';
import { gigabytes } from '../hub/disk';
import { defaultFolder, INCLUDED, type IncludedModel, includedFolder, includedModel } from '../hub/included';
import type { CommandContext } from './context';
import { kindText, speedLines } from './modelsView';
import type { Paint } from './style';

type Package = Pick<CommandContext, 'packageFolder'>;

/** As `models list --json` and `models info --json` print it. */
export interface IncludedFacts extends IncludedModel {
  readonly place: string;
  /** Of all its files. */
  readonly bytes: number;
  /** Whether it answers where no model is named. */
  readonly isDefault: boolean;
}

export function includedFacts(context: Package): readonly IncludedFacts[] {
  const usual = defaultFolder(context.packageFolder);
  return INCLUDED.map((model) => {
    const place = includedFolder(context.packageFolder, model.id);
    return { ...model, place, bytes: bytesIn(place), isDefault: place === usual };
  });
}

/** 0 where there is no such folder. */
function bytesIn(folder: string): number {
  if (!fs.existsSync(folder)) return 0;
  const files = fs.readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { name }) => sum + fs.statSync(path.join(folder, name)).size, 0);
}

/** Name of the model that answers where none is named. */
export function defaultName({ packageFolder }: Package): string {
  return path.basename(defaultFolder(packageFolder) ?? '');
}

export function includedLines(model: IncludedFacts, paint: Paint): string[] {
  const { title, goodFor, place, bytes, isDefault, speed } = model;
  const [measured = '', ...how] = speedLines(speed);
  const facts = [
    ['Model', title],
    ['Good for', goodFor],
    ['Kind', kindText(model)],
    ['Takes', 'no instructions'],
    ['License', 'Apache-2.0'],
    ['Size', gigabytes(bytes)],
    ['Speed', measured],
    ...how.map((line) => ['', line]),
    ['Included', place],
    ...(isDefault ? [['', 'Used unless another model is named with --model or PALIMPSEST_MODEL.']] : []),
  ];
  return facts.map(([name = '', value = '']) => `${paint('heading', name.padEnd(12))}${value}`);
}

const REFUSALS = {
  install: 'comes with Palimpsest, so it is installed already.',
  remove: 'comes with Palimpsest, and cannot be removed.',
  verify:
    'comes with Palimpsest. Its files have no checksums of their own; "palimpsest check" opens them and says what is wrong.',
} as const;

/** @throws EngineError `option-invalid` where somebody would install, verify or remove it */
export function requireOther(id: string, to: keyof typeof REFUSALS): void {
  if (includedModel(id) === undefined) return;
  throw new EngineError(
    'option-invalid',
    `${id} ${REFUSALS[to]} "palimpsest models info ${id}" shows where it is.`,
    { id },
  );
}
