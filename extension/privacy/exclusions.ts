// What never enters a context, as the rest of the extension asks for it: secrets by name and content, files
// that git ignores, and files that a person has hidden from the editor or named in the settings.
import {
  type Disposable,
  type Event,
  extensions,
  type LogOutputChannel,
  l10n,
  type TextDocument,
  Uri,
  type WorkspaceFolder,
  workspace,
} from 'vscode';
import { findSecret } from '../../engine/privacy/contentRules';
import { GitIgnore } from '../../engine/privacy/gitIgnore';
import { type Exclusion, exclusionByName } from '../../engine/privacy/secrets';
import { Disposables } from '../common/disposables';
import { CELL_SCHEME } from '../documents/cellScheme';
import { privacySettings } from '../settings';
import { canonicalPlace } from './canonicalUri';
import { matchesGlobs } from './globs';
import { IgnoreWatcher } from './ignoreWatcher';
import { VirtualIgnore } from './virtualIgnore';

type Asked = Pick<TextDocument, 'uri' | 'languageId'>;

const MOST_TOLD = 1000;

function byAnswer(isGitIgnored: boolean | undefined): Exclusion | undefined {
  if (isGitIgnored === false) return undefined;
  return isGitIgnored ? 'git' : 'unknown';
}

export class Exclusions implements Disposable {
  private readonly owned = new Disposables();
  private readonly git: GitIgnore;
  private readonly elsewhere = new VirtualIgnore();
  private readonly told = new Set<string>();
  /** Git may ignore other files than before. */
  readonly onIgnoreFiles: Event<void>;

  constructor(private readonly log: Pick<LogOutputChannel, 'debug' | 'info'>) {
    this.git = this.owned.add(
      new GitIgnore({
        git: gitExecutable,
        isTrusted: () => workspace.isTrusted,
        log: (message) => log.debug(message),
      }),
    );
    this.owned.add(workspace.onDidGrantWorkspaceTrust(() => this.git.forget()));
    const watcher = this.owned.add(new IgnoreWatcher());
    // First: whoever asks again because of it gets a new answer.
    this.owned.add(
      watcher.onDidChange(() => {
        this.git.forget();
        this.elsewhere.forget();
      }),
    );
    this.onIgnoreFiles = watcher.onDidChange;
  }

  /** Why the document may not be read by the model, nor copied from; undefined: it may. */
  async why(document: TextDocument): Promise<Exclusion | undefined> {
    return this.whyText(document, document.getText());
  }

  /** The same of a text that no editor shows; `uri` says where it stands or would stand. */
  async whyText(asked: Asked, text: string): Promise<Exclusion | undefined> {
    return (await this.whyPlace(asked)) ?? this.whyContent(asked, text);
  }

  /** As far as it can be told without looking at the text. `real`: where the uri leads, if that is known already. */
  async whyPlace({ uri, languageId }: Asked, real?: Uri): Promise<Exclusion | undefined> {
    const file = fileOf(uri);
    const place = real ?? (file === undefined ? uri : await this.realPlace(file));
    if (place === undefined) return 'unknown';
    const { globs, leaveOutGitIgnored } = privacySettings(uri);
    // By the name that it is open under, and by the one to which that leads.
    const uris = place.path === uri.path ? [uri] : [uri, place];
    for (const one of uris) {
      const isHidden = matchesGlobs(one === uri ? globs : privacySettings(one).globs, one, languageId);
      const byName = exclusionByName({ path: one.path, languageId, text: '', isHidden });
      if (byName !== undefined) return byName;
    }
    if (!leaveOutGitIgnored) return undefined;
    if (file === undefined) return byAnswer(await this.elsewhere.isIgnored(uri));
    for (const one of uris) {
      const isGitIgnored = await this.git.isIgnored(one.scheme === 'file' ? one.fsPath : file);
      if (isGitIgnored !== false) return byAnswer(isGitIgnored);
    }
    return undefined;
  }

  /** As far as the text tells. */
  async whyContent({ uri, languageId }: Asked, text: string): Promise<Exclusion | undefined> {
    const byName = exclusionByName({ path: uri.path, languageId, text, isHidden: false });
    if (byName !== undefined) return byName;
    const found = await findSecret(text);
    if (found === undefined) return undefined;
    this.tell(`${uri.toString()}: line ${found.line} looks like a secret (${found.rule}).`);
    return 'token';
  }

  /**
   * Which of many files or folders git ignores for certain, in their order, for one start of git. `why` knows the answers
   * from then on.
   */
  async areGitIgnored(uris: readonly Uri[]): Promise<readonly boolean[]> {
    const settings = new Map<WorkspaceFolder | undefined, boolean>();
    const asked = uris.map((uri) => {
      if (uri.scheme !== 'file') return undefined;
      const folder = workspace.getWorkspaceFolder(uri);
      const isAsked = settings.get(folder) ?? privacySettings(uri).leaveOutGitIgnored;
      settings.set(folder, isAsked);
      return isAsked ? uri.fsPath : undefined;
    });
    const files = asked.filter((file) => file !== undefined);
    const answers = new Map(
      (await this.git.areIgnored(files)).map((ignored, i) => [files[i], ignored === true]),
    );
    return asked.map((file) => file !== undefined && answers.get(file) === true);
  }

  /** Once, not at every key and every look at the workspace. */
  private tell(sentence: string): void {
    if (this.told.has(sentence)) return;
    if (this.told.size >= MOST_TOLD) this.told.clear();
    this.told.add(sentence);
    this.log.info(sentence);
  }

  private async realPlace(file: string): Promise<Uri | undefined> {
    try {
      return (await canonicalPlace(Uri.file(file))).uri;
    } catch (error) {
      this.log.debug(`Could not resolve the links of ${file}: ${String(error)}`);
      return undefined;
    }
  }

  dispose(): void {
    this.owned.dispose();
  }
}

/** One sentence for whoever asked out loud. */
export function sayExclusion(why: Exclusion): string {
  switch (why) {
    case 'secret':
      return l10n.t('Palimpsest does not read files that contain secrets.');
    case 'token':
      return l10n.t(
        'Palimpsest does not read this file because part of it looks like a password, key, or access token. See the log for the line.',
      );
    case 'git':
      return l10n.t(
        'Palimpsest does not read files that Git ignores (palimpsest.context.leaveOutGitIgnored).',
      );
    case 'editor':
      return l10n.t(
        'Palimpsest does not read files that are excluded by files.exclude or palimpsest.context.exclude.',
      );
    case 'unknown':
      return l10n.t(
        'Palimpsest does not read this file because it could not determine whether it may. See the log for details.',
      );
  }
}

/** Where the text lies on this machine; undefined for what is on none: untitled files, virtual file systems. */
function fileOf(uri: Uri): string | undefined {
  if (uri.scheme === 'file') return uri.fsPath;
  if (uri.scheme !== CELL_SCHEME) return undefined;
  const notebook = workspace.notebookDocuments.find(({ uri: { path } }) => path === uri.path);
  const isLocal = notebook === undefined || notebook.uri.scheme === 'file';
  return isLocal ? Uri.file(uri.path).fsPath : undefined;
}

/** The one that the editor's own git extension has found, else whichever is on PATH. */
function gitExecutable(): string {
  const git = extensions.getExtension<GitExtension>('vscode.git');
  try {
    const found = git?.isActive ? git.exports.getAPI(1).git.path : undefined;
    return found || 'git';
  } catch {
    // It is switched off by `git.enabled`.
    return 'git';
  }
}

interface GitExtension {
  getAPI(version: 1): { readonly git: { readonly path: string } };
}
