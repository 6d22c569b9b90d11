// The models that come with Palimpsest. They are in no catalogue, need no install, and cannot be removed.
import fs from 'node:fs';
import path from 'node:path';

export interface IncludedModel {
  /** Name for `--model` and the setting. No other model can have it. */
  readonly id: string;
  readonly title: string;
  readonly isAutoregressive: boolean;
  readonly goodFor: string;
}

/** The first one is used where no model is named. */
export const INCLUDED: readonly IncludedModel[] = [
  {
    id: 'starter',
    title: 'Palimpsest starter',
    isAutoregressive: false,
    goodFor: 'Trying out Palimpsest: masks turn into code at once. It is small and weak.',
  },
  {
    id: 'coder',
    title: 'Palimpsest coder',
    isAutoregressive: true,
    goodFor: 'Code with little around it to copy: it knows more than the starter, and takes longer.',
  },
];

export const INCLUDED_IDS: readonly string[] = INCLUDED.map(({ id }) => id);

export function includedModel(id: string): IncludedModel | undefined {
  return INCLUDED.find((model) => model.id === id);
}

/** @param packageFolder where Palimpsest is installed */
export function includedFolder(packageFolder: string, id: string): string {
  return path.join(packageFolder, 'models', id);
}

/** Folder of the model that answers where none is named. Undefined: this package comes without one. */
export function defaultFolder(packageFolder: string): string | undefined {
  return INCLUDED_IDS.map((id) => includedFolder(packageFolder, id)).find((folder) => fs.existsSync(folder));
}
