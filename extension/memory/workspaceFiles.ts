// The workspace as the memory sees it: folders, files, open documents, and what may not be read of them.
import {
  FileSystemError,
  FileType,
  type TextDocument,
  type Uri,
  type WorkspaceFolder,
  window,
  workspace,
} from 'vscode';
import { canonicalPath, pathWithin } from '../../engine/privacy/canonicalPath';
import { holdsSecrets } from '../../engine/privacy/secrets';
import { inTime } from '../common/inTime';
import type { Exclusions } from '../privacy/exclusions';
import { matchesFolder, matchesGlobs } from '../privacy/globs';
import { privacySettings, searchExclusions } from '../settings';
import { LARGEST_FILE, type Skip } from './contents';
import { languageOf } from './languages';
import type { OpenTexts } from './openTexts';
import type { Places } from './places';
import type { WorkspaceFiles } from './sync';
import type { Entry } from './walk';

/** Milliseconds for one folder or file. */
const LONGEST_ANSWER = 3000;
/** Folders that are compared with globs in one go: a few milliseconds. */
const SLICE = 100;

export interface WorkspaceFilesOptions {
  readonly places: Places;
  readonly exclusions: Exclusions;
  readonly openTexts: Pick<OpenTexts, 'inTabs'>;
}

/** For one look: settings are read once. */
export class EditorFiles implements WorkspaceFiles {
  readonly roots: readonly string[];
  /** Globs of a workspace folder, by its uri. */
  private readonly globs = new Map<string, Globs>();
  private readonly realRoots = new Map<string, Promise<string | undefined>>();

  constructor(private readonly options: WorkspaceFilesOptions) {
    this.roots = options.places.roots;
  }

  async list(folder: string): Promise<readonly Entry[] | undefined> {
    const uri = this.uriOf(folder);
    const entries = uri && (await inTime(workspace.fs.readDirectory(uri), LONGEST_ANSWER));
    return entries?.flatMap(([name, type]): Entry[] => {
      // Of a link, what it leads to is said as well.
      if ((type & FileType.SymbolicLink) !== 0) return [{ name, kind: 'link' }];
      if (type === FileType.File) return [{ name, kind: 'file' }];
      return type === FileType.Directory ? [{ name, kind: 'folder' }] : [];
    });
  }

  async closed(folders: readonly string[]): Promise<ReadonlySet<string>> {
    const closed = new Set<string>();
    const roots = new Set(this.options.places.folders.map(({ uri }) => uri.toString()));
    for (let from = 0; from < folders.length; from += SLICE) {
      const open: { readonly folder: string; readonly uri: Uri }[] = [];
      for (const folder of folders.slice(from, from + SLICE)) {
        const uri = this.uriOf(folder);
        // A workspace folder within another one is looked at by itself.
        if (uri === undefined || roots.has(uri.toString()) || this.isHiddenFolder(uri)) closed.add(folder);
        else open.push({ folder, uri });
      }
      const ignored = await this.options.exclusions.areGitIgnored(open.map(({ uri }) => uri));
      for (const [i, { folder }] of open.entries()) if (ignored[i]) closed.add(folder);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return closed;
  }

  isWanted(path: string): boolean {
    return languageOf(path) !== undefined;
  }

  async measure(path: string): Promise<{ readonly size: number; readonly modified: number } | Skip> {
    const uri = this.uriOf(path);
    if (uri === undefined) return 'vanished';
    const stat = await answerOf(workspace.fs.stat(uri));
    if (typeof stat === 'string') return stat;
    if ((stat.type & FileType.SymbolicLink) !== 0) return 'link';
    return stat.type === FileType.File ? { size: stat.size, modified: stat.mtime } : 'vanished';
  }

  async read(path: string): Promise<Uint8Array | Skip> {
    const uri = this.uriOf(path);
    if (uri === undefined) return 'vanished';
    const bytes = await answerOf(workspace.fs.readFile(uri));
    return typeof bytes !== 'string' && bytes.length > LARGEST_FILE ? 'large' : bytes;
  }

  async prepare(paths: readonly string[]): Promise<void> {
    await this.options.exclusions.areGitIgnored(paths.flatMap((path) => this.uriOf(path) ?? []));
  }

  async whyPlace(path: string): Promise<Skip | undefined> {
    const uri = this.uriOf(path);
    if (uri === undefined) return 'vanished';
    if (matchesGlobs(this.globsOf(uri).search, uri)) return 'editor';
    return (await this.whyElsewhere(uri)) ?? this.options.exclusions.whyPlace(this.asked(uri), uri);
  }

  async whyText(path: string, text: string): Promise<Skip | undefined> {
    const uri = this.uriOf(path);
    if (uri === undefined) return 'vanished';
    // What was read came from where the name leads now: a link may have taken the file's place meanwhile.
    return (await this.whyElsewhere(uri)) ?? this.options.exclusions.whyContent(this.asked(uri), text);
  }

  openText(path: string): { readonly text: string; readonly version: number } | undefined {
    const uri = this.uriOf(path);
    const document = uri && this.documentAt(uri);
    return document && { text: document.getText(), version: document.version };
  }

  open(): readonly string[] {
    const active = window.activeTextEditor?.document;
    const documents = [...(active === undefined ? [] : [active]), ...this.options.openTexts.inTabs()];
    return [...new Set(documents.flatMap(({ uri }) => this.options.places.pathOf(uri) ?? []))];
  }

  private documentAt(uri: Uri): TextDocument | undefined {
    const key = uri.toString();
    return workspace.textDocuments.find((document) => document.uri.toString() === key);
  }

  private uriOf(path: string): Uri | undefined {
    return this.options.places.uriOf(path);
  }

  /** Whether the name leads anywhere but to where it says, inside or outside the workspace. */
  private async whyElsewhere(uri: Uri): Promise<Skip | undefined> {
    const folder = workspace.getWorkspaceFolder(uri);
    if (folder === undefined) return 'link';
    if (uri.scheme !== 'file') return undefined;
    const root = await this.realRoot(folder);
    const real = await inTime(canonicalPath(uri.fsPath), LONGEST_ANSWER);
    if (root === undefined || real === undefined) return 'unknown';
    const within = pathWithin(root, real);
    return within === pathWithin(folder.uri.fsPath, uri.fsPath) ? undefined : 'link';
  }

  private realRoot({ uri }: WorkspaceFolder): Promise<string | undefined> {
    const key = uri.toString();
    const real = this.realRoots.get(key) ?? inTime(canonicalPath(uri.fsPath), LONGEST_ANSWER);
    this.realRoots.set(key, real);
    return real;
  }

  private asked(uri: Uri): { readonly uri: Uri; readonly languageId: string } {
    return { uri, languageId: this.documentAt(uri)?.languageId ?? languageOf(uri.path) ?? 'plaintext' };
  }

  private isHiddenFolder(uri: Uri): boolean {
    const { hidden, search } = this.globsOf(uri);
    return holdsSecrets(`${uri.path}/`) || matchesFolder(hidden, uri) || matchesFolder(search, uri);
  }

  private globsOf(uri: Uri): Globs {
    const key = workspace.getWorkspaceFolder(uri)?.uri.toString() ?? '';
    const known = this.globs.get(key);
    if (known !== undefined) return known;
    const { globs: hidden } = privacySettings(uri);
    // What is hidden is compared once.
    const search = searchExclusions(uri).filter((glob) => !hidden.includes(glob));
    const globs = { hidden, search };
    this.globs.set(key, globs);
    return globs;
  }
}

interface Globs {
  readonly hidden: readonly string[];
  readonly search: readonly string[];
}

/** What the file system says in time, or why it says nothing. */
async function answerOf<T extends object>(asking: Thenable<T>): Promise<T | Skip> {
  let why: Skip = 'slow';
  const answer = Promise.resolve(asking).catch((error: unknown) => {
    why = error instanceof FileSystemError && error.code === 'FileNotFound' ? 'vanished' : 'unknown';
    throw error;
  });
  return (await inTime(answer, LONGEST_ANSWER)) ?? why;
}
