// The command as a function: words in, an exit code out, everything else through the context.
import { EngineError, toEngineError } from '../errors';
import { agentCommands } from './agents';
import { benchCommand } from './bench';
import { cacheCommands } from './cache';
import { checkCommand } from './check';
import type { Command, CommandContext } from './context';
import { devicesCommand } from './devices';
import { printable } from './displayWidth';
import { editCommand } from './edit';
import { infillCommand } from './infill';
import { modelsCommands } from './models';
import { type CommandSpec, helpOf, parseArguments, suggestion, UsageError, usageOf } from './options';
import { scoreCommand } from './score';
import { serveCommand } from './serve';

export const COMMANDS: readonly Command[] = [
  infillCommand,
  editCommand,
  scoreCommand,
  checkCommand,
  benchCommand,
  devicesCommand,
  serveCommand,
  ...agentCommands,
  ...modelsCommands,
  ...cacheCommands,
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

/** A command of a group has a name of two words, `models install`. */
function commandOf(words: readonly string[]): Command | undefined {
  return COMMANDS.find(({ spec }) => spec.name.split(' ').every((word, index) => word === words[index]));
}

/** The commands of a group, where the word is the name of one. */
function groupOf(word: string | undefined): readonly CommandSpec[] {
  return COMMANDS.map(({ spec }) => spec).filter(({ name }) => name.startsWith(`${word} `));
}

function groupHelp(group: readonly CommandSpec[]): string {
  return `${group.map((spec) => `palimpsest ${usageOf(spec)}\n    ${spec.summary}`).join('\n')}\n`;
}

async function dispatch(words: readonly string[], context: CommandContext): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined) {
    throw new UsageError(
      'Specify a command: palimpsest infill, edit, score, check, bench, devices, serve, mcp, lsp, models, or cache.',
    );
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    const topic = commandOf(rest);
    const group = groupOf(rest[0]);
    const shown = group.length > 0 ? groupHelp(group) : generalHelp(context.version);
    context.stdout.write(topic ? helpOf(topic.spec) : shown);
    return EXIT.done;
  }
  if (name === '--version' || name === '-V') {
    context.stdout.write(`palimpsest ${context.version}\n`);
    return EXIT.done;
  }
  const command = commandOf(words);
  if (!command) return withoutCommand(name, rest, context);
  const parsed = parseArguments(command.spec, words.slice(command.spec.name.split(' ').length));
  if (parsed.help) {
    context.stdout.write(helpOf(command.spec));
    return EXIT.done;
  }
  return command.run(parsed, context);
}

/** A group's own help, or what the word may have meant. */
function withoutCommand(name: string, rest: readonly string[], context: CommandContext): number {
  const group = groupOf(name);
  const [action] = rest;
  if (group.length > 0) {
    const actions = group.map((spec) => spec.name.slice(name.length + 1));
    if (action === '--help' || action === '-h') {
      context.stdout.write(groupHelp(group));
      return EXIT.done;
    }
    throw new UsageError(
      action === undefined || action.startsWith('-')
        ? `Specify what to do: palimpsest ${name} ${actions.join(', ')}.`
        : `There is no command ${name} ${action}.${suggestion(action, actions, `${name} `)}`,
      name,
    );
  }
  const known = COMMANDS.map(({ spec }) => spec.name.split(' ')[0] ?? '');
  const what = name.startsWith('-') ? 'option' : 'command';
  throw new UsageError(`There is no ${what} ${name}.${suggestion(name, known)}`);
}

/** What is wrong with what somebody asked for, found out by whoever was to do it. */
const ARGUMENTS: ReadonlySet<string> = new Set(['option-invalid', 'span-invalid']);

/** What was thrown, as a person should see it and as the exit code says it. */
function report(thrown: unknown, words: readonly string[], context: CommandContext): number {
  const interrupted = context.signal.aborted;
  const usage = thrown instanceof UsageError;
  const given = toEngineError(thrown);
  // What was paused says how to go on.
  const isPaused = given.code === 'cancelled' && given.data['paused'] === true;
  const error =
    interrupted && !isPaused ? new EngineError('cancelled', 'Canceled; nothing was changed.') : given;
  const hint = usage ? ` See: palimpsest ${thrown.command ? `${thrown.command} ` : ''}--help` : '';
  const end = words.indexOf('--');
  if (words.slice(0, end < 0 ? words.length : end).includes('--json')) {
    const { code, message, data } = error;
    context.stdout.write(`${JSON.stringify({ error: { code, message, data } })}\n`);
  } else {
    // A server's or a file's words may be in it: they do not steer the terminal.
    const sentence = printable(`${error.message}${hint}`.replace(/\s+/g, ' ').trim());
    context.stderr.write(`palimpsest: ${sentence} [${error.code}]\n`);
  }
  if (interrupted || given.code === 'cancelled') return EXIT.interrupted;
  return usage || ARGUMENTS.has(given.code) ? EXIT.usage : EXIT.failed;
}

/** Runs the command; gives the exit code and never throws. */
export async function runCommand(words: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await dispatch(words, context);
  } catch (error) {
    return report(error, words, context);
  }
}
