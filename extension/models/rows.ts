// The list of models as the command prints it, and what a person reads of each.
import { l10n } from 'vscode';
import { INCLUDED } from '../../engine/hub/included';
import { isRecord } from '../common/records';
import { secondsText, sizeText } from '../common/sizes';

export interface ModelRow {
  readonly id: string;
  readonly title: string;
  readonly state: 'installed' | 'damaged' | 'unfinished' | 'available';
  /** It comes with the extension. */
  readonly isIncluded?: boolean;
  /** A folder or file of the person's own, which is in use. */
  readonly isOwn?: boolean;
  /** Path of an installed one. */
  readonly place?: string;
  /** Bytes to download. */
  readonly bytes?: number;
  /** Bytes of memory that it needs, and whether this machine has them. */
  readonly memory?: number;
  readonly fits: 'fits' | 'small-only' | 'too-large';
  readonly license?: string;
  readonly licenseUrl?: string;
  readonly restriction?: string;
  readonly goodFor?: string;
  /** What it is the first choice for on this machine. */
  readonly firstChoice?: Use;
  /** It was trained to follow instructions. */
  readonly takesInstructions: boolean;
  readonly isLeftToRight: boolean;
  /** What an answer took where it was measured. */
  readonly speed?: RowSpeed;
}

interface RowSpeed {
  /** Seconds for one line, and for ten. */
  readonly oneLine: number;
  readonly tenLines?: number;
  readonly isProjected: boolean;
  /** Weights of this shape without its training. */
  readonly isRandom: boolean;
  readonly precision: string;
  readonly cores: number;
}

/** What was made from models' weights and can be made again. */
export interface CacheRow {
  readonly id: typeof CACHE_ID;
  readonly bytes: number;
  /** Its folder. */
  readonly place?: string;
}

/** No model has this name. */
export const CACHE_ID = '#cache';

/** Undefined where there is nothing in it. Throws as `rowsOf`. */
export function cacheOf(answer: unknown): CacheRow | undefined {
  const cache = isRecord(answer) ? answer['cache'] : undefined;
  const bytes = isRecord(cache) ? cache['bytes'] : undefined;
  if (typeof bytes !== 'number' || bytes <= 0) return undefined;
  return { id: CACHE_ID, bytes, ...text('place', isRecord(cache) ? cache['place'] : undefined) };
}

/** What comes with the extension, the one that answers where nothing else is chosen first. */
export function includedRows(): readonly ModelRow[] {
  const goodFor: Readonly<Record<string, string>> = {
    coder: l10n.t('Included. Better at whole lines than the starter, and slower. Takes no instructions.'),
    starter: l10n.t('Included. Small and weak: it shows that everything works. Takes no instructions.'),
  };
  return INCLUDED.map(({ id, title, isAutoregressive, speed }) => ({
    id,
    title,
    state: 'installed',
    isIncluded: true,
    fits: 'fits',
    ...text('goodFor', goodFor[id]),
    takesInstructions: false,
    isLeftToRight: isAutoregressive,
    ...speedOf(speed),
  }));
}

const USES = ['rewriting', 'instructions', 'completing'] as const;
type Use = (typeof USES)[number];

const STATES = ['installed', 'damaged', 'unfinished', 'available'] as const;
const FITS = ['fits', 'small-only', 'too-large'] as const;

/** Throws where the answer is none of the command's. */
export function rowsOf(answer: unknown): readonly ModelRow[] {
  const models = isRecord(answer) ? answer['models'] : undefined;
  if (!Array.isArray(models)) throw new Error('The palimpsest command gave no list of models.');
  return firstChoicesFirst(models.map(rowOf));
}

function rowOf(value: unknown): ModelRow {
  const model = isRecord(value) ? value : {};
  const part = (name: string) => (isRecord(model[name]) ? model[name] : {});
  const [offered, download, fit] = [part('offered'), part('download'), part('fit')];
  const license = isRecord(offered['license']) ? offered['license'] : {};
  const state = STATES.find((name) => name === model['state']);
  const firstChoice = USES.find((name) => name === model['firstChoice']);
  const { id, title } = model;
  if (typeof id !== 'string' || typeof title !== 'string' || state === undefined)
    throw new Error('The palimpsest command gave a model without a name.');
  return {
    id,
    title,
    state,
    ...text('place', model['place']),
    ...number('bytes', download['bytes']),
    ...number('memory', fit['bytes']),
    fits: FITS.find((name) => name === fit['verdict']) ?? 'fits',
    ...text('license', license['name']),
    ...text('licenseUrl', license['url']),
    ...text('restriction', license['restriction']),
    ...text('goodFor', offered['goodFor']),
    ...(firstChoice === undefined ? {} : { firstChoice }),
    takesInstructions: offered['takesInstructions'] === true,
    isLeftToRight: offered['isAutoregressive'] === true,
    ...speedOf(offered['speed']),
  };
}

function speedOf(value: unknown): { readonly speed?: RowSpeed } {
  if (!isRecord(value)) return {};
  const { oneLine, tenLines, isProjected, weights, precision, cores } = value;
  if (typeof oneLine !== 'number' || typeof precision !== 'string' || typeof cores !== 'number') return {};
  const flags = { isProjected: isProjected === true, isRandom: weights === 'random' };
  return { speed: { oneLine, ...number('tenLines', tenLines), ...flags, precision, cores } };
}

function text<K extends string>(key: K, value: unknown): Partial<Record<K, string>> {
  return typeof value === 'string' ? ({ [key]: value } as Record<K, string>) : {};
}

function number<K extends string>(key: K, value: unknown): Partial<Record<K, number>> {
  return typeof value === 'number' ? ({ [key]: value } as Record<K, number>) : {};
}

/** Where to begin, for who has installed none. */
export function isFirstChoice({ state, firstChoice }: ModelRow): boolean {
  return firstChoice !== undefined && state !== 'installed' && state !== 'damaged';
}

/** As they are listed, with those to begin with before the others that are not installed. */
function firstChoicesFirst(rows: readonly ModelRow[]): readonly ModelRow[] {
  const rank = (row: ModelRow) => (isFirstChoice(row) ? 1 : row.state === 'available' ? 2 : 0);
  return [...rows].sort((a, b) => rank(a) - rank(b));
}

function recommendation(use: Use): string {
  switch (use) {
    case 'rewriting':
      return l10n.t('for rewriting');
    case 'instructions':
      return l10n.t('for instructions');
    case 'completing':
      return l10n.t('for completing lines');
  }
}

/** Size, what to begin with, whether it takes instructions, memory, speed and license, in a line: a narrow view shows the first ones. */
export function factsText(row: ModelRow): string {
  const { bytes, memory, fits, license, firstChoice, takesInstructions, speed } = row;
  return [
    ...(bytes === undefined ? [] : [sizeText(bytes)]),
    ...(isFirstChoice(row) && firstChoice !== undefined ? [recommendation(firstChoice)] : []),
    ...(takesInstructions && firstChoice !== 'instructions' ? [l10n.t('takes instructions')] : []),
    ...(memory === undefined ? [] : [fitText(memory, fits)]),
    ...(speed === undefined
      ? []
      : [l10n.t('a line in {0} on {1} cores', secondsText(speed.oneLine), speed.cores)]),
    ...(license === undefined ? [] : [license]),
  ].join(' · ');
}

/** How fast it was, and where that was measured: no promise for this machine. Undefined where nobody measured it. */
export function speedText({ speed }: ModelRow): string | undefined {
  if (speed === undefined) return undefined;
  const { oneLine, tenLines, isProjected, isRandom, precision, cores } = speed;
  const line = secondsText(oneLine);
  const measured = isRandom
    ? l10n.t(
        'Measured in {0} on {1} cores, with random weights of this shape, which write one token a step; a trained model writes several.',
        precision,
        cores,
      )
    : l10n.t(
        'Measured in {0} on {1} cores, in files of a few lines; longer ones take longer.',
        precision,
        cores,
      );
  if (isProjected) return `${l10n.t('A line in {0}, projected from its first steps.', line)} ${measured}`;
  if (tenLines === undefined) return `${l10n.t('A line in {0}.', line)} ${measured}`;
  return `${l10n.t('A line in {0}, ten lines in {1}.', line, secondsText(tenLines))} ${measured}`;
}

function fitText(memory: number, fits: ModelRow['fits']): string {
  if (fits === 'too-large')
    return l10n.t('too large for this machine: needs {0} of memory', sizeText(memory));
  if (fits === 'small-only')
    return l10n.t('in 4 bits here, which is less exact: needs up to {0} of memory', sizeText(memory));
  return l10n.t('needs up to {0} of memory', sizeText(memory));
}
