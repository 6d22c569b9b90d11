// `palimpsest serve`: the engine for others, over HTTP, until it is stopped.
import fs from 'node:fs';
import path from 'node:path';
import { EngineError } from '../errors';
import { isLoopback } from '../privacy/serverAddress';
import type { ModelDescription } from '../protocol';
import type { ServeOptions } from '../serve/server';
import type { Command, CommandContext } from './context';
import { keptEngine, TOKEN_VARIABLE } from './keptEngine';
import { MODEL_OPTION, RUN_OPTIONS, withProgress } from './modelOptions';
import { type CommandSpec, numberOption, type ParsedArguments, UsageError } from './options';
import { paintFor } from './style';

/** Seconds and megabytes where they are. */
export const DEFAULTS = {
  host: '127.0.0.1',
  port: 8417,
  queue: 64,
  together: 4,
  maxBody: 8,
  timeout: 300,
  grace: 30,
} as const;

/** Of larger groups, a pass would take longer for everybody than it saves. */
const MOST_TOGETHER = 8;

const spec: CommandSpec = {
  name: 'serve',
  summary: 'Serve the model over HTTP to other programs and machines.',
  operands: [],
  options: {
    ...MODEL_OPTION,
    host: {
      value: 'ADDRESS',
      help: `address to listen on (default: ${DEFAULTS.host}); one that other machines can reach needs a token`,
    },
    port: { value: 'N', help: `default: ${DEFAULTS.port}; 0 takes a free one` },
    'token-file': {
      value: 'FILE',
      help: `file whose first line is the token; without it, the environment variable ${TOKEN_VARIABLE}`,
    },
    queue: { value: 'N', help: `number of requests that may wait (default: ${DEFAULTS.queue})` },
    together: {
      value: 'N',
      help: `most requests that the engine works on at a time (default: ${DEFAULTS.together}; on WebGPU always 1); each needs memory of its own`,
    },
    'max-body': { value: 'MB', help: `largest request (default: ${DEFAULTS.maxBody})` },
    timeout: {
      value: 'SECONDS',
      help: `longest time from a request to its answer (default: ${DEFAULTS.timeout})`,
    },
    grace: {
      value: 'SECONDS',
      help: `time for unanswered requests when the server is stopped (default: ${DEFAULTS.grace})`,
    },
    ...RUN_OPTIONS,
  },
  notes: [
    'Ctrl-C or SIGTERM stops it: it answers what it has, and takes nothing new. docs/server.md describes',
    'the requests.',
  ],
};

/** @throws UsageError, EngineError `file-unreadable` */
function tokenOf(parsed: ParsedArguments, { env, folder }: CommandContext): string | undefined {
  const named = parsed.text('token-file');
  if (named === undefined) {
    const token = env[TOKEN_VARIABLE];
    return token === undefined || token === '' ? undefined : checked(token, `the variable ${TOKEN_VARIABLE}`);
  }
  const file = path.resolve(folder, named);
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    const { message } = error as Error;
    throw new EngineError('file-unreadable', `The token could not be read: ${message}.`, { file });
  }
  return checked(text.split(/\r?\n/)[0] ?? '', file);
}

function checked(token: string, place: string): string {
  const trimmed = token.trim();
  if (/^[\x21-\x7e]{16,1024}$/.test(trimmed)) return trimmed;
  throw new UsageError(
    `The token in ${place} must have 16 to 1024 printable ASCII characters and no spaces. "openssl rand -hex 32" makes one.`,
    spec.name,
  );
}

function serveOptions(parsed: ParsedArguments, context: CommandContext): ServeOptions {
  const number = (name: string, rule: Parameters<typeof numberOption>[3], fallback: number) =>
    numberOption(parsed, spec, name, rule) ?? fallback;
  const host = parsed.text('host') ?? DEFAULTS.host;
  const token = tokenOf(parsed, context);
  if (token === undefined && !isLoopback(host)) {
    throw new UsageError(
      `Other machines can reach ${host}, so a token is needed: set ${TOKEN_VARIABLE}, or use --token-file FILE.`,
      spec.name,
    );
  }
  const together = number('together', { integer: true, least: 1, most: MOST_TOGETHER }, DEFAULTS.together);
  return {
    host,
    ...(token === undefined ? {} : { token }),
    port: number('port', { integer: true, least: 0, most: 65_535 }, DEFAULTS.port),
    queue: number('queue', { integer: true, least: 0, most: 10_000 }, DEFAULTS.queue),
    maxBody: 1e6 * number('max-body', { least: 0, most: 100, above: true }, DEFAULTS.maxBody),
    timeoutMillis: 1000 * number('timeout', { least: 0, most: 86_400, above: true }, DEFAULTS.timeout),
    version: context.version,
    engine: keptEngine(parsed, spec, context, together),
  };
}

async function run(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const grace = 1000 * (numberOption(parsed, spec, 'grace', { least: 0, most: 3600 }) ?? DEFAULTS.grace);
  const options = serveOptions(parsed, context);
  const { stdout, stderr, signal } = context;
  const { PalimpsestServer } = await import('../serve/server');
  const faint = paintFor(stderr, context.env);
  const server = await withProgress(context, async (onProgress) => {
    const listening = await PalimpsestServer.listen({
      ...options,
      engine: { ...options.engine, onProgress },
    });
    stdout.write(`Listening on ${listening.url}\n`);
    try {
      stderr.write(`${faint('faint', readyLine(await listening.load(signal)))}\n`);
      return listening;
    } catch (error) {
      await listening.stop(0);
      throw error;
    }
  });
  try {
    const failure = await Promise.race([server.failure, fired(signal)]);
    if (failure !== undefined) throw failure;
    const { unanswered } = server;
    if (unanswered > 0)
      stderr.write(`${faint('faint', `Stopping; ${unanswered} requests are not answered yet.`)}\n`);
    await server.stop(grace);
    return 0;
  } finally {
    await server.stop(0);
  }
}

function readyLine({ name, provider, precision }: ModelDescription): string {
  return `${name} · ${provider} · ${precision} · ready`;
}

function fired(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

export const serveCommand: Command = { spec, run };
