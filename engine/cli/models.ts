// `palimpsest models`: what there is, what is installed, and how it comes and goes. What downloads is loaded when it is needed:
// no other command touches the network.
import fs from 'node:fs';
import path from 'node:path';
import { EngineError } from '../errors';
import { listAllSideFiles } from '../graph/sideFolders';
import { catalogue } from '../hub/catalogue';
import { gigabytes } from '../hub/disk';
import { fitOf } from '../hub/fit';
import { modelsFolder } from '../hub/folders';
import { listInstalled, readInstalled, STAGING } from '../hub/installed';
import type { Command, CommandContext } from './context';
import { defaultName, includedFacts, includedLines, requireOther } from './included';
import { cacheFolder } from './modelOptions';
import { installSpec, runInstall } from './modelsInstall';
import { EVENTS_OPTION, JSON_OPTION, offeredModel, print, unknownModel, withBar } from './modelsShared';
import { infoLines, listedModels, listLines, SPEED_NOTE } from './modelsView';
import type { CommandSpec, ParsedArguments } from './options';
import { paintFor } from './style';

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
