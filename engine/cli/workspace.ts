// The files of a folder that copying may read, for `--workspace`: found, checked by the rules of docs/privacy.md, and indexed. What
// is left out is counted by the reason.
import fs from 'node:fs/promises';
import path from 'node:path';
import type { CopyIndex } from '../copying/sources';
import { EngineError, throwIfCancelled } from '../errors';
import { skipReason } from '../memory/admission';
import { MemoryLookup } from '../memory/lookup';
import { Memory } from '../memory/memory';
import { folderDistance } from '../memory/nearness';
import { canonicalPath, pathWithin } from '../privacy/canonicalPath';
import { findSecret } from '../privacy/contentRules';
import { GitIgnore } from '../privacy/gitIgnore';
import { exclusionByName, holdsSecrets } from '../privacy/secrets';
import type { MemoryFile, SkipReason } from '../protocol';
import { languageOf } from '../tools/language';
import { readText } from '../tools/readText';

/** Why a file or a folder is left out. */
export type LeftOut =
  | SkipReason
  | 'dependencies'
  | 'encoding'
  | 'hidden'
  | 'ignored'
  | 'link'
  | 'secret'
  | 'unreadable'
  | 'unsure';

const SAID: Readonly<Record<LeftOut, string>> = {
  ignored: 'ignored by Git',
  hidden: 'hidden',
  dependencies: 'installed packages',
  link: 'links',
  secret: 'with secrets',
  unsure: 'for which Git gave no answer',
  unreadable: 'not readable',
  binary: 'binary',
  encoding: 'not in UTF-8',
  generated: 'generated',
  minified: 'minified',
  'too-long': 'too large',
  'no-room': 'without room',
};

/** Folders of other people's code, and of what is made from it. */
const DEPENDENCIES = new Set(['node_modules', 'bower_components', '__pycache__', 'venv', 'site-packages']);
const LIMITS = { files: 20_000, folders: 20_000, characters: 40_000_000 } as const;
/** Files in one change of the memory. */
const AT_ONCE = 64;

export interface WorkspaceFiles {
  readonly index: CopyIndex;
  readonly files: number;
  readonly leftOut: ReadonlyMap<LeftOut, number>;
}

export interface WorkspaceOptions {
  /** Absolute path of the file that is edited; absent for a text without a name. */
  readonly file?: string | undefined;
  readonly language?: string | undefined;
  /** Of the request; default 1. */
  readonly holes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called from time to time with the number of files that were read so far. */
  readonly onProgress?: (files: number) => void;
}

/** @throws EngineError `file-unreadable` where `folder` is none */
export async function readWorkspace(folder: string, options: WorkspaceOptions): Promise<WorkspaceFiles> {
  const { signal, language, onProgress } = options;
  const root = await rootOf(folder);
  const own = options.file === undefined ? undefined : await canonicalPath(options.file);
  const within = own === undefined ? undefined : pathWithin(root, own);
  const edited = within === undefined ? undefined : slashed(within);
  const left = new Counter();
  const listed = (await list(root, left, signal)).filter((file) => file !== edited);
  const nearest = listed
    .map((file) => ({ file, distance: folderDistance(file, edited ?? '') }))
    .sort((a, b) => a.distance - b.distance);
  const memory = new Memory();
  let [characters, batch]: [number, MemoryFile[]] = [0, []];
  const take = (): void => {
    for (const { reason } of indexed(memory, batch, signal)) left.add(reason);
    batch = [];
    onProgress?.(memory.facts().files);
  };
  for (const { file, distance } of nearest) {
    throwIfCancelled(signal);
    const text = characters > LIMITS.characters ? 'no-room' : await textOf(root, file);
    if (typeof text === 'string') {
      left.add(text);
      continue;
    }
    characters += text.content.length;
    const id = languageOf(file);
    batch.push({
      path: file,
      text: text.content,
      rank: distance,
      ...(id === undefined ? {} : { language: id }),
    });
    if (batch.length === AT_ONCE) take();
  }
  take();
  return {
    index: new MemoryLookup(
      memory,
      {
        ...(edited === undefined ? {} : { path: edited }),
        ...(language === undefined ? {} : { language }),
      },
      options.holes,
    ),
    files: memory.facts().files,
    leftOut: left.counts,
  };
}

/** `312 files to copy from; 120 left out (100 ignored by Git, 20 hidden)` */
export function workspaceSentence({ files, leftOut }: Omit<WorkspaceFiles, 'index'>): string {
  const all = [...leftOut.values()].reduce((sum, count) => sum + count, 0);
  const why = (Object.keys(SAID) as LeftOut[])
    .filter((reason) => leftOut.has(reason))
    .map((reason) => `${leftOut.get(reason)} ${SAID[reason]}`);
  const rest = all === 0 ? 'nothing left out' : `${all} left out (${why.join(', ')})`;
  return `Workspace: ${files} file${files === 1 ? '' : 's'} to copy from; ${rest}.`;
}

class Counter {
  readonly counts = new Map<LeftOut, number>();

  add(reason: LeftOut, count = 1): void {
    if (count > 0) this.counts.set(reason, (this.counts.get(reason) ?? 0) + count);
  }
}

async function rootOf(folder: string): Promise<string> {
  const stat = await fs.stat(folder).catch(() => undefined);
  if (stat?.isDirectory()) return fs.realpath(folder);
  throw new EngineError(
    'file-unreadable',
    stat === undefined
      ? `There is no folder ${folder}; give --workspace the folder of your project.`
      : `${folder} is not a folder; give --workspace the folder of your project.`,
    { file: folder },
  );
}

/** Paths of files relative to `root`, with forward slashes. A folder that is left out counts once. */
async function list(root: string, left: Counter, signal: AbortSignal | undefined): Promise<string[]> {
  const git = new GitIgnore({ git: () => 'git', isTrusted: () => true, log: () => undefined });
  const files: string[] = [];
  let folders = [''];
  let seen = 0;
  try {
    // Level by level, so that git is asked once for many, and nothing of an ignored folder is looked at.
    while (folders.length > 0) {
      const found: { readonly name: string; readonly isFolder: boolean }[] = [];
      for (const folder of folders) {
        throwIfCancelled(signal);
        for (const entry of await entriesOf(path.join(root, folder), left)) {
          const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
          const reason = reasonByEntry(entry);
          if (reason !== undefined) left.add(reason);
          else if (entry.isDirectory() || entry.isFile()) found.push({ name, isFolder: entry.isDirectory() });
        }
      }
      const ignored = await git.areIgnored(found.map(({ name }) => path.join(root, name)));
      folders = [];
      for (const [i, { name, isFolder }] of found.entries()) {
        if (ignored[i] !== false) left.add(ignored[i] ? 'ignored' : 'unsure');
        else if (isFolder && ++seen < LIMITS.folders) folders.push(name);
        else if (!isFolder && files.length < LIMITS.files) files.push(name);
        else left.add('no-room');
      }
    }
  } finally {
    git.dispose();
  }
  return files;
}

async function entriesOf(folder: string, left: Counter) {
  try {
    return await fs.readdir(folder, { withFileTypes: true });
  } catch {
    left.add('unreadable');
    return [];
  }
}

/** What a link leads to is read where it stands, if it is in the folder at all. */
function reasonByEntry(entry: { readonly name: string; isSymbolicLink(): boolean; isDirectory(): boolean }) {
  if (entry.isSymbolicLink()) return 'link';
  if (entry.name.startsWith('.')) return 'hidden';
  return entry.isDirectory() && DEPENDENCIES.has(entry.name) ? 'dependencies' : undefined;
}

async function textOf(root: string, file: string): Promise<{ readonly content: string } | LeftOut> {
  const absolute = path.join(root, file);
  if (holdsSecrets(absolute)) return 'secret';
  const content = await readText(absolute);
  if (typeof content === 'string') return content;
  const skipped = skipReason({ path: file, text: content.content });
  if (skipped !== undefined) return skipped;
  const facts = {
    path: absolute,
    languageId: languageOf(file) ?? '',
    text: content.content,
    isHidden: false,
  };
  const isSecret = exclusionByName(facts) !== undefined || (await findSecret(content.content)) !== undefined;
  return isSecret ? 'secret' : content;
}

function indexed(memory: Memory, files: readonly MemoryFile[], signal: AbortSignal | undefined) {
  const work = memory.update(files, []);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value.skipped;
    throwIfCancelled(signal);
  }
}

function slashed(file: string): string {
  return file.split(path.sep).join('/');
}
