// Everything that is made on first use and not before: the engine's supervisor, the rewrites, the ghost text. One object
// owns them all.

import path from 'node:path';
import {
  type CancellationToken,
  type ExtensionContext,
  type InlineCompletionContext,
  type InlineCompletionItem,
  InlineCompletionTriggerKind,
  type LogOutputChannel,
  l10n,
  languages,
  type Position,
  type TextDocument,
  window,
  workspace,
} from 'vscode';
import { type EngineError, toEngineError } from '../engine/errors';
import { SyntaxTrees } from '../engine/syntax/syntaxTrees';
import { InfillTool } from './api/infillTool';
import { Door } from './api/publicApi';
import { Disposables } from './common/disposables';
import { withoutSecrets } from './common/loggedSettings';
import { isEditable } from './documents/editable';
import { languageName } from './documents/languageName';
import { cacheFolderIn, engineLaunch } from './engine/launch';
import { type EngineLaunch, type EngineState, EngineSupervisor } from './engine/supervisor';
import { COPY_SCHEME, Copies } from './fixes/copies';
import { Fixer } from './fixes/fixer';
import { ByKeyNotice } from './ghost/byKeyNotice';
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
import { Requests } from './requests';
import { Instructions } from './rewrite/instructions/instructions';
import { type Interruption, RewriteOffers } from './rewrite/interruption/offer';
import { UnfinishedRewrites } from './rewrite/interruption/unfinished';
import { linkCommands } from './rewrite/linkCommands';
import { DIFF_SCHEME, DiffReviews } from './rewrite/review/diffEditor';
import { ghostItem } from './rewrite/review/inlineView';
import { ReviewSuggestions } from './rewrite/review/reviewSuggestions';
import { Rewrites } from './rewrite/rewriteManager';
import type { Servers } from './servers/servers';
import {
  ANSWER_SETTINGS,
  engineSettings,
  ghostSettings,
  proxySettings,
  SECTION,
  START_SETTINGS,
} from './settings';
import { LateSuspicions } from './suspicion/lateSuspicions';
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
  readonly copies = this.owned.add(new Copies());
  readonly ghostSwitches: GhostSwitches;
  readonly openTexts: OpenTexts;
  readonly memory: WorkspaceMemory;
  readonly door: Door;
  readonly tool: InfillTool;
  readonly suspicions: LateSuspicions;
  readonly requests: Requests;
  private readonly ghost: GhostText;
  readonly loading: LoadingNotice;
  readonly failures: Failures;
  readonly models: Models;
  /** Quantised weights, which can be made again. */
  readonly cacheFolder: string;
  /** What the next engine is started with. Suites whose subject is the editor put a scripted engine here. */
  launch: () => Promise<EngineLaunch>;
  readonly instructions: Instructions;
  private readonly reviewSuggestions: ReviewSuggestions;
  private reported: EngineState['kind'] | undefined;

  constructor(
    context: ExtensionContext,
    private readonly status: StatusItem,
    readonly servers: Servers,
    private readonly suggestions: InlineSuggestions,
  ) {
    this.reviewSuggestions = new ReviewSuggestions(suggestions);
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
    const permission = new Permission(this.exclusions, this.log);
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
      mayRewrite: (document) => permission.toRewrite(document),
      start: (editor, one) => this.rewrites.startAgain(editor, one),
    });
    this.rewrites = this.owned.add(
      new Rewrites({
        unfinished,
        engine: this.engine,
        surroundings,
        syntax: this.syntax,
        diffs,
        suggestions: this.reviewSuggestions,
        activity: (document, doing) => status.doing(document, doing),
        ended: () => this.saySilence(),
        placeOf: (source, uri) => this.memory.placeOf(source, uri),
        copied: (place) => status.copied(place),
        fail,
      }),
    );
    this.owned.add(linkCommands(this.rewrites));
    this.owned.add(languages.registerCodeLensProvider({ pattern: '**' }, this.rewrites));
    this.owned.add(workspace.registerTextDocumentContentProvider(COPY_SCHEME, this.copies));
    const fixer = this.owned.add(
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
    const byKey = new ByKeyNotice(context.globalState);
    this.ghost = new GhostText({
      engine: this.engine,
      exclusions: this.exclusions,
      surroundings,
      syntax: this.syntax,
      isSnoozed: () => this.ghostSwitches.isSnoozed,
      lastEdit: (document) => lastEdits.of(document),
      isBusy: () => this.rewrites.isDenoising,
      silent: (why) => {
        status.silent(why && sayWhySilent(why));
        if (typeof why === 'object' && 'slow' in why) void byKey.tell(why.slow, this.engine.state);
      },
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
      new LateSuspicions({
        engine: this.engine,
        syntax: this.syntax,
        rewrites: this.rewrites,
        say,
        fail: (error) => fail(toEngineError(error)),
      }),
    );
    this.requests = new Requests({
      permission,
      syntax: this.syntax,
      rewrites: this.rewrites,
      instructions: this.instructions,
      fixer,
      suspicions: this.suspicions,
      fail,
    });
    // A key, a consent or the workspace's trust: the next request starts with what holds then.
    this.owned.add(
      servers.onChange(() => {
        this.ghost.forget();
        void this.replaceEngine('server-changed');
      }),
    );
    this.owned.add(
      workspace.onDidChangeConfiguration((change) => {
        // What may be read, how much is asked for, and of whom: an answer counts for what it was made from.
        if (ANSWER_SETTINGS.some((name) => change.affectsConfiguration(name))) {
          this.ghost.forget();
          this.saySilence();
        }
        if (!START_SETTINGS.some((name) => change.affectsConfiguration(name))) return;
        void this.suspicions.clear();
        // What runs is not what is set any more; the next request starts it as it is set now.
        void this.replaceEngine();
      }),
    );
  }

  /** Stops the engine in favour of another one: what it was working on is offered again. */
  private async replaceEngine(why: Interruption = 'model-changed'): Promise<void> {
    this.rewrites.interrupt();
    void this.offers.tell(why);
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

  /** A review that waits for an answer goes before ghost text; what is asked for its sake alone looks for none. */
  async provideInline(
    document: TextDocument,
    position: Position,
    context: InlineCompletionContext,
    token: CancellationToken,
    wantsGhostText: boolean,
  ): Promise<InlineCompletionItem[]> {
    const isAsked = context.triggerKind === InlineCompletionTriggerKind.Invoke;
    const isForReview = isAsked && this.reviewSuggestions.isAsking();
    const rewrite = this.rewrites.of(document.uri);
    if (rewrite !== undefined) {
      this.ghost.giveWay();
      const ghost = rewrite.ghostAt(position);
      if (wantsGhostText) this.status.silent(sayWhySilent('reviewing'));
      return ghost === undefined ? [] : [ghostItem(ghost, '_palimpsest.ghostInserted')];
    }
    return wantsGhostText && !isForReview ? this.ghost.provide(document, position, context, token) : [];
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
    void this.offers.tell('engine-restarted');
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
