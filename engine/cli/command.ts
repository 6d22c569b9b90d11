// The command as a function: words in, an exit code out, everything else through the context.
import { EngineError, toEngineError } from '../errors';
import { benchCommand } from './bench';
import { checkCommand } from './check';
import type { Command, CommandContext } from './context';
import { devicesCommand } from './devices';
import { infillCommand } from './infill';
import { helpOf, parseArguments, suggestion, UsageError, usageOf } from './options';
import { scoreCommand } from './score';

export const COMMANDS: readonly Command[] = [
  infillCommand,
  scoreCommand,
  checkCommand,
  benchCommand,
  devicesCommand,
];

const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

function generalHelp(version: string): string {
  return `${[
    `palimpsest ${version}: code editing by text diffusion, on this machine`,
    '',
    ...COMMANDS.map(({ spec }) => `  palimpsest ${usageOf(spec)}\n      ${spec.summary}`),
    '',
    '  palimpsest COMMAND --help   the options of a command',
    '  palimpsest --version',
    '',
    'Without --model, the environment variable PALIMPSEST_MODEL names the checkpoint folder, or else the',
    'starter model is used. Quantized weights go to PALIMPSEST_CACHE, by default your cache folder.',
    'NO_COLOR and FORCE_COLOR are respected. Exit codes: 0 success, 1 error, 2 invalid arguments, 130 interrupted.',
  ].join('\n')}\n`;
}

async function dispatch(words: readonly string[], context: CommandContext): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined) {
    throw new UsageError('Specify a command: palimpsest infill, score, check, bench, or devices.');
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    const topic = COMMANDS.find(({ spec }) => spec.name === rest[0]);
    context.stdout.write(topic ? helpOf(topic.spec) : generalHelp(context.version));
    return EXIT.done;
  }
  if (name === '--version' || name === '-V') {
    context.stdout.write(`palimpsest ${context.version}\n`);
    return EXIT.done;
  }
  const command = COMMANDS.find(({ spec }) => spec.name === name);
  if (!command) {
    const known = COMMANDS.map(({ spec }) => spec.name);
    const what = name.startsWith('-') ? 'option' : 'command';
    throw new UsageError(`There is no ${what} ${name}.${suggestion(name, known)}`);
  }
  const parsed = parseArguments(command.spec, rest);
  if (parsed.help) {
    context.stdout.write(helpOf(command.spec));
    return EXIT.done;
  }
  return command.run(parsed, context);
}

/** What was thrown, as a person should see it and as the exit code says it. */
function report(thrown: unknown, words: readonly string[], context: CommandContext): number {
  const interrupted = context.signal.aborted;
  const usage = thrown instanceof UsageError;
  const error = interrupted
    ? new EngineError('cancelled', 'Canceled; nothing was changed.')
    : toEngineError(thrown);
  const hint = usage ? ` See: palimpsest ${thrown.command ? `${thrown.command} ` : ''}--help` : '';
  const end = words.indexOf('--');
  if (words.slice(0, end < 0 ? words.length : end).includes('--json')) {
    const { code, message, data } = error;
    context.stdout.write(`${JSON.stringify({ error: { code, message, data } })}\n`);
  } else {
    const sentence = `${error.message}${hint}`.replace(/\s+/g, ' ').trim();
    context.stderr.write(`palimpsest: ${sentence} [${error.code}]\n`);
  }
  if (interrupted) return EXIT.interrupted;
  return usage ? EXIT.usage : EXIT.failed;
}

/** Runs the command; gives the exit code and never throws. */
export async function runCommand(words: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await dispatch(words, context);
  } catch (error) {
    return report(error, words, context);
  }
}
