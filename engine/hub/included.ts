// The models that come with Palimpsest. They are in no catalogue, need no install, and cannot be removed.
import fs from 'node:fs';
import path from 'node:path';
import type { Speed } from './speed';

export interface IncludedModel {
  /** Name for `--model` and the setting. No other model can have it. */
  readonly id: string;
  readonly title: string;
  readonly isAutoregressive: boolean;
  readonly goodFor: string;
  readonly speed: Speed;
}

const MEASURED = { weights: 'trained', precision: 'int8', cores: 2 } as const;

/** The first one is used where no model is named. */
export const INCLUDED: readonly IncludedModel[] = [
  {
    id: 'starter',
    title: 'Palimpsest starter',
    isAutoregressive: false,
    goodFor: 'Trying out Palimpsest: masks turn into code at once. It is small and weak.',
    speed: { oneLine: 0.076, ...MEASURED, source: 'bench/results/humanEval-single-line.md' },
  },
  {
    id: 'coder',
    title: 'Palimpsest coder',
    isAutoregressive: true,
    goodFor: 'Code with little around it to copy: it knows more than the starter, and takes longer.',
    speed: { oneLine: 0.42, ...MEASURED, source: 'bench/results/humanEval-single-line-coder.md' },
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
