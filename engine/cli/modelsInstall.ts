// `palimpsest models install`: consent, the download or a folder of one's own, and the weights made ready for this machine.
import fs from 'node:fs';
import path from 'node:path';
import { EngineError, toEngineError } from '../errors';
import type { CatalogueModel } from '../hub/catalogue';
import { gigabytes } from '../hub/disk';
import { fitOf, quantisedBytes } from '../hub/fit';
import { huggingFaceCache, modelsFolder } from '../hub/folders';
import type { Offer } from '../hub/install';
import { type InstalledModel, readInstalled, recordQuantised } from '../hub/installed';
import type { CommandContext } from './context';
import { requireOther } from './included';
import { cacheFolder, progressLine } from './modelOptions';
import { EVENTS_OPTION, JSON_OPTION, offeredModel, print, unknownModel, withBar } from './modelsShared';
import { about, downloadBytes, fitText, licenseText } from './modelsView';
import { type CommandSpec, type ParsedArguments, UsageError } from './options';

export const installSpec: CommandSpec = {
  name: 'models install',
  summary: 'Download a model of the catalog, or give a folder or .gguf file of your own a name.',
  operands: ['MODEL'],
  options: {
    'accept-license': { help: 'accept the license of the model, which is shown before' },
    id: { value: 'NAME', help: 'name for a folder or file of your own' },
    force: { help: 'install it although it needs more memory than this machine has' },
    'no-quantize': { help: 'do not quantize the weights now, but when the model is first used' },
    ...EVENTS_OPTION,
    ...JSON_OPTION,
  },
  notes: [
    'MODEL is a name of `palimpsest models list`, or the path of a folder or file, which stays there.',
    'Ctrl-C pauses; the same command continues. Models go to PALIMPSEST_MODELS, by default a folder of',
    'your account. HF_ENDPOINT, HF_TOKEN, HF_HOME, HTTPS_PROXY, and NODE_EXTRA_CA_CERTS are respected.',
  ],
};

/** With `--events` another program asked: when it is gone, or closes the pipe, nobody waits any more. */
function whileAsked(parsed: ParsedArguments, context: CommandContext): CommandContext {
  if (!parsed.has('events')) return context;
  const gone = new AbortController();
  const listen = async () => {
    for await (const _ of context.stdin);
    gone.abort();
  };
  void listen().catch(() => gone.abort());
  return { ...context, signal: AbortSignal.any([context.signal, gone.signal]) };
}

export async function runInstall(parsed: ParsedArguments, shell: CommandContext): Promise<number> {
  const context = whileAsked(parsed, shell);
  const [given = ''] = parsed.operands;
  requireOther(given, 'install');
  const offered = offeredModel(given);
  if (offered && parsed.has('id')) {
    throw new UsageError('--id is for a folder or file of your own.', installSpec.name);
  }
  const model = offered
    ? await installOffered(offered, parsed, context)
    : await installOwn(given, parsed, context);
  const { installed, unprepared } = parsed.has('no-quantize')
    ? { installed: model }
    : await quantise(model, parsed, context);
  print(context, parsed, { installed, unprepared }, [
    `${model.id} is installed: ${model.place}`,
    `Use it with --model ${model.id}, or in the editor with the setting palimpsest.model.path.`,
  ]);
  return 0;
}

async function installOwn(
  given: string,
  parsed: ParsedArguments,
  context: CommandContext,
): Promise<InstalledModel> {
  const place = path.resolve(context.folder, given);
  if (!fs.existsSync(place)) {
    if (/^[^/\\]+$/.test(given) && !given.toLowerCase().endsWith('.gguf')) throw unknownModel(given);
    throw new EngineError('checkpoint-missing', `${place} does not exist.`, { folder: place });
  }
  const id = parsed.text('id');
  const { installLocal } = await import('../hub/local');
  return withBar(parsed, context, (report) =>
    installLocal(place, {
      models: modelsFolder(context.env),
      ...(id === undefined ? {} : { id }),
      open: context.engine.openCheckpoint,
      signal: context.signal,
      onProgress: ({ done, total }) => report('checking', done, total),
    }),
  );
}

async function installOffered(
  model: CatalogueModel,
  parsed: ParsedArguments,
  context: CommandContext,
): Promise<InstalledModel> {
  const fit = fitOf(model, context.memory);
  if (fit.verdict === 'too-large' && !parsed.has('force')) {
    throw new EngineError(
      'out-of-memory',
      `${model.title} is ${fitText(fit)}. Choose a smaller model, or install it all the same with --force.`,
      { ...fit },
    );
  }
  if (readInstalled(modelsFolder(context.env), model.id) === undefined) requireConsent(model, parsed);
  const [{ install }, { networkOf }] = await Promise.all([
    import('../hub/install'),
    import('../hub/network'),
  ]);
  const progress = { done: 0, total: 0 };
  try {
    return await withBar(parsed, context, (report) =>
      install(model, {
        models: modelsFolder(context.env),
        cache: huggingFaceCache(context.env),
        network: networkOf(context.env, context.version),
        confirm: (offer) => announce(offer, parsed, context),
        inspect: context.engine.openCheckpoint,
        signal: context.signal,
        ...(parsed.has('no-quantize')
          ? {}
          : { later: { folder: cacheFolder(context.env), bytes: quantisedBytes(model, fit) } }),
        onProgress: ({ phase, done, total }) => {
          Object.assign(progress, { done, total });
          report(phase, done, total);
        },
      }),
    );
  } catch (error) {
    if (!context.signal.aborted || progress.done === 0) throw error;
    const { done, total } = progress;
    throw new EngineError(
      'cancelled',
      `Paused: ${gigabytes(done)} of ${gigabytes(total)} are here. The same command continues; "palimpsest models remove ${model.id}" discards them.`,
      { paused: true, done, total },
    );
  }
}

/** Without consent nothing comes, and nobody is asked for anything. */
function requireConsent(model: CatalogueModel, parsed: ParsedArguments): void {
  if (parsed.has('accept-license')) return;
  const download = downloadBytes(model);
  throw new EngineError(
    'license-not-accepted',
    `${model.title} (${about(download)} to download) is licensed under ${licenseText(model)}. Read it, and install the model with --accept-license if you agree.`,
    { license: model.license, bytes: download.bytes },
  );
}

/** Says what comes, from where and under which license. */
function announce({ model, bytes, missing }: Offer, parsed: ParsedArguments, context: CommandContext): void {
  if (parsed.has('json') || parsed.has('events')) return;
  const here = missing < bytes ? `, of which ${gigabytes(bytes - missing)} are here already` : '';
  context.stderr.write(
    `${model.title}: ${gigabytes(bytes)}${here}, from ${model.repository}\nLicense: ${licenseText(model)}\n`,
  );
}

/**
 * The weights in the precision that this machine would choose, so that the first use does not wait. `unprepared`: why that failed.
 */
async function quantise(
  model: InstalledModel,
  parsed: ParsedArguments,
  context: CommandContext,
): Promise<{ readonly installed: InstalledModel; readonly unprepared?: string }> {
  try {
    const { graph } = await withBar(parsed, context, (report) =>
      context.engine.prepareModel(
        { folder: model.place },
        {
          cacheFolder: cacheFolder(context.env),
          signal: context.signal,
          onProgress: (progress) =>
            report(progressLine(progress), Math.round(1000 * (progress.fraction ?? 0)), 1000),
        },
      ),
    );
    const { madeFiles } = graph;
    const installed =
      madeFiles.length === 0 ? model : await recordQuantised(modelsFolder(context.env), model, madeFiles);
    return { installed };
  } catch (error) {
    if (context.signal.aborted) {
      throw new EngineError(
        'cancelled',
        `${model.id} is installed, but its weights are not quantized yet. That is done when it is first used.`,
        { paused: true },
      );
    }
    if (readInstalled(modelsFolder(context.env), model.id) === undefined)
      throw new EngineError('model-unknown', `${model.id} was removed while its weights were quantized.`, {
        id: model.id,
      });
    const { message } = toEngineError(error);
    context.stderr.write(`palimpsest: ${model.id} is installed, but it was not prepared: ${message}\n`);
    return { installed: model, unprepared: message };
  }
}
