// HumanEval-Infilling through the engine: infill the middle of each program, run its tests, count what passes (pass@1, one
// candidate). `--verify` runs what stood there and nothing at all instead, which says whether the harness can be believed.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadModel } from '../../engine/loadModel';
import type { LoadedModel } from '../../engine/model';
import { COPYING, type CopyingChoice } from '../../engine/protocol';
import { benchFolder, markdownTable, progress, publish, ratio, runBench, STARTER } from '../harness';
import { mean, percent } from '../infilling/scores';
import { KINDS, type Problem, type ProblemKind, programOf, readProblems } from './problems';
import { inParallel, Sandbox, type Verdict } from './sandbox';

const MOST_TOKENS = 256;

interface Answer {
  readonly middle: string;
  readonly forwards: number;
  readonly tokens: number;
  readonly millis: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      model: { type: 'string', default: STARTER },
      kind: { type: 'string', default: 'single-line' },
      limit: { type: 'string' },
      copying: { type: 'string' },
      provider: { type: 'string', default: 'auto' },
      python: { type: 'string', default: 'python3' },
      seconds: { type: 'string', default: '5' },
      verify: { type: 'boolean', default: false },
    },
  });
  if (values.data === undefined)
    throw new Error('Name the folder with the published *.jsonl.gz files: --data DIR.');
  const kind = Object.keys(KINDS).find((name): name is ProblemKind => name === values.kind);
  if (kind === undefined) throw new Error(`--kind must be one of ${Object.keys(KINDS).join(', ')}.`);
  const copying = COPYING.find((name) => name === values.copying);
  if (values.copying !== undefined && !copying)
    throw new Error(`--copying must be one of ${COPYING.join(', ')}.`);
  const limit = values.limit === undefined ? undefined : Number(values.limit);
  const problems = readProblems(values.data, kind, limit);
  const sandbox = Sandbox.create(values.python, Number(values.seconds));
  const facts = [
    `${problems.length} problems; ${values.seconds} s and 1 GiB each; ${sandbox.hasNoNetwork ? 'no network' : 'network refused by the interpreter alone'}`,
  ];
  if (values.verify) {
    const gold = await grade(sandbox, problems, ({ middle }) => middle);
    const empty = await grade(sandbox, problems, () => '');
    publish({
      name: `humanEvalVerify-${kind}`,
      title: `HumanEval-Infilling, ${kind}: the harness by itself`,
      facts,
      sections: [
        markdownTable(
          ['middle', 'passed %', 'timed out', 'of'],
          [
            ['what stood there', ...verdictCells(gold)],
            ['nothing', ...verdictCells(empty)],
          ],
        ),
      ],
    });
    return;
  }
  const model = await loadModel(
    { folder: path.resolve(values.model), ...(values.provider === 'cpu' ? { provider: 'cpu' } : {}) },
    { cacheFolder: benchFolder('side') },
  );
  const answers: Answer[] = [];
  try {
    for (const [index, problem] of problems.entries()) {
      answers.push(await answerTo(model, problem, kind, copying));
      if (index % 50 === 49) progress(`${index + 1} of ${problems.length} infilled`);
    }
  } finally {
    await model.dispose();
  }
  const verdicts = await grade(sandbox, problems, (_, index) => answers[index]?.middle ?? '');
  const exact = answers.filter(({ middle }, index) => middle === problems[index]?.middle).length;
  const { name, parameters, provider, precision } = model.description;
  publish({
    name: `humanEval-${kind}`,
    model: values.model,
    title: `HumanEval-Infilling, ${kind}`,
    facts: [
      ...facts,
      `${name}, ${(parameters / 1e6).toFixed(1)}M parameters, ${precision} on ${provider}, greedy; copying: ${copying ?? "the model's default"}`,
    ],
    sections: [
      markdownTable(
        ['', 'pass@1 %', 'timed out', 'of', 'exact %', 'tokens a forward', 'ms an answer'],
        [
          [
            name,
            ...verdictCells(verdicts),
            percent(exact / problems.length),
            ratio(
              sum(answers, ({ tokens }) => tokens) /
                Math.max(
                  1,
                  sum(answers, ({ forwards }) => forwards),
                ),
            ),
            mean(answers.map(({ millis }) => millis)).toFixed(0),
          ],
        ],
      ),
    ],
  });
}

/** Where whole lines are missing an empty line stands for them, as in an editor; a random span is an insertion. */
async function answerTo(
  model: LoadedModel,
  { prefix, suffix }: Problem,
  kind: ProblemKind,
  copying: CopyingChoice | undefined,
): Promise<Answer> {
  const lineEnd = kind === 'single-line' || kind === 'multi-line' ? '\n' : '';
  const result = await model.infill({
    requestId: 1,
    model: model.description.folder,
    priority: 'rewrite',
    text: prefix + lineEnd + suffix,
    spans: [{ start: prefix.length, end: prefix.length }],
    language: 'python',
    maxTokens: MOST_TOKENS,
    temperature: 0,
    ...(copying ? { copying } : {}),
  });
  const { forwards, tokens, millis } = result;
  const [span] = result.candidates[0]?.spans ?? [];
  return { middle: (span?.text ?? '') + lineEnd, forwards, tokens, millis };
}

async function grade(
  sandbox: Sandbox,
  problems: readonly Problem[],
  middleOf: (problem: Problem, index: number) => string,
): Promise<Verdict[]> {
  let done = 0;
  return inParallel(problems, 2, async (problem, index) => {
    const verdict = await sandbox.run(programOf(problem, middleOf(problem, index)));
    if (++done % 200 === 0) progress(`${done} of ${problems.length} executed`);
    return verdict;
  });
}

function verdictCells(verdicts: readonly Verdict[]): string[] {
  const count = (wanted: Verdict): number => verdicts.filter((verdict) => verdict === wanted).length;
  return [
    percent(count('passed') / Math.max(1, verdicts.length)),
    String(count('timed out')),
    String(verdicts.length),
  ];
}

function sum<T>(values: readonly T[], pick: (value: T) => number): number {
  return values.reduce((all, value) => all + pick(value), 0);
}

runBench(main);
