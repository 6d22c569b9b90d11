// The extension's entry. Activation only says what there is; everything else is made on first use (palimpsest.ts), and
// everything heavy lives in the engine process (engine/process/main.ts).
import {
  CodeActionKind,
  commands,
  type Diagnostic,
  type ExtensionContext,
  ExtensionMode,
  languages,
  lm,
  type Memento,
  type TextEditor,
  Uri,
  window,
} from 'vscode';
import { registerMcpServer } from './api/mcpServer';
import type { PalimpsestApi } from './api/palimpsest';
import type { ToolInput } from './api/toolInput';
import { EVERYWHERE, isEditable, sayNoEditor, sayReadOnly } from './documents/editable';
import { cacheFolderIn } from './engine/launch';
import { FIX_KIND, fixActions } from './fixes/codeAction';
import { OPEN_SOURCE, openSource } from './memory/copiedFrom';
import { ModelsTree } from './models/tree';
import type { Palimpsest } from './palimpsest';
import type { RewriteAction } from './rewrite/actions';
import { REWRITE_KIND, rewriteActions } from './rewrite/codeAction';
import { keptIn } from './rewrite/interruption/unfinished';
import { Servers } from './servers/servers';
import { ghostSettings } from './settings';
import type { OffsetRange } from './text/types';
import { InlineSuggestions, type Provide } from './ui/inlineSuggestions';
import { openSample } from './ui/sample';
import { StatusItem } from './ui/statusBar';

/** What `activate` gives; other extensions see the API alone. */
export interface Exported extends PalimpsestApi {
  /** For the tests in the extension host alone. */
  readonly internals?: Internals;
}

export interface Internals {
  readonly palimpsest: () => Promise<Palimpsest>;
  readonly isLoaded: () => boolean;
  readonly activationMillis: number;
  readonly status: StatusItem;
  /** What outlives the window. */
  readonly state: Memento;
}

const ACTIONS: Readonly<Record<string, RewriteAction>> = {
  'palimpsest.acceptRewrite': 'accept',
  'palimpsest.rejectRewrite': 'reject',
  'palimpsest.cancelRewrite': 'cancel',
  'palimpsest.nextCandidate': 'next',
  'palimpsest.previousCandidate': 'previous',
  'palimpsest.showAnyway': 'showAnyway',
  'palimpsest.takeDraft': 'take',
  'palimpsest.acceptHunk': 'acceptHunk',
  'palimpsest.showNewLines': 'showNewLines',
  'palimpsest.rejectHunk': 'rejectHunk',
  'palimpsest.nextHunk': 'nextHunk',
  'palimpsest.previousHunk': 'previousHunk',
  'palimpsest.pinWords': 'pin',
  'palimpsest.remaskWords': 'remask',
};

let loaded: Promise<Palimpsest> | undefined;

export function activate(context: ExtensionContext): Exported {
  const started = performance.now();
  const servers = new Servers({ state: context.globalState, secrets: context.secrets });
  const status = new StatusItem();
  const showServer = () => status.serves(servers.status);
  showServer();
  const palimpsest = (): Promise<Palimpsest> => {
    loaded ??= import('./palimpsest').then(
      (module) => new module.Palimpsest(context, status, servers, suggestions),
    );
    return loaded;
  };
  const suggestions = new InlineSuggestions(EVERYWHERE, suggestionsOf(palimpsest));
  const command = <A extends unknown[]>(name: string, run: (all: Palimpsest, ...args: A) => unknown) =>
    commands.registerCommand(name, async (...args: A) => run(await palimpsest(), ...args));
  const inEditor = (name: string, run: (all: Palimpsest, editor: TextEditor) => unknown) =>
    command(name, async (all) => {
      const editor = window.activeTextEditor;
      if (editor === undefined) sayNoEditor();
      // What it gives stays here: whoever runs a command by key gets its result as JSON.
      else await run(all, editor);
    });

  const modelsTree = new ModelsTree(async () => (await palimpsest()).models);
  const modelsView = window.createTreeView('palimpsest.models', { treeDataProvider: modelsTree });
  modelsTree.shownIn(modelsView);
  context.subscriptions.push(
    status,
    servers,
    servers.onChange(showServer),
    inEditor('palimpsest.rewriteSelection', (all, editor) => all.requests.rewrite(editor)),
    commands.registerCommand('palimpsest.rewriteReadOnly', sayReadOnly),
    inEditor('palimpsest.rewriteSyntax', (all, editor) => all.requests.rewrite(editor, 'syntax')),
    inEditor('palimpsest.repairSelection', (all, editor) => all.requests.repair(editor)),
    inEditor('palimpsest.editByInstruction', (all, editor) => all.requests.editByInstruction(editor)),
    modelsView,
    modelsTree,
    command('palimpsest.chooseModel', (all, row?: unknown) => all.models.choose(idOf(row))),
    command('palimpsest.installModel', (all, row?: unknown) => all.models.install(idOf(row))),
    command('palimpsest.pauseInstall', (all, row?: unknown) => all.models.pause(idOf(row))),
    command('palimpsest.removeModel', (all, row?: unknown) => all.models.remove(idOf(row))),
    command('palimpsest.clearCache', (all) => all.models.clearCache()),
    command('palimpsest.refreshModels', (all) => all.models.refresh()),
    command('palimpsest.setHubToken', (all) => all.models.setToken()),
    command('palimpsest.useServer', (all) => all.servers.use()),
    command('palimpsest.allowServer', (all) => all.servers.allow()),
    command('palimpsest.setServerKey', (all) => all.servers.setKey()),
    command('palimpsest.forgetServer', (all, origin?: unknown) =>
      all.servers.forget(typeof origin === 'string' ? origin : undefined),
    ),
    ...Object.entries(ACTIONS).map(([name, action]) =>
      command(name, (all, which: unknown, isPointed?: unknown) =>
        all.rewrites.act(action, which, isPointed === true),
      ),
    ),
    // The key is the one of a rewrite: it is about what is selected.
    command('palimpsest.rewriteAgain', (all, how?: unknown) => all.requests.rewriteAgain(how === 'key')),
    command('palimpsest.rewriteSample', async (all) => {
      await all.requests.rewrite(await openSample(context.extensionPath));
    }),
    inEditor('palimpsest.reopenReview', (all, editor) => all.rewrites.reopen(editor)),
    command('palimpsest.undoInReviewed', (all) => all.rewrites.turnReviewed('undo')),
    command('palimpsest.redoInReviewed', (all) => all.rewrites.turnReviewed('redo')),
    command('palimpsest.saveReviewed', (all) => all.rewrites.saveReviewed()),
    command('palimpsest.fixProblem', (all, uri?: Uri, diagnostic?: Diagnostic) =>
      all.requests.fixProblem(uri, diagnostic),
    ),
    inEditor('palimpsest.toggleGhostText', (all, { document }) => all.ghostSwitches.toggle(document)),
    // For the walkthrough: the editor's own command is silent where there is nothing to suggest to.
    commands.registerCommand('_palimpsest.suggest', async () => {
      if (window.activeTextEditor === undefined) sayNoEditor();
      else await suggestions.show();
    }),
    command('palimpsest.snoozeGhostText', (all, minutes?: unknown) =>
      all.ghostSwitches.snoozeFor(typeof minutes === 'number' ? minutes : undefined),
    ),
    command('palimpsest.dismissGhostText', (all) => all.dismissGhostText()),
    command('palimpsest.resumeGhostText', (all) => all.ghostSwitches.resume()),
    command('palimpsest.showSuspiciousTokens', (all) => all.requests.showSuspiciousTokens()),
    command('palimpsest.clearSuspiciousTokens', (all) => all.suspicions.clear()),
    command('palimpsest.nextSuspiciousToken', (all) => all.requests.moveToSuspiciousToken(true)),
    command('palimpsest.previousSuspiciousToken', (all) => all.requests.moveToSuspiciousToken(false)),
    command('palimpsest.rewriteSuspiciousToken', (all, uri?: Uri, place?: OffsetRange) =>
      all.requests.rewriteSuspiciousToken(uri, place),
    ),
    command('palimpsest.showMenu', (all) => all.showMenu()),
    command('palimpsest.showLog', (all) => all.showLog()),
    command('palimpsest.restartEngine', (all) => all.restartEngine()),
    command('palimpsest.stopEngine', (all) => all.engine.stop()),
    commands.registerCommand(OPEN_SOURCE, (uri: string, line: number) => openSource(Uri.parse(uri), line)),
    command('_palimpsest.ghostInserted', (all) => all.rewrites.settleInserted()),
    registerMcpServer({
      extensionPath: context.extensionPath,
      version: versionOf(context),
      cacheFolder: cacheFolderIn(context.globalStorageUri),
    }),
    lm.registerTool<ToolInput>('palimpsest_infill', {
      prepareInvocation: async (options) => (await palimpsest()).tool.prepareInvocation(options),
      invoke: async (options, token) => (await palimpsest()).tool.invoke(options, token),
    }),
    suggestions,
    languages.registerCodeActionsProvider(EVERYWHERE, rewriteActions, {
      providedCodeActionKinds: [CodeActionKind.RefactorRewrite, REWRITE_KIND],
    }),
    languages.registerCodeActionsProvider(EVERYWHERE, fixActions, { providedCodeActionKinds: [FIX_KIND] }),
  );
  if (keptIn(context.workspaceState).length > 0) {
    void palimpsest().then((all) => all.offers.tell('window-closed'));
  }
  const api: PalimpsestApi = {
    version: versionOf(context),
    apiVersion: 1,
    infill: async (request, token) => (await palimpsest()).door.infill(request, token),
    score: async (request, token) => (await palimpsest()).door.score(request, token),
  };
  if (context.extensionMode !== ExtensionMode.Test) return api;
  const activationMillis = performance.now() - started;
  return {
    ...api,
    internals: {
      palimpsest,
      isLoaded: () => loaded !== undefined,
      activationMillis,
      status,
      state: context.workspaceState,
    },
  };
}

function versionOf({ extension }: ExtensionContext): string {
  const manifest: { version?: unknown } = extension.packageJSON;
  return String(manifest.version);
}

/** Resolves when no engine is left; the editor waits for that, five seconds at most. */
export async function deactivate(): Promise<void> {
  const palimpsest = await loaded;
  loaded = undefined;
  await palimpsest?.dispose();
}

/** Of a row in the Models view, or of a model's name; a command without either asks. */
function idOf(row: unknown): string | undefined {
  if (typeof row === 'string') return row;
  const id: unknown = typeof row === 'object' && row !== null && 'id' in row ? row.id : undefined;
  return typeof id === 'string' ? id : undefined;
}

function suggestionsOf(palimpsest: () => Promise<Palimpsest>): Provide {
  return async (document, position, context, token) => {
    if (!isEditable(document.uri)) return [];
    const { enabled } = ghostSettings(document);
    // A review shows its new lines in this way, too; before first use there is none.
    if (!enabled && loaded === undefined) return [];
    return (await palimpsest()).provideInline(document, position, context, token, enabled);
  };
}
