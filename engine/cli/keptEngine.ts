// The engine of a command that stays: a process of its own, so that a long pass keeps nobody from being heard.
import path from 'node:path';
import { PRECISIONS } from '../graph/types';
import { PROVIDERS } from '../protocol';
import type { KeeperOptions } from '../rpc/engineKeeper';
import type { CommandContext } from './context';
import { cacheFolder, modelFolder } from './modelOptions';
import { type CommandSpec, choiceOption, type ParsedArguments } from './options';

/** Environment variable of the token of `palimpsest serve`. */
export const TOKEN_VARIABLE = 'PALIMPSEST_TOKEN';

/**
 * With the model that the options name. Warnings and errors go to standard error.
 * @param together requests that it works on at a time
 */
export function keptEngine(
  parsed: ParsedArguments,
  spec: CommandSpec,
  context: CommandContext,
  together = 1,
): Omit<KeeperOptions, 'onState'> {
  const provider = choiceOption(parsed, spec, 'provider', PROVIDERS);
  const precision = choiceOption(parsed, spec, 'precision', ['auto', ...PRECISIONS] as const);
  const { [TOKEN_VARIABLE]: _, ...env } = context.env;
  return {
    engine: {
      node: process.execPath,
      script: path.join(context.packageFolder, 'dist', 'engine.js'),
      args: ['--together', `${together}`],
      cacheFolder: cacheFolder(context.env),
      env,
      electronRunAsNode: process.versions['electron'] !== undefined,
    },
    model: {
      folder: modelFolder(parsed, context),
      ...(provider ? { provider } : {}),
      ...(precision ? { precision } : {}),
    },
    log: (level, message) => {
      if (level !== 'info') context.stderr.write(`[${level}] ${message}\n`);
    },
  };
}
