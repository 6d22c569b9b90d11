// Everything that is made on first use and not before: the engine's supervisor, the rewrites, the ghost text. One object
// owns them all.
import path from 'node:path';
import {
  type CancellationToken,
  type Diagnostic,
  type ExtensionContext,
  type InlineCompletionContext,
  type InlineCompletionItem,
  type LogOutputChannel,
  l10n,
  languages,
  type Position,
  type TextDocument,
  type TextEditor,
  Uri,
  window,
  workspace,
} from 'vscode';
import { type EngineError, toEngineError } from '../engine/errors';
import { SyntaxTrees } from '../engine/syntax/syntaxTrees';
import { InfillTool } from './api/infillTool';
import { Door } from './api/publicApi';
import { Disposables } from './common/disposables';
import { withoutSecrets } from './common/loggedSettings';
import { EVERYWHERE, isEditable } from './documents/editable';
import { isSelectedElsewhere } from './documents/editing';
import { languageName } from './documents/languageName';
import { cacheFolderIn, engineLaunch } from './engine/launch';
import { type EngineLaunch, type EngineState, EngineSupervisor } from './engine/supervisor';
import { problemAtCursor } from './fixes/atCursor';
import { COPY_SCHEME, Copies } from './fixes/copies';
import { Fixer, type FixOutcome } from './fixes/fixer';
import { LastEdits } from './ghost/lastEdits';
import { GhostText } from './ghost/provider';
import { sayWhySilent } from './ghost/silence';
import { GhostSwitches } from './ghost/switches';
import { OpenTexts } from './memory/openTexts';
import { Surroundings } from './memory/surroundings';
import { WorkspaceMemory } from './memory/workspaceMemory';
import { commandLaunch } from './models/commandLaunch';
import { Models } from './models/models';
import { Exclusions } from './privacy/exclusions';
import { Permission } from './privacy/permission';
import { Instructions } from './rewrite/instructions/instructions';
import { RewriteOffers } from './rewrite/interruption/offer';
import { UnfinishedRewrites } from './rewrite/interruption/unfinished';
import { DIFF_SCHEME, DiffReviews } from './rewrite/review/diffEditor';
import { ghostItem } from './rewrite/review/inlineView';
import type { Rewrite } from './rewrite/rewrite';
import { Rewrites } from './rewrite/rewriteManager';
import type { Wanted } from './rewrite/state/types';
import { meantSpans } from './rewrite/targetSpans';
import type { Servers } from './servers/servers';
import {
  ANSWER_SETTINGS,
  type EmptyChoice,
  engineSettings,
  ghostSettings,
  proxySettings,
  rewriteSettings,
  SECTION,
  START_SETTINGS,
} from './settings';
import { editorOf, type LookOutcome, Suspicions } from './suspicion/suspicions';
import type { OffsetRange } from './text/types';
import { Failures } from './ui/errorMessages';
import type { InlineSuggestions } from './ui/inlineSuggestions';
import { LoadingNotice } from './ui/loadingProgress';
import { showMenu } from './ui/menu';
import type { StatusItem } from './ui/statusBar';
import { say } from './ui/statusMessage';

export class Palimpsest {
  private readonly owned = new Disposables();
  private readonly log: LogOutputChannel;
  readonly engine: EngineSupervisor;
  readonly rewrites: Rewrites;
  /** What was interrupted, by the window before or the engine. */
  readonly offers: RewriteOffers;
  readonly syntax: SyntaxTrees;
  readonly exclusions: Exclusions;
  private readonly permission: Permission;
  readonly copies = this.owned.add(new Copies());
  private readonly fixer: Fixer;
  readonly ghostSwitches: GhostSwitches;
  readonly openTexts: OpenTexts;
  readonly memory: WorkspaceMemory;
  readonly door: Door;
  readonly tool: InfillTool;
  readonly suspicions: Suspicions;
  private readonly ghost: GhostText;
  readonly loading: LoadingNotice;
  readonly failures: Failures;
  readonly models: Models;
  /** Quantised weights, which can be made again. */
  readonly cacheFolder: string;
  /** What the next engine is started with. Suites whose subject is the editor put a scripted engine here. */
  launch: () => Promise<EngineLaunch>;
  readonly instructions: Instructions;
  private reported: EngineState['kind'] | undefined;

  constructor(
    context: ExtensionContext,
    private readonly status: StatusItem,
    readonly servers: Servers,
    private readonly suggestions: InlineSuggestions,
  ) {
    this.cacheFolder = cacheFolderIn(context.globalStorageUri);
    this.launch = async () => {
      const server = await this.servers.params();
      return engineLaunch({
        extensionPath: context.extensionPath,
        cacheFolder: this.cacheFolder,
        settings: engineSettings(),
        server: server && { params: server, proxy: proxySettings() },
      });
    };
    this.log = window.createOutputChannel('Palimpsest', { log: true });
    const logSettings = () =>
      this.log.info(`Settings: ${withoutSecrets(workspace.getConfiguration(SECTION))}`);
    logSettings();
    this.owned.add(
      workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(SECTION)) logSettings();
      }),
    );
    this.syntax = this.owned.add(
      new SyntaxTrees({
        folder: path.join(context.extensionPath, 'dist', 'tree-sitter'),
        warn: (message) => this.log.warn(message),
      }),
    );
    this.exclusions = this.owned.add(new Exclusions(this.log));
    this.permission = new Permission(this.exclusions, this.log);
    this.engine = new EngineSupervisor({
      launch: () => this.launch(),
      log: this.log,
      idleMillis: () => engineSettings().idleMinutes * 60_000,
    });
    this.failures = new Failures(this.engine, this.log, {
      restart: () => this.restartEngine(),
      showLog: () => this.showLog(),
      again: () => this.offers.button,
    });
    const fail = (error: EngineError) => void this.failures.tell(error);
    this.instructions = this.owned.add(new Instructions(this.engine, context.workspaceState));
    this.models = this.owned.add(
      new Models({
        command: () => commandLaunch(context, this.cacheFolder),
        secrets: context.secrets,
        stopEngine: () => this.replaceEngine(),
        running: () => this.engine.running?.model,
        fail,
        info: (message) => this.log.info(message),
      }),
    );
    this.owned.add(this.engine.onState((state) => this.engineChanged(state)));
    this.openTexts = this.owned.add(new OpenTexts(this.exclusions));
    this.memory = this.owned.add(
      new WorkspaceMemory({
        engine: this.engine,
        exclusions: this.exclusions,
        openTexts: this.openTexts,
        log: this.log,
        held: (files) => status.remembers(files),
      }),
    );
    const surroundings = new Surroundings(this.openTexts, this.memory);
    this.loading = this.owned.add(new LoadingNotice(this.engine));
    const diffs = this.owned.add(new DiffReviews());
    this.owned.add(workspace.registerTextDocumentContentProvider(DIFF_SCHEME, diffs));
    const unfinished = new UnfinishedRewrites(context.workspaceState);
    this.offers = new RewriteOffers({
      unfinished,
      mayRewrite: (document) => this.permission.toRewrite(document),
      start: (editor, one) => this.rewrites.startAgain(editor, one),
    });
    this.rewrites = this.owned.add(
      new Rewrites({
        unfinished,
        engine: this.engine,
        surroundings,
        syntax: this.syntax,
        diffs,
        suggestions: this.suggestions,
        activity: (document, doing) => status.doing(document, doing),
        ended: () => this.saySilence(),
        placeOf: (source, uri) => this.memory.placeOf(source, uri),
        copied: (place) => status.copied(place),
        fail,
      }),
    );
    this.owned.add(languages.registerCodeLensProvider({ pattern: '**' }, this.rewrites));
    this.owned.add(workspace.registerTextDocumentContentProvider(COPY_SCHEME, this.copies));
    this.fixer = this.owned.add(
      new Fixer({
        engine: this.engine,
        surroundings,
        rewrites: this.rewrites,
        syntax: this.syntax,
        copies: this.copies,
        fail,
      }),
    );
    this.ghostSwitches = this.owned.add(new GhostSwitches((until) => status.snoozed(until)));
    this.door = new Door({
      engine: this.engine,
      exclusions: this.exclusions,
      surroundings,
      syntax: this.syntax,
    });
    this.tool = new InfillTool(this.door, () => this.servers.hostInUse);
    const lastEdits = this.owned.add(new LastEdits());
    this.ghost = new GhostText({
      engine: this.engine,
      exclusions: this.exclusions,
      surroundings,
      syntax: this.syntax,
      isSnoozed: () => this.ghostSwitches.isSnoozed,
      lastEdit: (document) => lastEdits.of(document),
      isBusy: () => this.rewrites.isDenoising,
      silent: (why) => status.silent(why && sayWhySilent(why)),
      copied: (source, document) =>
        status.copied(source && document && this.memory.placeOf(source, document.uri)),
      log: this.log,
    });
    this.owned.add(
      window.onDidChangeTextEditorSelection(({ textEditor: { document }, selections: [first] }) => {
        if (first !== undefined) this.ghost.cursorMoved(document, first.active);
      }),
    );
    this.owned.add(
      window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined) this.ghost.editorChanged(editor.document);
        // What was said of one file is not true of another.
        this.saySilence();
      }),
    );
    this.saySilence();
    this.suspicions = this.owned.add(
      new Suspicions({
        engine: this.engine,
        syntax: this.syntax,
        rewrites: this.rewrites,
        fail,
      }),
    );
    this.owned.add(languages.registerHoverProvider(EVERYWHERE, this.suspicions));
    // A key, a consent or the workspace's trust: the next request starts with what holds then.
    this.owned.add(servers.onChange(() => void this.replaceEngine()));
    this.owned.add(
      workspace.onDidChangeConfiguration((change) => {
        // What may be read, how much is asked for, and of whom: an answer counts for what it was made from.
        if (ANSWER_SETTINGS.some((name) => change.affectsConfiguration(name))) {
          this.ghost.forget();
          this.saySilence();
        }
        if (!START_SETTINGS.some((name) => change.affectsConfiguration(name))) return;
        this.suspicions.clear();
        // What runs is not what is set any more; the next request starts it as it is set now.
        void this.replaceEngine();
      }),
    );
  }

  /** Stops the engine in favour of another one: what it was working on is offered again. */
  private async replaceEngine(): Promise<void> {
    this.rewrites.interrupt();
    void this.offers.tell('engine-replaced');
    await this.engine.stop();
  }

  private saySilence(): void {
    this.status.copied(undefined);
    const document = window.activeTextEditor?.document;
    // Nobody types into a review.
    if (document === undefined || document.uri.scheme === DIFF_SCHEME) this.status.silent(undefined);
    else if (!isEditable(document.uri)) this.status.silent(sayWhySilent('read-only'));
    else if (ghostSettings(document).enabled) this.status.silent(undefined);
    else this.status.silent(l10n.t('Ghost text is off for {0}.', languageName(document.languageId)));
  }

  /** Masks what the selections mean and starts; `choice`: what an empty one means, where the settings do not count. */
  async rewrite(editor: TextEditor, choice?: EmptyChoice): Promise<Rewrite | undefined> {
    if (!(await this.permission.toRewrite(editor.document))) return undefined;
    return this.rewriteMeant(editor, choice);
  }

  /** More candidates for what is under review, or was refused. With `isKey`, what is selected elsewhere is rewritten. */
  async rewriteAgain(isKey: boolean): Promise<void> {
    const editor = window.activeTextEditor;
    const open = editor && this.rewrites.of(editor.document.uri);
    const isOwn = editor !== undefined && editor.document === open?.document;
    if (isKey && isOwn && isSelectedElsewhere(editor, open.spans)) await this.rewrite(editor);
    else await this.rewrites.act('again');
  }

  /** Masks only what the model finds least likely there, and takes what makes the whole likelier. */
  async repair(editor: TextEditor): Promise<Rewrite | undefined> {
    if (!(await this.permission.toRewrite(editor.document))) return undefined;
    return this.rewriteMeant(editor, undefined, { isRepair: true });
  }

  /** The same by an instruction, which is asked for first where none is `given`. */
  async editByInstruction(editor: TextEditor, given?: string): Promise<Rewrite | undefined> {
    if (!(await this.permission.toRewrite(editor.document))) return undefined;
    try {
      const instruction = await this.instructions.ask(editor, given);
      return instruction === undefined ? undefined : this.rewriteMeant(editor, undefined, { instruction });
    } catch (error) {
      void this.failures.tell(toEngineError(error));
      return undefined;
    }
  }

  private async rewriteMeant(
    editor: TextEditor,
    choice: EmptyChoice | undefined,
    wanted: Wanted = {},
  ): Promise<Rewrite | undefined> {
    const empty = choice ?? rewriteSettings(editor.document).emptySelection;
    const spans = await meantSpans(editor, empty, this.syntax);
    // Closed while git was asked: nobody would ever end it.
    if (spans === undefined || editor.document.isClosed) return undefined;
    return this.rewrites.startAt(editor, spans, wanted);
  }

  /** Of the light bulb's menu, or at the cursor of the active editor. */
  async fixProblem(uri?: Uri, diagnostic?: Diagnostic): Promise<FixOutcome | undefined> {
    const editor = editorOf(uri);
    const turn = this.fixer.turn();
    if (editor === undefined || !(await this.permission.toRewrite(editor.document))) return undefined;
    const problem = diagnostic ?? problemAtCursor(editor);
    if (problem !== undefined) return this.fixer.fix(editor, problem, turn);
    say(l10n.t('Palimpsest: there is no problem at the cursor.'));
    return undefined;
  }

  async showSuspiciousTokens(): Promise<LookOutcome | undefined> {
    const editor = window.activeTextEditor;
    if (editor === undefined || !(await this.permission.toRead(editor.document))) return undefined;
    return this.suspicions.toggle(editor);
  }

  async moveToSuspiciousToken(forward: boolean): Promise<void> {
    if (window.activeTextEditor !== undefined) await this.suspicions.move(window.activeTextEditor, forward);
  }

  /** Of a hover's link, or at the cursor. */
  async rewriteSuspiciousToken(uri?: Uri, place?: OffsetRange): Promise<void> {
    const editor = editorOf(uri && Uri.from(uri));
    if (editor !== undefined && (await this.permission.toRewrite(editor.document)))
      this.suspicions.remask(editor, place);
  }

  /** A review that waits for an answer goes before ghost text. */
  async provideInline(
    document: TextDocument,
    position: Position,
    context: InlineCompletionContext,
    token: CancellationToken,
    wantsGhostText: boolean,
  ): Promise<InlineCompletionItem[]> {
    const rewrite = this.rewrites.of(document.uri);
    if (rewrite !== undefined) {
      this.ghost.giveWay();
      const ghost = rewrite.ghostAt(position);
      if (wantsGhostText) this.status.silent(sayWhySilent('reviewing'));
      return ghost === undefined ? [] : [ghostItem(ghost, '_palimpsest.ghostInserted')];
    }
    return wantsGhostText ? this.ghost.provide(document, position, context, token) : [];
  }

  /** Takes ghost text away, and this one does not come back at the next key. */
  async dismissGhostText(): Promise<void> {
    this.ghost.dismiss();
    await this.suggestions.hide();
  }

  showLog(): void {
    this.log.show(true);
  }

  async restartEngine(): Promise<void> {
    this.rewrites.interrupt();
    void this.offers.tell('engine-replaced');
    await this.engine.restart().catch((error: EngineError) => this.log.error(error.message));
  }

  showMenu(): Promise<void> {
    return showMenu({
      state: this.engine.state,
      ghostText: this.ghostSwitches,
      stop: () => this.engine.stop(),
      restart: () => this.restartEngine(),
      showLog: () => this.showLog(),
    });
  }

  async dispose(): Promise<void> {
    // Whoever listens goes at once; the log, last, for the engine's last words.
    this.owned.dispose();
    await this.engine.dispose();
    this.log.dispose();
  }

  private engineChanged(state: EngineState): void {
    this.status.show(state);
    if (state.kind === 'ready' || state.kind === 'stopped') this.models.engineChanged();
    const isNews = state.kind === 'failed' && this.reported !== 'failed';
    this.reported = state.kind;
    if (isNews) this.failures.failed(state);
  }
}
