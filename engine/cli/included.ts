// The model that comes with the package: it is used where no other one is named, and cannot be installed or removed.
import path from 'node:path';
import { EngineError } from '../errors';
import { STARTER } from '../hub/catalogue';
import type { CommandContext } from './context';
import type { Paint } from './style';

export function starterFolder({ packageFolder }: Pick<CommandContext, 'packageFolder'>): string {
  return path.join(packageFolder, 'models', STARTER);
}

/** As `models list --json` and `models info --json` print it. */
export function starterFacts(context: Pick<CommandContext, 'packageFolder'>) {
  return {
    id: STARTER,
    title: 'Palimpsest starter',
    place: starterFolder(context),
    goodFor: 'Trying out Palimpsest. It is small and weak; for real work, install a larger model.',
  };
}

export function starterLines(context: Pick<CommandContext, 'packageFolder'>, paint: Paint): string[] {
  const { title, goodFor, place } = starterFacts(context);
  const facts = [
    ['Model', title],
    ['Good for', goodFor],
    ['Kind', 'diffusion'],
    ['Takes', 'no instructions'],
    ['License', 'Apache-2.0'],
    ['Included', place],
    ['', 'Used unless another model is named with --model or PALIMPSEST_MODEL.'],
  ];
  return facts.map(([name = '', value = '']) => `${paint('heading', name.padEnd(12))}${value}`);
}

/** @throws EngineError `option-invalid` where somebody would install, verify or remove it */
export function requireOther(id: string): void {
  if (id !== STARTER) return;
  throw new EngineError(
    'option-invalid',
    `${STARTER} is the model that comes with Palimpsest: it needs no install, and cannot be removed. "palimpsest models info ${STARTER}" shows where it is.`,
    { id },
  );
}
