// `palimpsest infill`: masks the spans of a file, denoises them in view, and shows (or writes) what would change.
import path from 'node:path';

import { applyCandidate } from '../candidates/apply';
import { indexLines, parseSpan, spanAt } from '../canvas/position';
import { RULE_NAMES } from '../checkpoint/family';
import type { CopyIndex } from '../copying/sources';
import { toEngineError } from '../errors';
import type { Model } from '../model';
import {
  type Candidate,
  COPYING,
  type InfillOptions,
  type InfillParams,
  type InfillResult,
  type SpanRange,
} from '../protocol';
import { languageOf } from '../tools/language';
import type { Command, CommandContext } from './context';
import { DenoiseView } from './denoiseView';
import { headerName, unifiedDiff } from './diffView';
import { LiveView } from './liveView';
import { MODEL_OPTION, RUN_OPTIONS } from './modelOptions';
import { type CommandSpec, choiceOption, numberOption, type ParsedArguments, UsageError } from './options';
import { openModel, SERVER_OPTIONS } from './serverOptions';
import { readSource, type SourceFile, STANDARD_INPUT, writeSource } from './sourceFile';
import { canAnimate, paintFor } from './style';
import { readWorkspace, workspaceSentence } from './workspace';

const spec: CommandSpec = {
  name: 'infill',
  summary: 'Denoise spans of a file in place, and show or write the diff.',
  operands: ['FILE'],
  needed: '--span L:C-L:C',
  options: {
    span: {
      value: 'L:C-L:C',
      multiple: true,
      help: 'what to rewrite: lines and columns count from 1, columns in UTF-16 units, the end is exclusive; 10:5-10:5 inserts; can be given several times',
    },
    ...MODEL_OPTION,
    seed: { value: 'N', help: 'seed of the first candidate; the same seed gives the same answer' },
    rule: { value: 'NAME', help: `commit rule: ${RULE_NAMES.join(', ')} (default: the model family's own)` },
    temperature: { value: 'T', help: '0 is greedy' },
    'top-p': { value: 'P', help: 'sample from the most likely tokens that make up this probability' },
    threshold: {
      value: 'X',
      help: 'parameter of the rule: minimum confidence (threshold), f (factor), or nats (entropy-bounded)',
    },
    steps: { value: 'N', help: 'maximum number of denoise steps' },
    candidates: {
      value: 'N',
      help: 'number of candidates, generated in one batch with a seed each, best first',
    },
    strength: {
      value: 'S',
      help: 'share of each span to mask, starting with the least likely tokens (default: 1)',
    },
    'max-tokens': { value: 'N', help: 'maximum number of tokens in a span' },
    cache: {
      value: 'KIND',
      help: 'dual reuses the K/V cache between steps, exact encodes everything in each step',
    },
    copying: {
      value: 'KIND',
      help: 'copying from elsewhere in the file: off, mixed (with the model), alone (without it)',
    },
    workspace: {
      value: 'DIR',
      help: 'copy from the other files of this folder, too, except those that are ignored by Git, hidden, or hold secrets',
    },
    gate: { value: 'P', help: 'drop candidates with a confidence below P (0-1)' },
    instruction: { value: 'TEXT', help: 'describes the change, for models that take instructions' },
    ...RUN_OPTIONS,
    ...SERVER_OPTIONS,
    write: { help: 'write the best candidate to the file' },
    json: { help: 'print a single JSON object' },
  },
  notes: [
    'FILE can be -, which reads standard input. The diff goes to standard output in a form that',
    '`git apply` accepts; the animation and the summary go to standard error.',
  ],
};

const MOST_CANDIDATES = 64;

function infillOptions(parsed: ParsedArguments): InfillOptions {
  const number = (name: string, rule: Parameters<typeof numberOption>[3]) =>
    numberOption(parsed, spec, name, rule);
  const given = {
    seed: number('seed', { integer: true, least: 0, most: 2 ** 32 - 1 }),
    rule: choiceOption(parsed, spec, 'rule', RULE_NAMES),
    temperature: number('temperature', { least: 0 }),
    topP: number('top-p', { least: 0, most: 1, above: true }),
    threshold: number('threshold', { least: 0 }),
    steps: number('steps', { integer: true, least: 1 }),
    candidates: number('candidates', { integer: true, least: 1, most: MOST_CANDIDATES }),
    strength: number('strength', { least: 0, most: 1 }),
    maxTokens: number('max-tokens', { integer: true, least: 1 }),
    cache: choiceOption(parsed, spec, 'cache', ['dual', 'exact'] as const),
    copying: choiceOption(parsed, spec, 'copying', COPYING),
    gate: number('gate', { least: 0, most: 1 }),
    instruction: parsed.text('instruction'),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The spans as ranges; whether the file has these places is for the file to say. */
function spanRanges(parsed: ParsedArguments): readonly SpanRange[] {
  const texts = parsed.texts('span');
  if (texts.length === 0) {
    throw new UsageError(
      '--span is missing: specify what to rewrite, for example --span 10:5-12:1.',
      spec.name,
    );
  }
  return texts.map((text) => {
    try {
      return parseSpan(text);
    } catch (error) {
      throw new UsageError(`--span: ${toEngineError(error).message}`, spec.name);
    }
  });
}

/** Denoises with the steps in view where standard error is a terminal and nothing else was asked for. */
async function denoise(
  model: Model,
  params: InfillParams,
  index: CopyIndex | undefined,
  animate: boolean,
  context: CommandContext,
): Promise<InfillResult> {
  if (!animate) return model.infill(params, { signal: context.signal, index });
  const view = new LiveView(context.stderr, context.clock);
  try {
    const steps = new DenoiseView(
      view,
      params.text,
      params.spans,
      paintFor(context.stderr, context.env),
      () => context.clock.now(),
    );
    return await model.infill(params, {
      signal: context.signal,
      index,
      onStep: (event) => steps.accept(event),
    });
  } finally {
    view.clear();
  }
}

/** `starter · cpu · int8 · 12 forwards · 3.3 tokens per forward · confidence 61 % · 812 ms` */
function factsLine(result: InfillResult): string {
  const { confidence, flaws = [] } = result.candidates[0] ?? {};
  return [
    result.model,
    ...(result.provider === 'server'
      ? [`${result.tokens} tokens`]
      : [
          result.provider,
          result.precision,
          `${result.forwards} forward${result.forwards === 1 ? '' : 's'}`,
          `${result.tokensPerForward.toFixed(1)} tokens per forward`,
        ]),
    ...(confidence === undefined ? [] : [`confidence ${percent(confidence)}`]),
    ...(flaws.length === 0 ? [] : [`flaws: ${flaws.join(', ')}`]),
    `${Math.round(result.millis)} ms`,
  ].join(' · ');
}

function confidenceText({ confidence, flaws = [] }: Candidate): string {
  const sure = confidence === undefined ? '' : `, confidence ${percent(confidence)}`;
  return flaws.length === 0 ? sure : `${sure}, flaws: ${flaws.join(', ')}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function showDifference(
  source: SourceFile,
  result: InfillResult,
  all: boolean,
  context: CommandContext,
): void {
  const paint = paintFor(context.stdout, context.env);
  const name = headerName(source.name, context.folder);
  const shown = all ? result.candidates : result.candidates.slice(0, 1);
  shown.forEach((candidate, index) => {
    if (shown.length > 1) {
      const title = `# candidate ${index + 1} of ${shown.length}, mean log-probability ${candidate.score.toFixed(2)}${confidenceText(candidate)}`;
      context.stdout.write(`${paint('faint', title)}\n`);
    }
    const after = applyCandidate(source.text, candidate);
    const diff = unifiedDiff(source.text, after, { name, paint, safe: context.stdout.isTTY === true });
    if (diff !== '') context.stdout.write(diff);
    else
      context.stderr.write(
        `${shown.length > 1 ? `Candidate ${index + 1}` : 'The answer'} is the same as the current text.\n`,
      );
  });
}

function noAnswer({ gate }: InfillOptions): string {
  return gate === undefined
    ? 'The model found no answer; try another --seed or a larger span.'
    : 'No answer reaches that confidence; lower --gate, or try another --seed or a larger span.';
}

/** What `--workspace` adds to copy from, and a line that says how much that is; undefined where it was not given. */
async function workspaceIndex(
  parsed: ParsedArguments,
  { path: file }: SourceFile,
  language: string | undefined,
  { folder, signal, stderr, env, clock }: CommandContext,
): Promise<CopyIndex | undefined> {
  const name = parsed.text('workspace');
  if (name === undefined) return undefined;
  const view = canAnimate(stderr, env) ? new LiveView(stderr, clock) : undefined;
  try {
    const workspace = await readWorkspace(path.resolve(folder, name), {
      file,
      language,
      signal,
      onProgress: (files) => view?.show(() => [`Reading the workspace: ${files} files`]),
    });
    view?.clear();
    stderr.write(`${paintFor(stderr, env)('faint', workspaceSentence(workspace))}\n`);
    return workspace.index;
  } finally {
    view?.clear();
  }
}

async function run(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const options = infillOptions(parsed);
  const ranges = spanRanges(parsed);
  const [name = ''] = parsed.operands;
  const json = parsed.has('json');
  const write = parsed.has('write');
  if (write && name === STANDARD_INPUT) {
    throw new UsageError('--write needs a file: standard input cannot be written back.', spec.name);
  }
  const source = await readSource(name, context.folder, context.stdin, context.signal);
  const lines = indexLines(source.text);
  const spans = ranges.map((range) => spanAt(lines, range));
  const language = name === STANDARD_INPUT ? undefined : languageOf(name);
  const index = await workspaceIndex(parsed, source, language, context);
  const model = await openModel(parsed, spec, context);
  let result: InfillResult;
  try {
    const animate = !json && canAnimate(context.stderr, context.env);
    const params: InfillParams = {
      ...options,
      requestId: 1,
      model: model.description.folder,
      priority: 'rewrite',
      text: source.text,
      spans,
      events: animate,
      ...(language ? { language } : {}),
      ...(source.path ? { fileName: source.path } : {}),
    };
    result = await denoise(model, params, index, animate, context);
  } finally {
    await model.dispose();
  }

  const [best] = result.candidates;
  if (!json && best) showDifference(source, result, options.candidates !== undefined, context);
  if (write && best) await writeSource(source, applyCandidate(source.text, best));
  if (json) context.stdout.write(`${JSON.stringify(result)}\n`);
  else context.stderr.write(`${paintFor(context.stderr, context.env)('faint', factsLine(result))}\n`);
  if (best) return 0;
  if (!json) context.stderr.write(`${noAnswer(options)}\n`);
  return 1;
}

export const infillCommand: Command = { spec, run };
