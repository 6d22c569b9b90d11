// A server in place of a model of this machine, as the options name it. Naming it is the consent to send it the text.
import fs from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../errors';
import type { Model } from '../model';
import { SERVER_KINDS, type ServerParams } from '../protocol';
import type { CommandContext } from './context';
import { loadNamedModel } from './modelOptions';
import {
  type CommandSpec,
  choiceOption,
  type OptionTable,
  type ParsedArguments,
  UsageError,
} from './options';

export const SERVER_OPTIONS: OptionTable = {
  remote: {
    value: 'KIND',
    help: `use a server instead of a model on this machine: ${SERVER_KINDS.join(', ')}; text of the file is sent to it, and --model names its model`,
  },
  url: { value: 'URL', help: 'base URL of the server, for example http://localhost:8080' },
  'key-file': {
    value: 'FILE',
    help: "file whose first line is the server's key (default: the environment variable PALIMPSEST_SERVER_KEY)",
  },
  insecure: { help: 'allow an unencrypted connection to a server on another machine' },
};

const ONLY_LOCAL = ['provider', 'precision'];
const ONLY_REMOTE = ['url', 'key-file', 'insecure'];

/** The model of this machine or the server that the options name. */
export async function openModel(
  parsed: ParsedArguments,
  spec: CommandSpec,
  context: CommandContext,
): Promise<Model> {
  const kind = choiceOption(parsed, spec, 'remote', SERVER_KINDS);
  const others = kind === undefined ? ONLY_REMOTE : ONLY_LOCAL;
  const stray = others.find((name) => parsed.has(name));
  if (stray !== undefined)
    throw new UsageError(
      kind === undefined ? `--${stray} needs --remote.` : `--${stray} has no effect on a server.`,
      spec.name,
    );
  if (kind === undefined) return loadNamedModel(parsed, spec, context);
  const url = parsed.text('url');
  if (url === undefined)
    throw new UsageError('--remote needs the address of the server: --url URL.', spec.name);
  const model = parsed.text('model');
  const key = await keyFrom(parsed, context);
  const server: ServerParams = {
    kind,
    url,
    ...(model === undefined ? {} : { model }),
    ...(key === undefined ? {} : { key }),
    allowsUnencrypted: parsed.has('insecure'),
  };
  const connected = await context.engine.connectServer(url, server, { signal: context.signal }, context.env);
  if (connected.description.server?.gaps.includes('behind'))
    context.stderr.write(
      `${connected.description.server.host} seems to ignore the code behind a span; its answers may not fit there. For llama.cpp, use --remote llama-server; start SGLang with --completion-template.\n`,
    );
  return connected;
}

async function keyFrom(
  parsed: ParsedArguments,
  { env, folder }: CommandContext,
): Promise<string | undefined> {
  const file = parsed.text('key-file');
  if (file === undefined) return env['PALIMPSEST_SERVER_KEY']?.trim() || undefined;
  let text: string;
  try {
    text = await fs.readFile(path.resolve(folder, file), 'utf8');
  } catch (error) {
    throw new EngineError(
      'file-unreadable',
      `The key file ${file} cannot be read.`,
      { file },
      { cause: error },
    );
  }
  const [line = ''] = text.split(/\r?\n/);
  if (line.trim() !== '') return line.trim();
  throw new EngineError('file-unreadable', `The first line of the key file ${file} is empty.`, { file });
}
