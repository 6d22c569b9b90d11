// What the command says of the models that come with the package.
import path from 'node:path';
import { EngineError } from '../errors';
import { defaultFolder, INCLUDED, type IncludedModel, includedFolder, includedModel } from '../hub/included';
import type { CommandContext } from './context';
import { kindText } from './modelsView';
import type { Paint } from './style';

type Package = Pick<CommandContext, 'packageFolder'>;

/** As `models list --json` and `models info --json` print it. */
export interface IncludedFacts extends IncludedModel {
  readonly place: string;
  /** Whether it answers where no model is named. */
  readonly isDefault: boolean;
}

export function includedFacts(context: Package): readonly IncludedFacts[] {
  const usual = defaultFolder(context.packageFolder);
  return INCLUDED.map((model) => {
    const place = includedFolder(context.packageFolder, model.id);
    return { ...model, place, isDefault: place === usual };
  });
}

/** Name of the model that answers where none is named. */
export function defaultName({ packageFolder }: Package): string {
  return path.basename(defaultFolder(packageFolder) ?? '');
}

export function includedLines(model: IncludedFacts, paint: Paint): string[] {
  const { title, goodFor, place, isDefault } = model;
  const facts = [
    ['Model', title],
    ['Good for', goodFor],
    ['Kind', kindText(model)],
    ['Takes', 'no instructions'],
    ['License', 'Apache-2.0'],
    ['Included', place],
    ...(isDefault ? [['', 'Used unless another model is named with --model or PALIMPSEST_MODEL.']] : []),
  ];
  return facts.map(([name = '', value = '']) => `${paint('heading', name.padEnd(12))}${value}`);
}

/** @throws EngineError `option-invalid` where somebody would install, verify or remove it */
export function requireOther(id: string): void {
  if (includedModel(id) === undefined) return;
  throw new EngineError(
    'option-invalid',
    `${id} comes with Palimpsest: it needs no install, and cannot be removed. "palimpsest models info ${id}" shows where it is.`,
    { id },
  );
}
