// A GGUF file through our graph and through llama.cpp: the same tokens, and logits that differ by no more than what
// rounding explains. `--oracle` names another file of the same weights for llama.cpp, for instance one in F32.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../../engine/checkpoint/open';
import { sequenceLogits } from '../../engine/cli/logits';
import { buildGraph } from '../../engine/graph/build';
import { PRECISIONS } from '../../engine/graph/types';
import { precisionHere } from '../../engine/runtime/integerProducts';
import { LlamaText } from '../contenders/llamaText';
import { benchFolder, figure, markdownTable, progress, publish, ROOT, runBench } from '../harness';

const PROMPTS = 20;
/** Characters of a prompt: some 300 tokens of code. */
const LENGTH = 900;
const TOP = 8;

interface Row {
  readonly source: string;
  readonly tokens: number;
  readonly sameTokens: boolean;
  /** Greedy tokens that are llama.cpp's, of all. */
  readonly equal: number;
  /** Where they differ: how far below our best llama.cpp's token is, in our logits. */
  readonly gap: number;
  /** Differences of the logits of llama.cpp's eight likeliest tokens. */
  readonly differences: readonly number[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      oracle: { type: 'string' },
      precision: { type: 'string', default: 'fp32' },
      tokens: { type: 'string', default: '24' },
      threads: { type: 'string', default: '2' },
    },
  });
  if (values.model === undefined) throw new Error('Name the file: --model FILE.gguf.');
  const precision = PRECISIONS.find((name) => name === values.precision);
  if (!precision) throw new Error(`--precision must be one of ${PRECISIONS.join(', ')}.`);
  const checkpoint = await openCheckpoint(path.resolve(values.model));
  const graph = await buildGraph(
    checkpoint,
    {
      ...(await precisionHere(precision)),
      ...{ attention: 'plain', cacheOutput: 'new', topK: TOP, withLogits: true },
    },
    { cacheFolder: benchFolder('side') },
  );
  const oracle = await LlamaText.load(path.resolve(values.oracle ?? values.model), {
    threads: Number(values.threads),
    contextSize: 2048,
  });
  const count = Number(values.tokens);
  const rows: Row[] = [];
  try {
    for (const { source, text } of prompts()) {
      const ids = [...checkpoint.tokenizer.encode(text).ids];
      const theirs = oracle.encode(text);
      const steps = await oracle.continuation(ids, count, TOP);
      const sequence = [...ids, ...steps.slice(0, -1).map(({ token }) => token)];
      const logits = await sequenceLogits(graph, checkpoint.shape, {
        ids: Int32Array.from(sequence),
        positions: Int32Array.from(sequence, (_, position) => position),
        sees: (query, key) => key <= query,
      });
      rows.push({
        source,
        tokens: ids.length,
        sameTokens: ids.join() === theirs.join(),
        ...compare(logits, ids.length - 1, checkpoint.shape.vocabSize, steps),
      });
      progress(`${rows.length} of ${PROMPTS}: ${rows.at(-1)?.equal} of ${count} tokens equal`);
    }
  } finally {
    await oracle.dispose();
  }
  report(rows, count, [
    `${checkpoint.name}: ${checkpoint.shape.layers} layers, hidden ${checkpoint.shape.hiddenSize}, stored as ${checkpoint.storedDtype}; ours in ${precision}`,
    `llama.cpp on ${values.oracle === undefined ? 'the same file' : path.basename(values.oracle)}`,
    `prompts: the first ${LENGTH} characters of ${rows.length} of this project’s own files; then ${count} greedy tokens`,
  ]);
}

/** The project's own sources, spread over all that there are. */
function prompts(): { readonly source: string; readonly text: string }[] {
  const files = ['engine', 'training'].flatMap((folder) =>
    fs
      .readdirSync(path.join(ROOT, folder), { encoding: 'utf8', recursive: true })
      .filter((name) => /\.(ts|py)$/.test(name))
      .map((name) => path.join(folder, name)),
  );
  const long = files
    .sort()
    .map((source) => ({ source, text: fs.readFileSync(path.join(ROOT, source), 'utf8') }))
    .filter(({ text }) => text.length > LENGTH);
  const spread = Array.from({ length: PROMPTS }, (_, i) => long[Math.floor((i * long.length) / PROMPTS)]);
  return spread.flatMap((found) =>
    found ? [{ source: found.source, text: found.text.slice(0, LENGTH) }] : [],
  );
}

function compare(
  logits: Float32Array,
  first: number,
  vocabSize: number,
  steps: readonly { readonly token: number; readonly logits: ReadonlyMap<number, number> }[],
): Pick<Row, 'equal' | 'gap' | 'differences'> {
  let equal = 0;
  let gap = 0;
  const differences: number[] = [];
  for (const [index, step] of steps.entries()) {
    const row = logits.subarray((first + index) * vocabSize, (first + index + 1) * vocabSize);
    const best = row.reduce((found, value, token) => (value > (row[found] ?? 0) ? token : found), 0);
    if (best === step.token) equal++;
    else gap = Math.max(gap, (row[best] ?? 0) - (row[step.token] ?? 0));
    for (const [token, value] of step.logits) differences.push(Math.abs((row[token] ?? 0) - value));
  }
  return { equal, gap, differences };
}

function report(rows: readonly Row[], count: number, facts: readonly string[]): void {
  const all = rows.flatMap(({ differences }) => differences).sort((a, b) => a - b);
  const whole = rows.filter(({ equal }) => equal === count).length;
  publish({
    name: 'ggufParity',
    title: 'GGUF files: our graph and llama.cpp',
    facts,
    sections: [
      `The greedy tokens of ${whole} of ${rows.length} prompts are all equal; the text is cut into the same tokens in ${rows.filter(({ sameTokens }) => sameTokens).length} of ${rows.length}. ` +
        `Logits of llama.cpp’s ${TOP} likeliest tokens differ by ${figure(all[Math.floor(all.length / 2)] ?? 0)} in the median and by ${figure(all.at(-1) ?? 0)} at most.`,
      '_Gap_: where a token differs, how far our logit of llama.cpp’s token is below our best.',
      markdownTable(
        ['prompt', 'tokens', 'same tokens', `greedy equal of ${count}`, 'gap', 'largest difference'],
        rows.map(({ source, tokens, sameTokens, equal, gap, differences }) => [
          source,
          String(tokens),
          sameTokens ? 'yes' : 'no',
          String(equal),
          gap === 0 ? '–' : figure(gap),
          figure(Math.max(...differences)),
        ]),
      ),
    ],
  });
}

runBench(main);
