// `palimpsest cache`: the files that were made from models' weights, how much room they take, and how to get it back.
import path from 'node:path';
import { removeSideFile, type SideFile, unused } from '../graph/sideFileUpkeep';
import { listAllSideFiles } from '../graph/sideFolders';
import { gigabytes } from '../hub/disk';
import type { Command, CommandContext } from './context';
import { cacheFolder } from './modelOptions';
import type { CommandSpec, ParsedArguments } from './options';
import { paintFor } from './style';
import { table } from './table';

const JSON_OPTION = { json: { help: 'print a single JSON object' } };

const listSpec: CommandSpec = {
  name: 'cache list',
  summary: 'List the quantized and unpacked weights in the cache, and the models they were made from.',
  operands: [],
  options: JSON_OPTION,
};

const clearSpec: CommandSpec = {
  name: 'cache clear',
  summary: 'Delete the weights in the cache. The next load of a model makes its own again.',
  operands: [],
  options: {
    unused: { help: 'only those whose models are gone, or that nobody has used for two months' },
    ...JSON_OPTION,
  },
};

function total(files: readonly SideFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What lies in `folder` is named without it. */
function lineOf({ file, bytes, usedAt, models, isNeeded }: SideFile, folder: string): readonly string[] {
  const names = models.length > 0 ? models.join(', ') : '–';
  return [
    path.dirname(file) === folder ? path.basename(file) : file,
    gigabytes(bytes),
    new Date(usedAt).toISOString().slice(0, 10),
    isNeeded ? names : `${names} (gone)`,
  ];
}

async function runList(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const folder = cacheFolder(context.env);
  const files = await listAllSideFiles(folder);
  const bytes = total(files);
  if (parsed.has('json')) {
    context.stdout.write(`${JSON.stringify({ folder, bytes, files })}\n`);
    return 0;
  }
  const paint = paintFor(context.stdout, context.env);
  const [heading = '', ...lines] = table(
    [['file', 'size', 'last used', 'models'], ...files.map((one) => lineOf(one, folder))],
    ['left', 'right', 'left', 'left'],
  );
  const isElsewhere = files.some(({ file }) => path.dirname(file) !== folder);
  const where = isElsewhere ? `${folder} and beside weights on other drives` : folder;
  const sum = `${gigabytes(bytes)} in ${where}; palimpsest cache clear deletes them.`;
  const text =
    files.length === 0 ? [`Nothing in ${folder}.`] : [paint('heading', heading), ...lines, '', sum];
  context.stdout.write(`${text.join('\n')}\n`);
  return 0;
}

async function runClear(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const all = await listAllSideFiles(cacheFolder(context.env));
  const wanted = parsed.has('unused') ? unused(all, Date.now()) : all;
  const removed: SideFile[] = [];
  const kept: SideFile[] = [];
  for (const one of wanted) ((await removeSideFile(one)) ? removed : kept).push(one);
  const bytes = total(removed);
  const files = removed.map(({ file }) => file);
  const inUse = kept.map(({ file }) => file);
  const lines = [
    `${gigabytes(bytes)} are free again.`,
    ...inUse.map((file) => `In use, or not yours to delete: ${file}`),
  ];
  context.stdout.write(
    parsed.has('json') ? `${JSON.stringify({ bytes, files, kept: inUse })}\n` : `${lines.join('\n')}\n`,
  );
  return 0;
}

export const cacheCommands: readonly Command[] = [
  { spec: listSpec, run: runList },
  { spec: clearSpec, run: runClear },
];
