// What an install consists of: which files of the repository, at which commit. It is written down, so that an install that was
// interrupted goes on with the same files even where a branch has moved meanwhile.
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isObject, own } from '../checkpoint/json';
import { EngineError } from '../errors';
import { ensureFolder } from '../folder';
import { readNote } from '../note';
import type { CatalogueModel } from './catalogue';
import { asChecksum } from './checksum';
import { requireSafeNames } from './fileNames';
import type { Network } from './network';
import { listFiles, type RemoteFile, resolveRevision } from './repository';

export interface Plan {
  readonly commit: string;
  readonly files: readonly RemoteFile[];
  /** Whether it is that of an earlier run, whose files are these. */
  readonly isResumed: boolean;
}

const PLAN = 'plan.json';
/** Beside the weights: what the engine reads, and the texts that have to stay with them. No program is ever fetched. */
const WANTED =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|model\.safetensors\.index)\.json$|^(merges\.txt|chat_template\.jinja)$|^model[\w.-]*\.safetensors$|^(LICENSE|NOTICE|USE_POLICY)([.\w-]*)$/i;
/** A text file that long is none. */
const MOST_TEXT_BYTES = 64_000_000;

/** The plan of an earlier run, or a new one from the hub. @throws EngineError */
export async function planFor(
  model: CatalogueModel,
  staging: string,
  network: Network,
  signal?: AbortSignal,
): Promise<Plan> {
  const identity = { repository: model.repository, revision: model.revision, host: network.endpoint.href };
  const earlier = await readPlan(staging, identity);
  if (earlier) return earlier;
  const commit = await resolveRevision(network, model.repository, model.revision, signal);
  const files = selectFiles(model, await listFiles(network, model.repository, commit, signal));
  const plan = { ...identity, commit, files };
  await ensureFolder(staging);
  const file = path.join(staging, PLAN);
  await writeFile(`${file}.new`, JSON.stringify(plan), { flush: true });
  await rename(`${file}.new`, file);
  return { commit, files, isResumed: false };
}

export function planFile(staging: string): string {
  return path.join(staging, PLAN);
}

async function readPlan(
  staging: string,
  identity: Readonly<Record<'repository' | 'revision' | 'host', string>>,
): Promise<Plan | undefined> {
  try {
    const value: unknown = JSON.parse(await readNote(planFile(staging)));
    if (!isObject(value) || Object.entries(identity).some(([key, wanted]) => own(value, key) !== wanted))
      return undefined;
    const [commit, files] = [own(value, 'commit'), own(value, 'files')];
    if (typeof commit !== 'string' || !Array.isArray(files)) return undefined;
    const read = files.map(fileOf);
    requireSafeNames(
      read.map(({ name }) => name),
      identity.repository,
    );
    return { commit, files: read, isResumed: true };
  } catch {
    // Damaged, or not there: the hub is asked.
    return undefined;
  }
}

function fileOf(value: unknown): RemoteFile {
  const [name, size, checksum] = isObject(value)
    ? [own(value, 'name'), own(value, 'size'), own(value, 'checksum')]
    : [];
  if (typeof name !== 'string' || typeof size !== 'number')
    throw new EngineError('internal', 'The plan is damaged.');
  const known = isObject(checksum) ? asChecksum(own(checksum, 'value')) : undefined;
  return known ? { name, size, checksum: known } : { name, size };
}

/** The files of the list that are installed, small ones first. @throws EngineError `hub-answer-invalid` */
function selectFiles(model: CatalogueModel, listed: readonly RemoteFile[]): readonly RemoteFile[] {
  const chosen = model.files
    ? namedFiles(model, model.files, listed)
    : listed.filter(({ name }) => WANTED.test(name));
  const weights = chosen.filter(({ name }) => /\.(safetensors|gguf)$/i.test(name));
  if (weights.length === 0)
    throw invalid(model, 'has no weights that Palimpsest reads (.safetensors). Choose another model');
  for (const { name, size } of chosen) {
    const isWeights = weights.some((file) => file.name === name);
    if (!isWeights && size > MOST_TEXT_BYTES)
      throw invalid(model, `has a ${name} of ${size} bytes, which is not a settings file`);
    if (isWeights && size < 1024)
      throw invalid(
        model,
        `has only a Git LFS pointer in place of ${name} (${size} bytes): the mirror was copied without its large files. Use another mirror`,
      );
  }
  return [...chosen].sort((a, b) => a.size - b.size || (a.name < b.name ? -1 : 1));
}

function namedFiles(
  model: CatalogueModel,
  known: NonNullable<CatalogueModel['files']>,
  listed: readonly RemoteFile[],
): readonly RemoteFile[] {
  const named = known.map(({ name, size, checksum }) => {
    const found = listed.find((file) => file.name === name);
    if (found === undefined)
      throw invalid(model, `has no file ${name}. A mirror may be incomplete; use another one`);
    const isOther =
      (size !== undefined && size !== found.size) ||
      (checksum && found.checksum?.kind === checksum.kind && found.checksum.value !== checksum.value);
    if (isOther)
      throw invalid(
        model,
        `has another ${name} than the catalog says, by size or checksum. Nothing was downloaded; use another mirror`,
      );
    return checksum ? { ...found, checksum } : found;
  });
  const texts = listed.filter(({ name }) => /^(LICENSE|NOTICE)/i.test(name) && WANTED.test(name));
  return [...named, ...texts];
}

function invalid({ repository }: CatalogueModel, what: string): EngineError {
  return new EngineError('hub-answer-invalid', `${repository} ${what}.`, { repository });
}
