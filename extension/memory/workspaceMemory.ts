// The memory of this window's workspace: whether there is one, what has changed in the editor and on the disk, and how a
// request refers to it. Nothing is read before an engine runs, and nothing at all where the memory is off.
import { randomUUID } from 'node:crypto';
import {
  type Disposable,
  FileType,
  type LogOutputChannel,
  type TextDocument,
  type Uri,
  window,
  workspace,
} from 'vscode';
import type { CopySource, MemoryUse } from '../../engine/protocol';
import type { ReadyEngine } from '../../engine/rpc/readyEngine';
import { Disposables } from '../common/disposables';
import { inTime } from '../common/inTime';
import { isEditable } from '../documents/editable';
import type { EngineSupervisor } from '../engine/supervisor';
import type { Exclusions } from '../privacy/exclusions';
import { MEMORY_SETTINGS, privacySettings } from '../settings';
import { Bursts, KEY_BURSTS } from './bursts';
import type { CopiedFrom } from './copiedFrom';
import { languageOf } from './languages';
import { Lull } from './lull';
import { inTurns } from './nearOrder';
import type { OpenTexts } from './openTexts';
import { Places } from './places';
import { folderOf } from './ranking';
import { isOnDisk } from './rootNames';
import { Session } from './session';
import { EditorFiles } from './workspaceFiles';

export interface WorkspaceMemoryOptions {
  readonly engine: EngineSupervisor;
  readonly exclusions: Exclusions;
  readonly openTexts: OpenTexts;
  readonly log: LogOutputChannel;
  /** Told how many files are held; undefined: there is no memory. */
  readonly held: (files: number | undefined) => void;
}

/** What is in such folders is a tool's own. */
const OWN_FOLDERS = /(^|\/)(\.[^/]+|node_modules|bower_components|__pycache__)\//;
/** Paths that a request names as near. */
const MOST_NEAR = 64;
const STAT_MILLIS = 3000;

export class WorkspaceMemory implements Disposable {
  private readonly id = randomUUID();
  private readonly owned = new Disposables();
  private readonly lull = new Lull();
  private places = new Places([]);
  private current: { readonly session: Session; readonly engine: ReadyEngine } | undefined;
  /** Of the sessions before: an engine that has stopped takes no answer back. */
  private pastEpochs = 0;
  /** What is listened to while there is a session. */
  private listening: Disposables | undefined;

  constructor(private readonly options: WorkspaceMemoryOptions) {
    const { engine } = options;
    this.owned.add(engine.onState(() => this.refresh()));
    this.owned.add(engine.onBusy((isBusy) => this.lull.busy(isBusy)));
    this.owned.add(workspace.onDidGrantWorkspaceTrust(() => this.refresh()));
    this.owned.add(workspace.onDidChangeWorkspaceFolders(() => this.restart()));
    this.owned.add(
      workspace.onDidChangeConfiguration((change) => {
        if (!MEMORY_SETTINGS.some((name) => change.affectsConfiguration(name))) return;
        const before = this.session === undefined ? [] : this.places.roots;
        const isSame = JSON.stringify(before) === JSON.stringify(placesNow().roots);
        if (isSame) this.session?.changed(undefined);
        else this.restart();
      }),
    );
    this.refresh();
  }

  /** Of the running engine; undefined: there is none, or the memory is off. */
  get session(): Session | undefined {
    return this.current?.session;
  }

  /** Another one whenever an answer may be another one because of the disk. */
  get stamp(): string {
    return `memory ${this.pastEpochs + (this.session?.epoch ?? 0)}`;
  }

  /** Whether the engine has the document's text. */
  holds({ uri }: Pick<TextDocument, 'uri'>): boolean {
    const path = this.places.pathOf(uri);
    return path !== undefined && this.session?.feed.held.has(path) === true;
  }

  /** How a request for a text refers to the memory; `near`: other documents, nearest first. */
  use(uri: Uri, text: string, near: readonly TextDocument[]): MemoryUse | undefined {
    const { session } = this;
    if (session === undefined || !privacySettings(uri).workspace) return undefined;
    const path = this.places.pathOf(uri);
    const held = near.filter((document) => this.holds(document));
    const open = held.flatMap((document) => this.places.pathOf(document.uri) ?? []);
    const imported = path === undefined ? [] : session.feed.importable.importedBy(path, text);
    const all = inTurns(open, imported).filter((one) => one !== path);
    return {
      id: this.id,
      ...(path === undefined ? {} : { path }),
      ...(all.length === 0 ? {} : { near: all.slice(0, MOST_NEAR) }),
    };
  }

  /** Where something is copied from that is offered in the document at `uri`. */
  placeOf({ path, line }: CopySource, uri: Uri): CopiedFrom | undefined {
    if (path === undefined) return { file: '', uri, line, isElsewhere: false };
    const place = this.places.uriOf(path);
    return place && { file: path, uri: place, line, isElsewhere: true };
  }

  dispose(): void {
    this.end();
    this.owned.dispose();
  }

  private restart(): void {
    this.end();
    this.refresh();
  }

  /** Begins, goes on or ends, as engine, trust and settings are now. */
  private refresh(): void {
    const { engine, exclusions, openTexts, log } = this.options;
    const { running } = engine;
    if (this.current !== undefined && this.current.engine !== running) this.end();
    // A model that does not copy would have no use for it: nothing is read.
    if (running?.model.copies !== true || this.current !== undefined) return;
    this.places = placesNow();
    if (this.places.roots.length === 0) return;
    const { places } = this;
    const session = new Session({
      id: this.id,
      port: running.client,
      files: () => new EditorFiles({ places, exclusions, openTexts }),
      rest: (signal) => this.lull.wait(signal),
      log,
      changed: () => this.options.held(session.feed.held.size),
    });
    this.current = { session, engine: running };
    this.listen(session);
    const path = window.activeTextEditor && this.codePath(window.activeTextEditor.document.uri);
    if (path !== undefined) session.movedTo(folderOf(path));
    session.changed(undefined);
  }

  private end(): void {
    const { current } = this;
    this.listening?.dispose();
    this.listening = undefined;
    this.current = undefined;
    if (current === undefined) return;
    current.session.end();
    this.pastEpochs += current.session.epoch;
    this.options.held(undefined);
    // What runs on without a memory must not keep the texts.
    if (current.engine.client.alive)
      void current.engine.client.clearMemory({ memory: this.id }).catch(() => undefined);
  }

  private listen(session: Session): void {
    const listening = new Disposables();
    this.listening = listening;
    const keys = listening.add(new Bursts((paths) => session.edited(paths), KEY_BURSTS));
    const disk = listening.add(new Bursts((paths) => session.changed(paths)));
    const isHeld = (path: string) => session.feed.held.has(path);
    listening.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length === 0 || !isEditable(document.uri)) return;
        this.lull.typed();
        const path = this.codePath(document.uri);
        if (path !== undefined) keys.add(path);
      }),
    );
    listening.add(
      window.onDidChangeActiveTextEditor((editor) => {
        const path = editor && this.codePath(editor.document.uri);
        if (path === undefined) return;
        if (!isHeld(path)) keys.add(path);
        session.movedTo(folderOf(path));
      }),
    );
    listening.add(
      // What was not saved is not there any more.
      workspace.onDidCloseTextDocument(({ uri }) => {
        const path = this.codePath(uri);
        if (path !== undefined && isHeld(path)) disk.add(path);
      }),
    );
    listening.add(this.options.exclusions.onIgnoreFiles(() => disk.everything()));
    const watcher = listening.add(workspace.createFileSystemWatcher('**/*'));
    const changed = (uri: Uri): string | undefined => {
      const path = this.places.pathOf(uri);
      if (path === undefined) return undefined;
      return OWN_FOLDERS.test(path) ? undefined : path;
    };
    listening.add(
      watcher.onDidChange((uri) => {
        const path = changed(uri);
        if (path !== undefined && languageOf(path) !== undefined) disk.add(path);
      }),
    );
    listening.add(
      watcher.onDidDelete((uri) => {
        const path = changed(uri);
        if (path !== undefined) disk.add(path);
      }),
    );
    listening.add(
      watcher.onDidCreate(async (uri) => {
        const path = changed(uri);
        if (path === undefined) return;
        if (languageOf(path) !== undefined) return disk.add(path);
        // A folder comes with everything in it, of which nothing more is said.
        const stat = await inTime(workspace.fs.stat(uri), STAT_MILLIS);
        if (stat?.type === FileType.Directory && this.listening === listening) disk.everything();
      }),
    );
  }

  /** In the memory, if it is code. */
  private codePath(uri: Uri): string | undefined {
    const path = this.places.pathOf(uri);
    return path !== undefined && languageOf(path) !== undefined && !OWN_FOLDERS.test(path) ? path : undefined;
  }
}

/** Of the folders that may be read. */
function placesNow(): Places {
  if (!workspace.isTrusted) return new Places([]);
  return new Places(workspace.workspaceFolders, ({ uri }) => isOnDisk(uri) && privacySettings(uri).workspace);
}
