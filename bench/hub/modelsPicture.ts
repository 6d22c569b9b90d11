// Draws docs/images/models.svg: how good the models are that somebody measured with one missing line, what memory they need, and how
// long a line takes. Memory and speed are those of the catalogue; nothing is measured here.
import fs from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../engine/checkpoint/open';
import { memoryNeeds, processBytes, requestBytes } from '../../engine/graph/memory';
import { type CatalogueModel, catalogue } from '../../engine/hub/catalogue';
import { workingBytes } from '../../engine/hub/fit';
import { INCLUDED, type IncludedModel } from '../../engine/hub/included';
import { type Speed, secondsText } from '../../engine/hub/speed';
import { ROOT, runBench } from '../harness';
import { modelsPicture, type PicturedModel } from './picture';

/** `label`: as whoever measured it calls the model. */
type Quality = Pick<PicturedModel, 'label' | 'quality' | 'side' | 'down'>;

/** pass@1 in percent of HumanEval-Infilling, single line, as published: arXiv 2602.01326, and github.com/pengzhangzhi/Open-dLLM. */
const PUBLISHED: Readonly<Record<string, Quality>> = {
  'open-dcoder-0.5b': { label: 'Open-dCoder 0.5B, fixed lengths', quality: 32.5, side: 'right' },
  'qwen2.5-coder-7b': { label: 'Qwen2.5-Coder 7B', quality: 92.6, side: 'left' },
  'seed-coder-8b-base': { label: 'Seed-Coder 8B Base', quality: 89.7, side: 'left', down: 12 },
  'dreamon-7b': { label: 'DreamOn 7B, finds the length itself', quality: 92.1, side: 'left', down: -36 },
  'dream-coder-7b-instruct': {
    label: 'Dream-Coder 7B, fixed lengths',
    quality: 55.3,
    side: 'left',
    down: -8,
  },
  'diffucoder-7b': { label: 'DiffuCoder 7B, fixed lengths', quality: 54.8, side: 'left', down: 10 },
  'llada-8b-instruct': { label: 'LLaDA 8B, fixed lengths', quality: 48.3, side: 'left', down: 12 },
};

/** Measured here, where the table is beside it: the column of pass@1. */
const MEASURED: Readonly<Record<string, Omit<Quality, 'quality'> & { readonly table: string }>> = {
  starter: { label: 'Palimpsest starter', table: 'humanEval-single-line', side: 'right' },
  coder: { label: 'Palimpsest coder', table: 'humanEval-single-line-coder', side: 'right' },
  'qwen2.5-coder-0.5b': {
    ...{
      label: 'Qwen2.5-Coder 0.5B Instruct (Q4_K_M)',
      table: 'humanEval-single-line-qwen2.5-coder-0.5b-instruct',
    },
    side: 'left',
  },
};

function measuredQuality(table: string): number {
  const text = fs.readFileSync(path.join(ROOT, 'bench', 'results', `${table}.md`), 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  const cells = (line = '') => line.split('|').map((cell) => cell.trim());
  return Number(cells(lines[2])[cells(lines[0]).indexOf('pass@1 %')]);
}

function speedOf(speed: Speed | undefined): Pick<PicturedModel, 'seconds' | 'secondsText'> {
  if (speed === undefined) return {};
  const { oneLine: seconds, precision } = speed;
  return { seconds, secondsText: `${secondsText(seconds)}${precision === 'q4' ? ' in q4' : ''}` };
}

const kindOf = (isAutoregressive: boolean) => (isAutoregressive ? 'autoregressive' : 'diffusion');

function pictured(model: CatalogueModel): readonly PicturedModel[] {
  const { id, isAutoregressive, speed } = model;
  const own = MEASURED[id];
  const found = own === undefined ? PUBLISHED[id] : { ...own, quality: measuredQuality(own.table) };
  if (found === undefined) return [];
  const { label, quality, side, down = 0 } = found;
  return [
    {
      kind: kindOf(isAutoregressive),
      ...{ label, quality, side, down, isOurs: own !== undefined },
      // In the precision that is chosen by itself.
      memory: workingBytes(model).get('q8') ?? Number.NaN,
      ...speedOf(speed),
    },
  ];
}

async function picturedIncluded({
  id,
  title,
  isAutoregressive,
  speed,
}: IncludedModel): Promise<PicturedModel> {
  const { table = '', label = title, side = 'right' } = MEASURED[id] ?? {};
  const checkpoint = await openCheckpoint(path.join(ROOT, 'models', id));
  const { weightBytes = Number.NaN } =
    memoryNeeds(checkpoint).find(({ precision }) => precision === 'int8') ?? {};
  return {
    label,
    kind: kindOf(isAutoregressive),
    ...{ quality: measuredQuality(table), side, isOurs: true },
    memory: processBytes(checkpoint.shape) + requestBytes(checkpoint) + weightBytes,
    ...speedOf(speed),
  };
}

async function main(): Promise<void> {
  const models = [...(await Promise.all(INCLUDED.map(picturedIncluded))), ...catalogue().flatMap(pictured)];
  const picture = modelsPicture({
    title:
      'One missing line: how often a model fills it in correctly, what memory it needs, and how long it takes',
    subtitle:
      'HumanEval-Infilling, single line, pass@1. Higher is better, further left is smaller, a smaller circle is faster.',
    note: 'Times for a line on two cores: of the included models and Qwen2.5-Coder 0.5B as they are, of the others with random weights of their shape.',
    label:
      'Quality of infilling against memory and speed: which share of missing lines a model fills in correctly, how much memory it needs, and how long a line takes on two cores',
    models,
  });
  fs.writeFileSync(path.join(ROOT, 'docs', 'images', 'models.svg'), picture);
  for (const { label, memory, quality, secondsText: speed = '–' } of models)
    console.log(`${label}: ${quality} %, ${(memory / 1e9).toFixed(2)} GB, ${speed}`);
}

runBench(main);
