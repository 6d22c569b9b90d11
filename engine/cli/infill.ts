// `palimpsest infill`: masks the spans of a file, denoises them in view, and shows (or writes) what would change.
import path from 'node:path';

import { indexLines, parseSpan, spanAt } from '../canvas/position';
import { RULE_NAMES } from '../checkpoint/family';
import type { CopyIndex } from '../copying/sources';
import { toEngineError } from '../errors';
import { COPYING, type InfillOptions, type SpanRange } from '../protocol';
import { answerInView, namedSource, OUTPUT_NOTES, OUTPUT_OPTIONS } from './answers';
import type { Command, CommandContext } from './context';
import { LiveView } from './liveView';
import { MODEL_OPTION, RUN_OPTIONS } from './modelOptions';
import { type CommandSpec, choiceOption, numberOption, type ParsedArguments, UsageError } from './options';
import { SERVER_OPTIONS } from './serverOptions';
import type { SourceFile } from './sourceFile';
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
    ...OUTPUT_OPTIONS,
  },
  notes: OUTPUT_NOTES,
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

/** What `--workspace` adds to copy from, and a line that says how much that is; undefined where it was not given. */
async function workspaceIndex(
  parsed: ParsedArguments,
  { path: file }: SourceFile,
  { language, holes }: { readonly language: string | undefined; readonly holes: number },
  { folder, signal, stderr, env, clock }: CommandContext,
): Promise<CopyIndex | undefined> {
  const name = parsed.text('workspace');
  if (name === undefined) return undefined;
  const view = canAnimate(stderr, env) ? new LiveView(stderr, clock) : undefined;
  try {
    const workspace = await readWorkspace(path.resolve(folder, name), {
      file,
      language,
      holes,
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
  const { source, language } = await namedSource(parsed, spec, context);
  const lines = indexLines(source.text);
  const spans = ranges.map((range) => spanAt(lines, range));
  const index = await workspaceIndex(parsed, source, { language, holes: spans.length }, context);
  return answerInView(parsed, spec, context, { source, language, spans, options, index });
}

export const infillCommand: Command = { spec, run };
