// Editing by instruction: small edits of our own making, run in a sandbox. What a model writes for each goes through the same
// prompt, fences, candidates and flaws as in the editor; nobody chooses among candidates.
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { applyCandidate } from '../../engine/candidates/apply';
import { cacheFolder } from '../../engine/cli/modelOptions';
import { loadModel } from '../../engine/loadModel';
import type { LoadedModel } from '../../engine/model';
import type { Candidate, Flaw } from '../../engine/protocol';
import { figure, markdownTable, median, percentile, progress, publish, runBench } from '../harness';
import { Sandbox, type Verdict } from '../humanEval/sandbox';
import { percent } from '../infilling/scores';
import { type EditTask, placeOf, programOf, TASKS } from './tasks';

/** What nobody sees unless they ask for it, where no grammar says otherwise (extension/rewrite/quality). */
const HELD_BACK: ReadonlySet<Flaw> = new Set<Flaw>(['unfinished', 'loops', 'deletes', 'unbalanced']);

interface Outcome {
  readonly task: EditTask;
  readonly verdict: Verdict | 'no answer' | 'unchanged';
  readonly parses: boolean;
  readonly isHeldBack: boolean;
  readonly tokens: number;
  readonly millis: number;
  readonly text: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      from: { type: 'string', default: 'not said' },
      python: { type: 'string', default: 'python3' },
      name: { type: 'string' },
      show: { type: 'boolean', default: false },
    },
  });
  if (values.model === undefined)
    throw new Error('Name the model: --model FILE.gguf, or a checkpoint folder.');
  const sandbox = Sandbox.create(values.python, 5);
  await checkTasks(sandbox);
  const model = await loadModel(
    { folder: path.resolve(values.model), provider: 'cpu' },
    { cacheFolder: cacheFolder(process.env) },
  );
  try {
    const { description } = model;
    if (!description.takesInstruction)
      throw new Error(`${description.familyTitle} does not take instructions.`);
    const outcomes: Outcome[] = [];
    for (const task of TASKS) {
      const outcome = await attempt(model, task, sandbox);
      outcomes.push(outcome);
      progress(`${outcomes.length} of ${TASKS.length}: ${task.id}: ${outcome.verdict}`);
      if (values.show) progress(`${task.instruction}\n${outcome.text}\n`);
    }
    const of = values.name ?? description.family;
    publish({
      name: `edit-${of}`,
      title: `Edits by instruction: ${of}, ${description.familyTitle}`,
      facts: [
        `${figure(description.parameters / 1e6)}M parameters, ${description.precision} on ${description.provider}; the weights are from: ${values.from}`,
        'greedy, one candidate, the whole file in the prompt; a check runs the edited file and looks at its text',
        `load average ${os.loadavg().map(figure).join(', ')} on ${os.cpus().length} cores when it was done`,
        sandbox.hasNoNetwork
          ? 'programs run without a network'
          : 'programs run with the network of this machine',
      ],
      sections: [summary(outcomes), rows(outcomes)],
    });
  } finally {
    await model.dispose();
  }
}

/** A check that the old file passes, or the right one does not, measures nothing. */
async function checkTasks(sandbox: Sandbox): Promise<void> {
  for (const task of TASKS) {
    const { text, start, end } = placeOf(task);
    const right = text.slice(0, start) + task.answer + text.slice(end);
    if ((await sandbox.run(programOf(task, text))) === 'passed')
      throw new Error(`The task "${task.id}" is passed without an edit.`);
    if ((await sandbox.run(programOf(task, right))) !== 'passed')
      throw new Error(`The task "${task.id}" is not passed by its own answer.`);
  }
}

async function attempt(model: LoadedModel, task: EditTask, sandbox: Sandbox): Promise<Outcome> {
  const { text, start, end } = placeOf(task);
  const result = await model.infill({
    requestId: 1,
    model: model.description.folder,
    priority: 'rewrite',
    text,
    language: 'python',
    spans: [{ start, end }],
    instruction: task.instruction,
  });
  const [best] = result.candidates;
  const edited = best && applyCandidate(text, best);
  return {
    task,
    verdict:
      edited === undefined
        ? 'no answer'
        : edited === text
          ? 'unchanged'
          : await sandbox.run(programOf(task, edited)),
    parses: edited !== undefined && (await parses(sandbox, edited)),
    isHeldBack: best !== undefined && isHeldBack(best),
    tokens: result.tokens,
    millis: result.millis,
    text: best?.spans[0]?.text ?? '',
  };
}

async function parses(sandbox: Sandbox, file: string): Promise<boolean> {
  return (await sandbox.run(`compile(${JSON.stringify(file)}, "file", "exec")\n`)) === 'passed';
}

function isHeldBack({ flaws = [] }: Candidate): boolean {
  return flaws.some((flaw) => HELD_BACK.has(flaw));
}

function summary(outcomes: readonly Outcome[]): string {
  const share = (wanted: (outcome: Outcome) => boolean) =>
    percent(outcomes.filter(wanted).length / outcomes.length);
  const shown = outcomes.filter(
    ({ verdict, isHeldBack: held, parses: own }) => own && !held && verdict !== 'no answer',
  );
  const millis = outcomes.map((outcome) => outcome.millis);
  return markdownTable(
    [
      'tasks',
      'right %',
      'parses %',
      'unchanged %',
      'shown %',
      'right of those shown %',
      'tokens',
      's, median',
      's, 95 %',
    ],
    [
      [
        String(outcomes.length),
        share(({ verdict }) => verdict === 'passed'),
        share(({ parses: own }) => own),
        share(({ verdict }) => verdict === 'unchanged'),
        percent(shown.length / outcomes.length),
        percent(shown.filter(({ verdict }) => verdict === 'passed').length / Math.max(1, shown.length)),
        figure(median(outcomes.map(({ tokens }) => tokens))),
        figure(median(millis) / 1000),
        figure(percentile(millis, 0.95) / 1000),
      ],
    ],
  );
}

function rows(outcomes: readonly Outcome[]): string {
  return markdownTable(
    ['task', 'instruction', 'result', 'parses', 'tokens'],
    outcomes.map(({ task, verdict, parses: own, tokens }) => [
      task.id,
      task.instruction.replaceAll('|', '\\|'),
      verdict,
      own ? 'yes' : 'no',
      String(tokens),
    ]),
  );
}

runBench(main);
