// `palimpsest score`: how surprised the model is by each token of a file, the most suspicious first.
import { indexLines, rangeAt } from '../canvas/position';
import type { ScoreResult } from '../protocol';
import { languageOf } from '../tools/language';
import type { Command, CommandContext } from './context';
import { printable } from './displayWidth';
import { LiveView } from './liveView';
import { MODEL_OPTION, RUN_OPTIONS } from './modelOptions';
import { type CommandSpec, numberOption, type ParsedArguments } from './options';
import { bySuspicion, heatLines, type PlacedToken, scoreTable } from './scoreView';
import { openModel, SERVER_OPTIONS } from './serverOptions';
import { readSource, STANDARD_INPUT } from './sourceFile';
import { canAnimate, paintFor, wantsColour } from './style';

const DEFAULT_LIMIT = 20;
const HEAT_LINES = 8;

const spec: CommandSpec = {
  name: 'score',
  summary: 'Show how unexpected each token of a file is to the model, the most suspicious first.',
  operands: ['FILE'],
  options: {
    ...MODEL_OPTION,
    limit: { value: 'N', help: `number of tokens to print (default: ${DEFAULT_LIMIT}; with --json: all)` },
    ...RUN_OPTIONS,
    ...SERVER_OPTIONS,
    json: { help: 'print a single JSON object' },
  },
  notes: ['FILE can be -, which reads standard input. Surprise is −ln p (nats) and −log2 p (bits).'],
};

async function run(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const limit = numberOption(parsed, spec, 'limit', { integer: true, least: 1 });
  const [name = ''] = parsed.operands;
  const json = parsed.has('json');
  const source = await readSource(name, context);
  const language = name === STANDARD_INPUT ? undefined : languageOf(name);
  const model = await openModel(parsed, spec, context);
  let result: ScoreResult;
  const view =
    !json && canAnimate(context.stderr, context.env)
      ? new LiveView(context.stderr, context.clock)
      : undefined;
  try {
    view?.show(() => ['scoring …']);
    result = await model.score(
      {
        requestId: 1,
        model: model.description.folder,
        priority: 'rewrite',
        text: source.text,
        ...(language ? { language } : {}),
        ...(source.path ? { fileName: source.path } : {}),
      },
      { signal: context.signal },
    );
  } finally {
    view?.clear();
    await model.dispose();
  }

  const places = indexLines(source.text);
  const tokens = result.tokens.map(
    (token): PlacedToken => ({
      range: rangeAt(places, token.start, token.end),
      ...token,
    }),
  );
  const suspicious = bySuspicion(tokens);
  if (json) {
    context.stdout.write(`${JSON.stringify({ ...result, tokens: suspicious.slice(0, limit) })}\n`);
    return 0;
  }
  const paint = paintFor(context.stdout, context.env);
  const lines = scoreTable(suspicious.slice(0, limit ?? DEFAULT_LIMIT), paint);
  if (context.stdout.isTTY && wantsColour(context.stdout, context.env)) {
    const options = { count: HEAT_LINES, width: context.stdout.columns ?? 80 };
    const heated = heatLines(source.text, tokens, options, paint);
    if (heated.length > 0) lines.push('', ...heated);
  }
  context.stdout.write(`${lines.join('\n')}\n`);
  const total = tokens.reduce((sum, token) => sum + token.surprise, 0);
  const mean = tokens.length > 0 ? (total / tokens.length).toFixed(2) : '–';
  const sides = result.method === 'masked' ? 'both sides seen' : 'left side seen';
  const facts = `${printable(result.model)} · ${tokens.length} tokens · ${mean} nats per token · ${sides} · ${Math.round(result.millis)} ms`;
  context.stderr.write(`${paintFor(context.stderr, context.env)('faint', facts)}\n`);
  return 0;
}

export const scoreCommand: Command = { spec, run };
