// Models of the catalogue and installed ones, as lines of text.
import type { CatalogueModel, Use } from '../hub/catalogue';
import { gigabytes } from '../hub/disk';
import { firstChoices } from '../hub/firstChoice';
import { type Fit, fitOf, workingBytes } from '../hub/fit';
import { INCLUDED } from '../hub/included';
import { type DamagedModel, type InstalledModel, isDamaged } from '../hub/installed';
import { type Speed, secondsText } from '../hub/speed';
import { clip } from './displayWidth';
import type { Paint } from './style';
import { table } from './table';
import { megabytes } from './units';

export interface ListedModel {
  readonly id: string;
  readonly title: string;
  readonly state: 'installed' | 'damaged' | 'unfinished' | 'available';
  /** Absolute path of an installed one. */
  readonly place?: string;
  readonly offered?: CatalogueModel;
  readonly download?: Download;
  readonly fit?: Fit;
  /** Where to begin for this use; absent on all others. */
  readonly firstChoice?: Use;
}

interface Download {
  readonly bytes: number;
  readonly isExact: boolean;
}

/** Bytes to download: as the catalogue knows them, or else about as many as the weights have. */
export function downloadBytes(model: CatalogueModel): Download {
  const sizes = model.files?.map(({ size }) => size) ?? [undefined];
  if (sizes.every((size) => size !== undefined))
    return { bytes: sizes.reduce((sum, size) => sum + size, 0), isExact: true };
  return { bytes: model.parameters * (model.stored === 'F32' ? 4 : 2), isExact: false };
}

/** The catalogue with what is installed beside it; what is installed comes first. */
export function listedModels(
  offered: readonly CatalogueModel[],
  installed: readonly (InstalledModel | DamagedModel)[],
  unfinished: readonly string[],
  memory?: number,
): readonly ListedModel[] {
  const choices = firstChoices(offered, memory);
  const factsOf = (model: CatalogueModel) => {
    const firstChoice = choices.get(model.id);
    return {
      offered: model,
      fit: fitOf(model, memory),
      download: downloadBytes(model),
      ...(firstChoice === undefined ? {} : { firstChoice }),
    };
  };
  const here = installed.map((model): ListedModel => {
    const known = offered.find(({ id }) => id === model.id);
    const entry = known ? factsOf(known) : {};
    if (isDamaged(model))
      return { id: model.id, title: known?.title ?? model.id, state: 'damaged', ...entry };
    return { id: model.id, title: model.title, state: 'installed', place: model.place, ...entry };
  });
  const others = offered
    .filter(({ id }) => !installed.some((model) => model.id === id))
    .map(
      (model): ListedModel => ({
        id: model.id,
        title: model.title,
        state: unfinished.includes(model.id) ? 'unfinished' : 'available',
        ...factsOf(model),
      }),
    );
  return [...here, ...others];
}

/** As it is said; an estimate is called one. */
export function about({ bytes, isExact }: Download): string {
  return isExact ? gigabytes(bytes) : `about ${gigabytes(bytes)}`;
}

export function fitText({ verdict, bytes, memory }: Fit): string {
  if (verdict === 'fits') return `needs ${gigabytes(bytes)}`;
  if (verdict === 'small-only') return `needs ${gigabytes(bytes)}, in q4 only, which is less exact`;
  return `too large: needs ${gigabytes(bytes)} of ${gigabytes(memory)}`;
}

export function listLines(models: readonly ListedModel[], paint: Paint, width: number): string[] {
  const rows = models.map(({ id, title, state, offered, fit, download, firstChoice }) => [
    id,
    title,
    state === 'available' ? recommendation(firstChoice) : state,
    download ? about(download) : '',
    fit ? fitText(fit) : '',
    lineText(offered?.speed),
    offered ? offered.license.name : '',
    offered ? kindText(offered) : '',
  ]);
  const [heading = '', ...lines] = table(
    [
      ['name', 'model', 'state', 'download', 'memory', 'speed', 'license', 'kind'],
      ...INCLUDED.map((model) => [
        ...[model.id, model.title, 'included', '', ''],
        ...[lineText(model.speed), 'Apache-2.0', kindText(model)],
      ]),
      ...rows,
    ],
    ['left', 'left', 'left', 'right', 'left', 'right', 'left', 'left'],
  ).map((line) => clip(line, Math.max(width, 40)));
  return [
    paint('heading', heading),
    ...lines.map((line, index) => {
      const model = models[index - INCLUDED.length];
      if (index < INCLUDED.length || model?.state === 'installed') return paint('good', line);
      return model?.fit?.verdict === 'too-large' ? paint('faint', line) : line;
    }),
  ];
}

function lineText(speed: Speed | undefined): string {
  return speed ? `${secondsText(speed.oneLine)} a line` : '';
}

/** Below the list, because no column has room for it. */
export const SPEED_NOTE: readonly string[] = [
  'Speed was measured on two cores: of included models in files of a few lines (longer ones take longer), of others with',
  'random weights of the same shape, which write one token a step. A trained model writes several. Where it is empty,',
  'nobody has measured it.',
];

/** What was measured, and how, a line each. */
export function speedLines({
  oneLine,
  tenLines,
  isProjected,
  weights,
  precision,
  cores,
  source,
}: Speed): readonly string[] {
  const projected = isProjected ? ', projected from its first steps' : '';
  const ten = tenLines === undefined ? '' : `, ten lines in ${secondsText(tenLines)}`;
  const made =
    weights === 'random'
      ? ', with random weights of this shape, one token a step'
      : ', in files of a few lines (longer ones take longer)';
  return [
    `a line in ${secondsText(oneLine)}${projected}${ten}`,
    `measured on ${cores} cores in ${precision}${made}: ${source}`,
  ];
}

function recommendation(use: Use | undefined): string {
  switch (use) {
    case undefined:
      return '';
    case 'rewriting':
      return 'recommended for rewriting';
    case 'instructions':
      return 'recommended for instructions';
    case 'completing':
      return 'recommended for completing';
  }
}

export function kindText({
  isAutoregressive,
  takesInstructions = false,
}: Pick<CatalogueModel, 'isAutoregressive'> & Partial<CatalogueModel>): string {
  const kind = isAutoregressive ? 'left to right' : 'diffusion';
  return takesInstructions ? `${kind}, takes instructions` : kind;
}

/** Facts of one model, in two columns. */
export function infoLines(
  model: CatalogueModel | undefined,
  installed: InstalledModel | undefined,
  fit: Fit | undefined,
  paint: Paint,
): string[] {
  const facts: [string, string][] = [];
  if (model) {
    facts.push(
      ['Model', model.title],
      ['Good for', model.goodFor],
      ['Kind', model.isAutoregressive ? 'autoregressive, left to right' : `diffusion (${model.family})`],
      ['Takes', model.takesInstructions ? 'instructions' : 'no instructions'],
      ['Parameters', `${(model.parameters / 1e9).toFixed(1)} billion`],
      ['Context', model.context ? `${model.context} tokens` : 'not published'],
      ['License', licenseText(model)],
      ['From', `${model.repository}, revision ${model.revision}`],
      ['Download', about(downloadBytes(model))],
    );
    if (fit) facts.push(['Memory', fitText(fit)]);
    for (const [precision, bytes] of workingBytes(model))
      facts.push(['', `${precision.padEnd(6)}${megabytes(bytes)}`]);
    const [speed = 'not measured', ...how] = model.speed ? speedLines(model.speed) : [];
    facts.push(['Speed', speed], ...how.map((line): [string, string] => ['', line]));
  }
  if (installed) {
    if (!model) facts.push(['Model', installed.title], ['Family', installed.family]);
    facts.push(['Installed', installed.place]);
    if (installed.origin) facts.push(['Commit', installed.origin.commit]);
    for (const { name, size, checksum } of installed.files)
      facts.push(['', `${name}  ${gigabytes(size)}  ${checksum.kind} ${checksum.value.slice(0, 16)}…`]);
  } else facts.push(['Installed', 'no']);
  return facts.map(([name, value]) => `${paint('heading', name.padEnd(12))}${value}`);
}

export function licenseText({ license }: CatalogueModel): string {
  const restriction = license.restriction === undefined ? '' : `, ${license.restriction}`;
  return `${license.name}${restriction} (${license.url})`;
}

/** `downloading ━━━━━━━━──────── 1.2 of 4.0 GB, 30 %` */
export function progressBar(phase: string, done: number, total: number, width: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const numbers = ` ${gigabytes(done)} of ${gigabytes(total)}, ${Math.floor(share * 100)} %`;
  const room = Math.max(0, Math.min(40, width - phase.length - numbers.length - 2));
  const full = Math.round(share * room);
  return clip(`${phase} ${'━'.repeat(full)}${'─'.repeat(room - full)}${numbers}`, width);
}
