// What an agent can ask of the engine: text in, text out, no file changed.
import { applyCandidate } from '../candidates/apply';
import { isWorthShowing } from '../candidates/quality/verdict';
import { indexLines, rangeAt } from '../canvas/position';
import type { ScoredToken } from '../protocol';
import type { EngineKeeper } from '../rpc/engineKeeper';
import { integer, object, text } from '../rpc/fields';
import type { AnswerGate } from './answerGate';
import { reasonsText } from './answerGate';
import {
  CANDIDATES,
  COUNTED,
  diffOf,
  FILE_PATH,
  type LineRange,
  offsetsOf,
  RANGES,
  type ToolInput,
} from './toolInput';
import type { SourceText, WorkspaceFiles } from './workspaceFiles';

export interface CodeTool {
  readonly name: string;
  readonly title: string;
  /** For a language model. */
  readonly description: string;
  /** JSON Schema. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
  /** Throws EngineError, whose message is for a language model, too. */
  run(input: unknown, signal: AbortSignal): Promise<string>;
}

interface InfillInput extends ToolInput {
  readonly instruction?: string;
}

interface ScoreInput {
  readonly filePath: string;
  readonly startLine?: number;
  readonly endLine?: number;
  readonly limit?: number;
}

const readInfill = object<InfillInput>(
  { filePath: FILE_PATH, ranges: RANGES },
  { candidates: CANDIDATES, instruction: text(4000, 1) },
);
const readScore = object<ScoreInput>(
  { filePath: FILE_PATH },
  { startLine: COUNTED, endLine: COUNTED, limit: integer(1, 200) },
);

const line = (description: string) => ({ type: 'integer', minimum: 1, description });
const FILE = {
  type: 'string',
  description: 'Path of the file: absolute, or relative to the first workspace folder.',
};

const INFILL_SCHEMA = {
  type: 'object',
  properties: {
    filePath: FILE,
    ranges: {
      type: 'array',
      minItems: 1,
      maxItems: 16,
      description: 'The ranges to mask and fill in. They must not overlap.',
      items: {
        type: 'object',
        properties: {
          startLine: line('First line (1-based).'),
          startColumn: line('First column (1-based). Defaults to the first character after the indentation.'),
          endLine: line('Last line (1-based).'),
          endColumn: line(
            'End column (1-based, exclusive). Defaults to the end of the line. If it equals the start, text is inserted there.',
          ),
        },
        required: ['startLine', 'endLine'],
      },
    },
    candidates: {
      type: 'integer',
      minimum: 1,
      maximum: 4,
      default: 1,
      description: 'Number of different results to return.',
    },
    instruction: {
      type: 'string',
      maxLength: 4000,
      description: 'What to change. Only some models take an instruction; others refuse it.',
    },
  },
  required: ['filePath', 'ranges'],
};

const DEFAULT_LIMIT = 20;
const SCORE_SCHEMA = {
  type: 'object',
  properties: {
    filePath: FILE,
    startLine: line('First line to score (1-based). Defaults to the first one of the file.'),
    endLine: line('Last line to score (1-based). Defaults to the last one of the file.'),
    limit: {
      type: 'integer',
      minimum: 1,
      maximum: 200,
      default: DEFAULT_LIMIT,
      description: 'Number of tokens to return.',
    },
  },
  required: ['filePath'],
};

export function codeTools(
  keeper: EngineKeeper,
  files: WorkspaceFiles,
  gate: Pick<AnswerGate, 'marked'>,
): readonly CodeTool[] {
  return [
    {
      name: 'palimpsest_infill',
      title: 'Infill with Palimpsest',
      description:
        "Asks a diffusion language model that runs on the user's machine to fill in given ranges of a file, using the code before and after them. Fills several ranges jointly. Returns unified diffs, best first, and never edits a file. Use it to fill a hole in existing code or to get an alternative version of a few lines that fits the surrounding code. Files that contain secrets or that Git ignores are refused.",
      inputSchema: INFILL_SCHEMA,
      run: async (input, signal) => infill(readInfill(input, ''), { keeper, files, gate }, signal),
    },
    {
      name: 'palimpsest_score',
      title: 'Find unexpected code with Palimpsest',
      description:
        "Asks a language model that runs on the user's machine which tokens of a file it does not expect, given the rest of the file. Returns them, the most surprising first, with what the model expects instead. Surprising tokens are often typos, wrong names, or copy-and-paste mistakes. Never edits a file. Files that contain secrets or that Git ignores are refused.",
      inputSchema: SCORE_SCHEMA,
      run: async (input, signal) => score(readScore(input, ''), keeper, files, signal),
    },
  ];
}

interface InfillParts {
  readonly keeper: EngineKeeper;
  readonly files: WorkspaceFiles;
  readonly gate: Pick<AnswerGate, 'marked'>;
}

async function infill(
  { filePath, ranges, candidates, instruction }: InfillInput,
  { keeper, files, gate }: InfillParts,
  signal: AbortSignal,
): Promise<string> {
  const source = await files.read(filePath);
  const spans = ranges.map((range) => offsetsOf(source.text, range));
  const result = await keeper.use(
    ({ client, model }) =>
      client.infill(
        {
          ...requestOf(source, model.folder),
          spans,
          ...(candidates === undefined ? {} : { candidates }),
          ...(instruction === undefined ? {} : { instruction }),
        },
        { signal },
      ),
    signal,
  );
  const changes = (await gate.marked(source, result.candidates))
    .map((candidate) => ({ candidate, after: applyCandidate(source.text, candidate) }))
    .filter(({ after }) => after !== source.text);
  const diffs = changes
    .filter(({ candidate }) => isWorthShowing(candidate))
    .map(({ candidate: { confidence, quality }, after }, i) => {
      const sure = confidence === undefined ? '' : `, confidence ${confidence.toFixed(2)}`;
      const doubts = quality.reasons.length === 0 ? '' : ` (unsure: ${reasonsText(quality)})`;
      return `Candidate ${i + 1}${sure}${doubts}:\n${diffOf(source.name, source.text, after)}`;
    });
  // What a person would not be shown is not passed on as an answer.
  const poor = changes.filter(({ candidate }) => !isWorthShowing(candidate));
  if (poor.length > 0) {
    const why = [...new Set(poor.map(({ candidate: { quality } }) => reasonsText(quality)))].join('; ');
    diffs.push(`Left out: ${poor.length} of ${changes.length} candidates, which are poor (${why}).`);
  }
  const answer = diffs.length > 0 ? diffs.join('\n\n') : 'The model suggests no change.';
  return `${answer}\n\n(${result.model}; nothing was edited.)`;
}

async function score(
  { filePath, startLine, endLine, limit = DEFAULT_LIMIT }: ScoreInput,
  keeper: EngineKeeper,
  files: WorkspaceFiles,
  signal: AbortSignal,
): Promise<string> {
  const source = await files.read(filePath);
  const index = indexLines(source.text);
  const lines: LineRange = {
    startLine: startLine ?? 1,
    startColumn: 1,
    endLine: endLine ?? index.starts.length,
  };
  const { model, tokens } = await keeper.use(
    (engine) =>
      engine.client.score(
        { ...requestOf(source, engine.model.folder), range: offsetsOf(source.text, lines) },
        { signal },
      ),
    signal,
  );
  const worst = [...tokens].sort((a, b) => b.surprise - a.surprise || a.start - b.start).slice(0, limit);
  const rows = worst.map((token) => {
    const { start } = rangeAt(index, token.start, token.end);
    return `${source.name}:${start.line}:${start.column} ${describe(token)}`;
  });
  const heading = `The ${rows.length} most surprising of ${tokens.length} tokens (surprise in nats):`;
  return [heading, ...rows, '', `(${model}; nothing was edited.)`].join('\n');
}

function describe({ text: token, surprise, alternatives }: ScoredToken): string {
  const [best] = alternatives;
  const instead =
    best === undefined
      ? ''
      : `, expected ${JSON.stringify(best.text)} (${Math.round(100 * best.probability)}%)`;
  return `${JSON.stringify(token)} surprise ${surprise.toFixed(1)}${instead}`;
}

function requestOf({ text: content, file, language }: SourceText, model: string) {
  return {
    model,
    text: content,
    fileName: file,
    priority: 'background' as const,
    // An agent waits for its tool, and a person for the agent.
    interactive: true,
    ...(language === undefined ? {} : { language }),
  };
}
