// What the commands about models share: what they are asked for, how they answer, and their one bar.
import { EngineError } from '../errors';
import { type CatalogueModel, catalogue } from '../hub/catalogue';
import { INCLUDED_IDS } from '../hub/included';
import type { CommandContext } from './context';
import { LiveView } from './liveView';
import { progressBar } from './modelsView';
import { type ParsedArguments, suggestion } from './options';
import { canAnimate } from './style';

export const JSON_OPTION = { json: { help: 'print a single JSON object' } };
export const EVENTS_OPTION = {
  events: { help: 'report progress as JSON lines on standard error, and pause when standard input ends' },
};

export function offeredModel(id: string): CatalogueModel | undefined {
  return catalogue().find((model) => model.id === id);
}

export function unknownModel(id: string): EngineError {
  const near = suggestion(id, [...INCLUDED_IDS, ...catalogue().map((model) => model.id)]);
  return new EngineError(
    'model-unknown',
    `There is no model ${id}.${near} "palimpsest models list" shows what there is.`,
    { id },
  );
}

export function print(
  context: CommandContext,
  parsed: ParsedArguments,
  value: unknown,
  lines: readonly string[],
): void {
  context.stdout.write(parsed.has('json') ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`);
}

type Report = (phase: string, done: number, total: number) => void;

/** Runs something long with one bar on a terminal, or with an event a line. */
export async function withBar<T>(
  parsed: ParsedArguments,
  context: CommandContext,
  work: (report: Report) => Promise<T>,
): Promise<T> {
  if (parsed.has('events')) {
    let last = '';
    return work((phase, done, total) => {
      // A thousandth more is news.
      const news = `${phase} ${Math.floor((1000 * done) / Math.max(1, total))}`;
      if (news === last) return;
      last = news;
      context.stderr.write(`${JSON.stringify({ phase, done, total })}\n`);
    });
  }
  if (!canAnimate(context.stderr, context.env)) return work(() => {});
  const view = new LiveView(context.stderr, context.clock);
  try {
    return await work((phase, done, total) => view.show((width) => [progressBar(phase, done, total, width)]));
  } finally {
    view.clear();
  }
}
