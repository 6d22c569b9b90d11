// `palimpsest models`: what there is, what is installed, and how it comes and goes. What downloads is loaded when it is needed:
// no other command touches the network.
import fs from 'node:fs';
import path from 'node:path';
import { EngineError, toEngineError } from '../errors';
import { listAllSideFiles } from '../graph/sideFolders';
import { type CatalogueModel, catalogue } from '../hub/catalogue';
import { gigabytes } from '../hub/disk';
import { fitOf, quantisedBytes } from '../hub/fit';
import { huggingFaceCache, modelsFolder } from '../hub/folders';
import { INCLUDED_IDS } from '../hub/included';
import type { Offer } from '../hub/install';
import {
  type InstalledModel,
  listInstalled,
  readInstalled,
  recordQuantised,
  STAGING,
} from '../hub/installed';
import type { Command, CommandContext } from './context';
import { defaultName, includedFacts, includedLines, requireOther } from './included';
import { LiveView } from './liveView';
import { cacheFolder, progressLine } from './modelOptions';
import {
  about,
  downloadBytes,
  fitText,
  infoLines,
  licenseText,
  listedModels,
  listLines,
  progressBar,
  SPEED_NOTE,
} from './modelsView';
import { type CommandSpec, type ParsedArguments, suggestion, UsageError } from './options';
import { canAnimate, paintFor } from './style';

const JSON_OPTION = { json: { help: 'print a single JSON object' } };
const EVENTS_OPTION = {
  events: { help: 'report progress as JSON lines on standard error, and pause when standard input ends' },
};

const listSpec: CommandSpec = {
  name: 'models list',
  summary: 'List the models that can be installed, and those that are.',
  operands: [],
  options: JSON_OPTION,
};

const infoSpec: CommandSpec = {
  name: 'models info',
  summary: 'Show the facts of a model: size, memory, license, what it is good for.',
  operands: ['MODEL'],
  options: JSON_OPTION,
};

const installSpec: CommandSpec = {
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

const verifySpec: CommandSpec = {
  name: 'models verify',
  summary: 'Compare the checksums of all files of an installed model.',
  operands: ['MODEL'],
  options: { ...EVENTS_OPTION, ...JSON_OPTION },
};

const removeSpec: CommandSpec = {
  name: 'models remove',
  summary: 'Remove an installed model, or an unfinished download. Folders and files of your own stay.',
  operands: ['MODEL'],
  options: JSON_OPTION,
};

function offeredModel(id: string): CatalogueModel | undefined {
  return catalogue().find((model) => model.id === id);
}

function unknownModel(id: string): EngineError {
  const near = suggestion(id, [...INCLUDED_IDS, ...catalogue().map((model) => model.id)]);
  return new EngineError(
    'model-unknown',
    `There is no model ${id}.${near} "palimpsest models list" shows what there is.`,
    { id },
  );
}

function print(
  context: CommandContext,
  parsed: ParsedArguments,
  value: unknown,
  lines: readonly string[],
): void {
  context.stdout.write(parsed.has('json') ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`);
}

async function runList(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const folder = modelsFolder(context.env);
  const staged = await fs.promises
    .readdir(path.join(folder, STAGING), { withFileTypes: true })
    .catch(() => []);
  const unfinished = staged.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const models = listedModels(catalogue(), await listInstalled(folder), unfinished, context.memory);
  const place = cacheFolder(context.env);
  const files = await listAllSideFiles(place);
  const cache = { place, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  const width = context.stdout.isTTY ? (context.stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
  print(context, parsed, { folder, included: includedFacts(context), models, cache }, [
    ...listLines(models, paintFor(context.stdout, context.env), width),
    '',
    ...SPEED_NOTE,
    '',
    `${defaultName(context)} is used until you name another model. "palimpsest models info MODEL" shows more,`,
    '"palimpsest models install MODEL" installs it.',
  ]);
  return 0;
}

async function runInfo(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const [id = ''] = parsed.operands;
  const offered = offeredModel(id);
  const installed = readInstalled(modelsFolder(context.env), id);
  if (!offered && !installed) {
    const included = includedFacts(context).find((model) => model.id === id);
    if (included === undefined) throw unknownModel(id);
    print(context, parsed, { id, included }, includedLines(included, paintFor(context.stdout, context.env)));
    return 0;
  }
  const fit = offered && fitOf(offered, context.memory);
  const lines = infoLines(offered, installed, fit, paintFor(context.stdout, context.env));
  print(context, parsed, { id, offered, installed, fit }, lines);
  return 0;
}

type Report = (phase: string, done: number, total: number) => void;

/** Runs something long with one bar on a terminal, or with an event a line. */
async function withBar<T>(
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

async function runInstall(parsed: ParsedArguments, shell: CommandContext): Promise<number> {
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

async function runVerify(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const [id = ''] = parsed.operands;
  const model = readInstalled(modelsFolder(context.env), id);
  if (!model) {
    requireOther(id, 'verify');
    if (!offeredModel(id)) throw unknownModel(id);
    throw new EngineError(
      'model-unknown',
      `${id} is not installed. Install it first, with "palimpsest models install ${id}".`,
      { id },
    );
  }
  const { verify } = await import('../hub/upkeep');
  const faults = await withBar(parsed, context, (report) =>
    verify(model, {
      signal: context.signal,
      onProgress: ({ done, total }) => report('checking', done, total),
    }),
  );
  const words = {
    missing: 'is missing',
    size: 'has another size',
    checksum: 'is damaged',
    unreadable: 'cannot be read',
  };
  const remedy = model.origin
    ? `Run "palimpsest models remove ${id}" and install it again.`
    : `Its files are in ${model.root}.`;
  print(
    context,
    parsed,
    { id, faults },
    faults.length === 0
      ? [`${id}: all ${model.files.length} files are as they should be.`]
      : [...faults.map(({ name, fault }) => `${name} ${words[fault]}`), remedy],
  );
  return faults.length === 0 ? 0 : 1;
}

async function runRemove(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const [id = ''] = parsed.operands;
  if (!readInstalled(modelsFolder(context.env), id)) requireOther(id, 'remove');
  const { remove } = await import('../hub/upkeep');
  const { bytes, kept } = await remove(modelsFolder(context.env), id);
  print(context, parsed, { id, bytes, kept }, [
    `${id} is removed; ${gigabytes(bytes)} are free again.`,
    ...kept.map((file) => `Kept, because Palimpsest did not put it there: ${file}`),
  ]);
  return 0;
}

export const modelsCommands: readonly Command[] = [
  { spec: listSpec, run: runList },
  { spec: infoSpec, run: runInfo },
  { spec: installSpec, run: runInstall },
  { spec: verifySpec, run: runVerify },
  { spec: removeSpec, run: runRemove },
];
