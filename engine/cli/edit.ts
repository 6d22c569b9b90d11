// `palimpsest edit`: changes lines of a file by an instruction, for models that take one.

import { indexLines, type LineIndex, offsetAt } from '../canvas/position';
import { EngineError } from '../errors';
import type { Model } from '../model';
import type { InfillOptions, SpanParams } from '../protocol';
import { answerInView, namedSource, OUTPUT_NOTES, OUTPUT_OPTIONS } from './answers';
import type { Command, CommandContext } from './context';
import { MODEL_OPTION, RUN_OPTIONS } from './modelOptions';
import { type CommandSpec, numberOption, type ParsedArguments, UsageError } from './options';
import { SERVER_OPTIONS } from './serverOptions';

const spec: CommandSpec = {
  name: 'edit',
  summary: 'Change lines of a file by an instruction, and show or write the diff.',
  operands: ['FILE', 'INSTRUCTION'],
  needed: '--lines A-B',
  options: {
    lines: {
      value: 'A-B',
      multiple: true,
      help: 'lines to change, counted from 1, the last one included; 12 is one line; can be given several times',
    },
    ...MODEL_OPTION,
    seed: { value: 'N', help: 'seed of the first candidate; the same seed gives the same answer' },
    temperature: { value: 'T', help: '0 is greedy' },
    candidates: { value: 'N', help: 'number of candidates, best first' },
    'max-tokens': { value: 'N', help: 'maximum number of tokens in an answer' },
    ...RUN_OPTIONS,
    ...SERVER_OPTIONS,
    ...OUTPUT_OPTIONS,
  },
  notes: [
    'Needs a model with a chat template (docs/families.md); the starter model has none.',
    ...OUTPUT_NOTES,
  ],
};

const MOST_CANDIDATES = 64;
const LONGEST_INSTRUCTION = 4000;

function editOptions(parsed: ParsedArguments): InfillOptions {
  const number = (name: string, rule: Parameters<typeof numberOption>[3]) =>
    numberOption(parsed, spec, name, rule);
  const instruction = (parsed.operands[1] ?? '').trim();
  if (instruction === '') throw new UsageError('INSTRUCTION is empty: describe the change.', spec.name);
  if (instruction.length > LONGEST_INSTRUCTION) {
    throw new UsageError(`INSTRUCTION is longer than ${LONGEST_INSTRUCTION} characters.`, spec.name);
  }
  const given = {
    instruction,
    seed: number('seed', { integer: true, least: 0, most: 2 ** 32 - 1 }),
    temperature: number('temperature', { least: 0 }),
    candidates: number('candidates', { integer: true, least: 1, most: MOST_CANDIDATES }),
    maxTokens: number('max-tokens', { integer: true, least: 1 }),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

interface LineRange {
  readonly first: number;
  readonly last: number;
}

function lineRanges(parsed: ParsedArguments): readonly LineRange[] {
  const texts = parsed.texts('lines');
  if (texts.length === 0) {
    throw new UsageError('--lines is missing: specify what to change, for example --lines 10-12.', spec.name);
  }
  return texts.map((text) => {
    const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text) ?? [];
    const range = { first: Number(first), last: Number(last) };
    if (first !== undefined && range.first >= 1 && range.first <= range.last) return range;
    throw new UsageError(`--lines must be A-B with 1 ≤ A ≤ B, for example 10-12, not "${text}".`, spec.name);
  });
}

/** The lines without the indentation of the first and what is blank at the end, as the editor takes a selection. */
function spanOf(index: LineIndex, { first, last }: LineRange): SpanParams {
  const start = offsetAt(index, { line: first, column: 1 });
  offsetAt(index, { line: last, column: 1 });
  const selected = index.text.slice(start, index.starts[last] ?? index.text.length);
  const lineEnd = start + selected.replace(/[\r\n]+$/, '').length;
  if (selected.trim() === '') return { start: lineEnd, end: lineEnd };
  return {
    start: start + selected.length - selected.trimStart().length,
    end: start + selected.trimEnd().length,
  };
}

function checkModel({ description }: Model): void {
  if (description.takesInstruction) return;
  throw new EngineError(
    'option-invalid',
    `${description.familyTitle} does not take instructions: that needs a model with a chat template, such as Stable-DiffCoder Instruct, Dream-Coder, SDAR, or Qwen2.5-Coder Instruct. Name one with --model.`,
    { family: description.family },
  );
}

async function run(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const options = editOptions(parsed);
  const ranges = lineRanges(parsed);
  const { source, language } = await namedSource(parsed, spec, context);
  const index = indexLines(source.text);
  const spans = ranges.map((range) => spanOf(index, range));
  return answerInView(parsed, spec, context, { source, language, spans, options, check: checkModel });
}

export const editCommand: Command = { spec, run };
