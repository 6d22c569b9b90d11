// `npm run bench -- readAhead --model FILE.gguf`: what reading ahead is worth to an autoregressive model (engine/runtime/recall.ts).
// The same requests with it and without it in one run, in turns: edits by instruction, where the model takes instructions, and
// lines of this project's own code written anew.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Infiller } from '../../engine/infill/infiller';
import type { InfillParams } from '../../engine/protocol';
import { placeOf, TASKS } from '../edit/tasks';
import { figure, markdownTable, median, progress, publish, ROOT, ratio, runBench } from '../harness';
import { evaluated } from '../infilling/engine';

/** Tokens around a hole, as on a machine that is not fast. */
const WINDOW = 512;
/** Lines of a file that are written anew, from its middle on. */
const LINES = 4;

interface Outcome {
  readonly tokens: number;
  readonly forwards: number;
  readonly millis: number;
  readonly text: string;
}

type Request = Pick<InfillParams, 'text' | 'spans' | 'language' | 'instruction'>;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      from: { type: 'string', default: 'not said' },
      name: { type: 'string' },
      threads: { type: 'string', default: '2' },
      limit: { type: 'string', default: '20' },
    },
  });
  if (values.model === undefined)
    throw new Error('Name the model: --model FILE.gguf, or a checkpoint folder.');
  const engine = await evaluated(path.resolve(values.model), Number(values.threads));
  try {
    const { checkpoint, session, open } = engine;
    const limit = Number(values.limit);
    // What cannot cut its cache does not read ahead.
    const plain = engine.over({ deviceCache: true, run: (request) => session.run(request) });
    const kinds = [
      ...(checkpoint.chat === undefined ? [] : [{ kind: 'edit by instruction', requests: edits(limit) }]),
      { kind: `${LINES} lines written anew`, requests: lines(limit) },
    ];
    const rows: string[][] = [];
    for (const { kind, requests } of kinds)
      rows.push([kind, ...(await compared(kind, requests, open, plain))]);
    const { family, parameters, name } = checkpoint;
    publish({
      name: `readAhead-${values.name ?? name}`,
      title: `Reading ahead: ${values.name ?? name}, ${family.title}`,
      facts: [
        `${figure(parameters / 1e6)}M parameters; the weights are from: ${values.from}`,
        `greedy, one candidate, ${WINDOW} tokens around it at most; the same requests in turns in one process, after one that is not counted`,
      ],
      sections: [
        markdownTable(
          [
            'kind',
            'requests',
            'same answer',
            'tokens, median',
            'tokens a pass',
            'without',
            's, median',
            'without',
            'time, median ratio',
          ],
          rows,
        ),
      ],
    });
  } finally {
    await engine.dispose();
  }
}

async function compared(kind: string, requests: readonly Request[], open: Infiller, plain: Infiller) {
  const [first] = requests;
  if (first) for (const infiller of [open, plain]) await answer(infiller, first);
  const pairs: { readonly ahead: Outcome; readonly one: Outcome }[] = [];
  for (const [index, request] of requests.entries()) {
    const both = index % 2 === 0 ? [open, plain] : [plain, open];
    const found = new Map<Infiller, Outcome>();
    for (const infiller of both) found.set(infiller, await answer(infiller, request));
    const [ahead, one] = [found.get(open), found.get(plain)];
    if (!ahead || !one) continue;
    pairs.push({ ahead, one });
    progress(
      `${kind}, ${index + 1} of ${requests.length}: ${one.tokens} tokens, ${one.forwards} passes, ${figure(one.millis)} ms; ahead ${ahead.forwards}, ${figure(ahead.millis)} ms${ahead.text === one.text ? '' : ', ANOTHER ANSWER'}`,
    );
  }
  const rate = (of: readonly Outcome[]) =>
    figure(
      of.reduce((sum, { tokens }) => sum + tokens, 0) / of.reduce((sum, { forwards }) => sum + forwards, 0),
    );
  const [ahead, one] = [pairs.map((pair) => pair.ahead), pairs.map((pair) => pair.one)];
  const seconds = (of: readonly Outcome[]) => figure(median(of.map(({ millis }) => millis)) / 1000);
  return [
    String(pairs.length),
    String(pairs.filter((pair) => pair.ahead.text === pair.one.text).length),
    figure(median(one.map(({ tokens }) => tokens))),
    rate(ahead),
    rate(one),
    seconds(ahead),
    seconds(one),
    ratio(median(pairs.map((pair) => pair.ahead.millis / pair.one.millis))),
  ];
}

async function answer(infiller: Infiller, request: Request): Promise<Outcome> {
  const params: InfillParams = {
    ...{ requestId: 1, model: '', priority: 'rewrite' as const, temperature: 0 },
    ...{ interactive: true, window: WINDOW },
    ...request,
  };
  const { tokens, forwards, millis, candidates } = await infiller.infill(params, {});
  return { tokens, forwards, millis, text: candidates[0]?.spans[0]?.text ?? '' };
}

function edits(limit: number): Request[] {
  return TASKS.slice(0, limit).map((task) => {
    const { text, start, end } = placeOf(task);
    return { text, language: 'python', spans: [{ start, end }], instruction: task.instruction };
  });
}

/** One place in each file. */
function lines(limit: number): Request[] {
  const files = ['canvas', 'candidates', 'decoding', 'copying'].flatMap((name) => {
    const folder = path.join(ROOT, 'engine', name);
    const code = readdirSync(folder).filter((file) => file.endsWith('.ts'));
    return code.map((file) => path.join(folder, file));
  });
  return files.slice(0, limit).map((file) => {
    const text = readFileSync(file, 'utf8');
    const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    const middle = Math.floor(starts.length / 2);
    const [start = 0, end = text.length] = [starts[middle], starts[middle + LINES]];
    return { text, language: 'typescript', spans: [{ start, end: Math.max(start, end - 1) }] };
  });
}

runBench(main);
