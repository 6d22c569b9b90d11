// The workspace as the memory sees it: folders, files, open documents, and what may not be read of them.
import { FileSystemError, FileType, type TextDocument, type Uri, window, workspace } from 'vscode';
import { holdsSecrets } from '../../engine/privacy/secrets';
import { canonicalPlace } from '../privacy/canonicalUri';
import type { Exclusions } from '../privacy/exclusions';
import { matchesGlobs } from '../privacy/globs';
import { privacySettings, searchExclusions } from '../settings';
import { LARGEST_FILE, type Skip } from './contents';
import { inTime } from './inTime';
import { languageOf } from './languages';
import type { OpenTexts } from './openTexts';
import type { Places } from './places';
import type { WorkspaceFiles } from './sync';
import type { Entry } from './walk';

/** Milliseconds for one folder or file. */
const LONGEST_ANSWER = 3000;

export interface WorkspaceFilesOptions {
  readonly places: Places;
  readonly exclusions: Exclusions;
  readonly openTexts: Pick<OpenTexts, 'inTabs'>;
}

/** For one look: settings are read once. */
export class EditorFiles implements WorkspaceFiles {
  readonly roots: readonly string[];
  /** Globs of a workspace folder, by its uri. */
  private readonly globs = new Map<string, readonly string[]>();

  constructor(private readonly options: WorkspaceFilesOptions) {
    this.roots = options.places.roots;
  }

  async list(folder: string): Promise<readonly Entry[] | undefined> {
    const uri = this.uriOf(folder);
    const entries = uri && (await inTime(workspace.fs.readDirectory(uri), LONGEST_ANSWER));
    // Links have a bit of their own: what they lead to is in the workspace by another name, or outside it.
    return entries?.flatMap(([name, type]): Entry[] =>
      type === FileType.File
        ? [{ name, kind: 'file' }]
        : type === FileType.Directory
          ? [{ name, kind: 'folder' }]
          : [],
    );
  }

  async closed(folders: readonly string[]): Promise<ReadonlySet<string>> {
    const closed = new Set<string>();
    const uris: Uri[] = [];
    const asked: string[] = [];
    const roots = new Set(this.options.places.folders.map(({ uri }) => uri.toString()));
    for (const folder of folders) {
      const uri = this.uriOf(folder);
      // A workspace folder within another one is looked at by itself.
      if (uri === undefined || roots.has(uri.toString()) || this.isHidden(uri)) closed.add(folder);
      else if (holdsSecrets(`${uri.path}/`)) closed.add(folder);
      else {
        asked.push(folder);
        uris.push(uri);
      }
    }
    const ignored = await this.options.exclusions.areGitIgnored(uris);
    for (const [i, folder] of asked.entries()) if (ignored[i]) closed.add(folder);
    return closed;
  }

  isWanted(path: string): boolean {
    return languageOf(path) !== undefined;
  }

  async measure(path: string): Promise<{ readonly size: number; readonly modified: number } | undefined> {
    const uri = this.uriOf(path);
    const stat = uri && (await inTime(workspace.fs.stat(uri), LONGEST_ANSWER));
    return stat?.type === FileType.File ? { size: stat.size, modified: stat.mtime } : undefined;
  }

  async read(path: string): Promise<Uint8Array | Skip> {
    const uri = this.uriOf(path);
    if (uri === undefined) return 'vanished';
    let why: Skip = 'slow';
    const reading = Promise.resolve(workspace.fs.readFile(uri)).catch((error: unknown) => {
      why = error instanceof FileSystemError && error.code === 'FileNotFound' ? 'vanished' : 'unknown';
      throw error;
    });
    const bytes = await inTime(reading, LONGEST_ANSWER);
    if (bytes === undefined) return why;
    return bytes.length > LARGEST_FILE ? 'large' : bytes;
  }

  async prepare(paths: readonly string[]): Promise<void> {
    await this.options.exclusions.areGitIgnored(paths.flatMap((path) => this.uriOf(path) ?? []));
  }

  async why(path: string, text: string): Promise<Skip | undefined> {
    const uri = this.uriOf(path);
    if (uri === undefined) return 'vanished';
    if (matchesGlobs(this.globsOf(uri), uri)) return 'editor';
    const place = await inTime(canonicalPlace(uri), LONGEST_ANSWER);
    if (place === undefined) return 'unknown';
    if (place.uri.path !== uri.path || place.folder === undefined) return 'link';
    const languageId = this.documentAt(uri)?.languageId ?? languageOf(path) ?? 'plaintext';
    return this.options.exclusions.whyText({ uri, languageId }, text);
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

  private isHidden(uri: Uri): boolean {
    return matchesGlobs(this.globsOf(uri), uri);
  }

  private globsOf(uri: Uri): readonly string[] {
    const folder = workspace.getWorkspaceFolder(uri);
    const key = folder?.uri.toString() ?? '';
    const known = this.globs.get(key);
    if (known !== undefined) return known;
    const globs = [...new Set([...privacySettings(uri).globs, ...searchExclusions(uri)])];
    this.globs.set(key, globs);
    return globs;
  }
}
