// The tools for agents as an MCP server, where the editor can be told of one (VS Code 1.101). What is declared here is missing in
// the types of the oldest version that the extension runs in.
import path from 'node:path';
import * as vscode from 'vscode';
import { engineLaunch } from '../engine/launch';
import { engineSettings, privacySettings, SECTION } from '../settings';

/** As in package.json. */
const PROVIDER = 'palimpsest.engine';
/** For people. */
const LABEL = 'Palimpsest';

/** VS Code's McpStdioServerDefinition. */
interface ServerDefinition {
  command: string;
  args: string[];
  env: Record<string, string | number | null>;
}

interface DefinitionProvider {
  readonly onDidChangeMcpServerDefinitions: vscode.Event<void>;
  /** Eager, so it starts nothing. */
  provideMcpServerDefinitions(): ServerDefinition[];
  /** When an agent wants to use it. */
  resolveMcpServerDefinition(server: ServerDefinition): Promise<ServerDefinition>;
}

interface McpRegistry {
  readonly registerMcpServerDefinitionProvider?: (
    id: string,
    provider: DefinitionProvider,
  ) => vscode.Disposable;
}

interface McpTypes {
  readonly McpStdioServerDefinition?: new (
    label: string,
    command: string,
    args?: string[],
    env?: Record<string, string | number | null>,
    version?: string,
  ) => ServerDefinition;
}

export interface McpServerFacts {
  readonly extensionPath: string;
  readonly version: string;
  /** Of quantised weights. */
  readonly cacheFolder: string;
}

/** Does nothing where the editor does not know of MCP servers. */
export function registerMcpServer(facts: McpServerFacts): vscode.Disposable {
  const { registerMcpServerDefinitionProvider: register } = vscode.lm as McpRegistry;
  const changed = new vscode.EventEmitter<void>();
  const provider = mcpServerProvider(facts, changed.event);
  if (register === undefined || provider === undefined) return changed;
  return vscode.Disposable.from(
    changed,
    vscode.workspace.onDidChangeWorkspaceFolders(() => changed.fire()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => changed.fire()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(SECTION) || change.affectsConfiguration('files.exclude'))
        changed.fire();
    }),
    register(PROVIDER, provider),
  );
}

/** Undefined where the editor does not know of MCP servers. */
export function mcpServerProvider(
  { extensionPath, version, cacheFolder }: McpServerFacts,
  changed: vscode.Event<void>,
): DefinitionProvider | undefined {
  const { McpStdioServerDefinition: Definition } = vscode as McpTypes;
  if (Definition === undefined) return undefined;
  const script = path.join(extensionPath, 'dist', 'cli.js');
  return {
    onDidChangeMcpServerDefinitions: changed,
    provideMcpServerDefinitions: () => {
      const words = workspaceWords();
      return words === undefined
        ? []
        : [new Definition(LABEL, process.execPath, [script, 'mcp', ...words], {}, version)];
    },
    resolveMcpServerDefinition: async (server) => {
      // A model of this machine, also where a server answers in the editor: an agent's consent is not a person's.
      const settings = engineSettings();
      const { runtime, modelFolder, provider } = await engineLaunch({ extensionPath, cacheFolder, settings });
      const env = {
        ...server.env,
        PALIMPSEST_CACHE: cacheFolder,
        ...(runtime.source === 'electron' ? { ELECTRON_RUN_AS_NODE: '1' } : {}),
      };
      const words = [...server.args, '--model', modelFolder, '--provider', provider];
      // Not `server` itself: the editor asks with the same one each time it starts the process.
      return new Definition(LABEL, runtime.executable, words, env, version);
    },
  };
}

/** What of this workspace may be read; undefined where nothing is. */
function workspaceWords(): readonly string[] | undefined {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  if (!vscode.workspace.isTrusted || folders.length === 0) return undefined;
  const settings = folders.map(({ uri }) => privacySettings(uri));
  const globs = new Set(settings.flatMap(({ globs: own }) => own));
  const withIgnored = settings.every(({ leaveOutGitIgnored }) => !leaveOutGitIgnored);
  return [
    ...folders.flatMap(({ uri }) => ['--root', uri.fsPath]),
    ...[...globs].flatMap((glob) => ['--exclude', glob]),
    ...(withIgnored ? ['--with-ignored'] : []),
  ];
}
