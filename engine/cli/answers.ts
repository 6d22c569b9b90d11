// What commands that change a file have in common: the model is asked about spans of it, in view, and what would change is shown,
// printed or written.
import { applyCandidate } from '../candidates/apply';
import { isWorthShowing } from '../candidates/quality/verdict';
import { asItIsFirst } from '../candidates/rank';
import type { CopyIndex } from '../copying/sources';
import type { Model } from '../model';
import type { InfillOptions, InfillParams, InfillResult, SpanParams } from '../protocol';
import { AnswerGate, type AskedText, type MarkedCandidate, reasonsText } from '../tools/answerGate';
import { languageOf } from '../tools/language';
import type { CommandContext } from './context';
import { DenoiseView } from './denoiseView';
import { headerName, unifiedDiff } from './diffView';
import { printable } from './displayWidth';
import { LiveView } from './liveView';
import { type CommandSpec, type OptionTable, type ParsedArguments, UsageError } from './options';
import { openModel } from './serverOptions';
import { readSource, type SourceFile, STANDARD_INPUT, writeSource } from './sourceFile';
import { canAnimate, paintFor } from './style';

export const OUTPUT_OPTIONS: OptionTable = {
  write: { help: 'write the best candidate to the file, unless it is poor (docs/command.md#flaws)' },
  force: { help: 'with --write: write it even if it is poor' },
  json: { help: 'print a single JSON object' },
};

export const OUTPUT_NOTES: readonly string[] = [
  'FILE can be -, which reads standard input. The diff goes to standard output in a form that',
  '`git apply` accepts; the animation and the summary go to standard error.',
];

/** The file that was named, with its language; throws where it is to be written and cannot be. */
export async function namedSource(
  parsed: ParsedArguments,
  spec: CommandSpec,
  context: CommandContext,
): Promise<{ readonly source: SourceFile; readonly language: string | undefined }> {
  const [name = ''] = parsed.operands;
  if (parsed.has('write') && name === STANDARD_INPUT) {
    throw new UsageError('--write needs a file: standard input cannot be written back.', spec.name);
  }
  if (parsed.has('force') && !parsed.has('write')) {
    throw new UsageError('--force is for --write: nothing else is held back.', spec.name);
  }
  const source = await readSource(name, context);
  return { source, language: name === STANDARD_INPUT ? undefined : languageOf(name) };
}

export interface Question {
  readonly source: SourceFile;
  readonly language: string | undefined;
  readonly spans: readonly SpanParams[];
  readonly options: InfillOptions;
  readonly index?: CopyIndex | undefined;
  /** Throws where this model cannot be asked. */
  readonly check?: (model: Model) => void;
}

/** Loads the model that the options name, asks it, and gives the exit code. */
export async function answerInView(
  parsed: ParsedArguments,
  spec: CommandSpec,
  context: CommandContext,
  { source, language, spans, options, index, check }: Question,
): Promise<number> {
  const json = parsed.has('json');
  const model = await openModel(parsed, spec, context);
  let result: InfillResult;
  try {
    check?.(model);
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

  const all = await marked({ text: source.text, language }, result, context);
  // Who says what to change does not want the text as it is.
  const candidates = options.instruction === undefined ? asItIsFirst(source.text, all) : all;
  const [best] = candidates;
  if (!json) showDifference(source, candidates, options.candidates !== undefined, context);
  const isWanted = parsed.has('write') && best !== undefined;
  const isWritten = isWanted && (isWorthShowing(best) || parsed.has('force'));
  if (isWritten) await writeSource(source, applyCandidate(source.text, best));
  if (json) {
    const told = { ...result, candidates: candidates.map(asPrinted) };
    context.stdout.write(`${JSON.stringify(isWanted ? { ...told, written: isWritten } : told)}\n`);
  } else {
    context.stderr.write(`${paintFor(context.stderr, context.env)('faint', factsLine(result, best))}\n`);
    if (best === undefined) context.stderr.write(`${noAnswer(options)}\n`);
    else if (isWanted && !isWritten) context.stderr.write(`${notWritten(source, best)}\n`);
  }
  return best === undefined || isWanted !== isWritten ? 1 : 0;
}

/** Best first, each with its mark. */
async function marked(
  asked: AskedText,
  { candidates }: InfillResult,
  { packageFolder, stderr }: CommandContext,
): Promise<readonly MarkedCandidate[]> {
  const gate = new AnswerGate(packageFolder, (message) =>
    stderr.write(`palimpsest: ${printable(message)}\n`),
  );
  try {
    return await gate.marked(asked, candidates);
  } finally {
    gate.dispose();
  }
}

function asPrinted({ quality: { mark, reasons }, flaws: _, ...candidate }: MarkedCandidate) {
  return { ...candidate, mark, flaws: reasons };
}

function notWritten({ name }: SourceFile, { quality }: MarkedCandidate): string {
  return `${printable(name)} was not changed, because the answer is poor (${reasonsText(quality)}). Try more --candidates, or --temperature 0.8 with another --seed, or write it anyway with --force.`;
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
function factsLine(result: InfillResult, best: MarkedCandidate | undefined): string {
  const { confidence } = best ?? {};
  return [
    printable(result.model),
    ...(result.provider === 'server'
      ? [`${result.tokens} tokens`]
      : [
          result.provider,
          result.precision,
          `${result.forwards} forward${result.forwards === 1 ? '' : 's'}`,
          `${result.tokensPerForward.toFixed(1)} tokens per forward`,
        ]),
    ...(confidence === undefined ? [] : [`confidence ${percent(confidence)}`]),
    ...(best === undefined || best.quality.reasons.length === 0 ? [] : [flawsText(best)]),
    `${Math.round(result.millis)} ms`,
  ].join(' · ');
}

function flawsText({ quality }: MarkedCandidate): string {
  return `${quality.mark === 'poor' ? 'poor' : 'flaws'}: ${reasonsText(quality)}`;
}

function confidenceText(candidate: MarkedCandidate): string {
  const { confidence, quality } = candidate;
  const sure = confidence === undefined ? '' : `, confidence ${percent(confidence)}`;
  return quality.reasons.length === 0 ? sure : `${sure}, ${flawsText(candidate)}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function showDifference(
  source: SourceFile,
  candidates: readonly MarkedCandidate[],
  all: boolean,
  context: CommandContext,
): void {
  const paint = paintFor(context.stdout, context.env);
  const name = headerName(source.name, context.folder);
  const shown = all ? candidates : candidates.slice(0, 1);
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
    ? 'The model found no answer; try a larger span, or --temperature 0.8 with another --seed.'
    : 'No answer reaches that confidence; lower --gate, or try a larger span, or --temperature 0.8 with another --seed.';
}
