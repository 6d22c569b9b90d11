// What an engine is started with: which Node, which script, which model.
import path from 'node:path';
import { defaultFolder, includedFolder, includedModel } from '../../engine/hub/included';
import type { ServerParams } from '../../engine/protocol';
import { cleanEnvironment } from '../../engine/rpc/environment';
import { proxyVariables } from '../common/proxyEnvironment';
import type { EngineSettings, ProxySettings } from '../settings';
import { askNode, findNode } from './nodeRuntime';
import type { EngineLaunch } from './supervisor';

export interface LaunchFacts {
  /** Where the extension is installed. */
  readonly extensionPath: string;
  readonly cacheFolder: string;
  readonly settings: EngineSettings;
  /** Which answers in place of a model of this machine, and how the editor reaches the network. */
  readonly server?: { readonly params: ServerParams; readonly proxy: ProxySettings } | undefined;
}

/** Quantised weights, which can be made again. */
export function cacheFolderIn(storage: { readonly fsPath: string }): string {
  return path.join(storage.fsPath, 'cache');
}

/** Rejects with EngineError where there is no Node to run it. */
export async function engineLaunch({
  extensionPath,
  cacheFolder,
  settings,
  server,
}: LaunchFacts): Promise<EngineLaunch> {
  const { nodePath, modelPath, provider, isShared } = settings;
  return {
    runtime: await findNode({
      setting: nodePath,
      host: {
        executable: process.execPath,
        version: process.versions.node,
        electron: process.versions['electron'] !== undefined,
      },
      ask: (executable) => askNode(executable, cleanEnvironment(process.env)),
    }),
    script: path.join(extensionPath, 'dist', 'engine.js'),
    cacheFolder,
    modelFolder: modelFolder(extensionPath, modelPath),
    provider,
    // Those that come with the extension are too small to gain from it.
    isShared: isShared && server === undefined && modelPath !== '' && includedModel(modelPath) === undefined,
    ...(server === undefined
      ? {}
      : {
          server: server.params,
          modelFolder: server.params.url,
          env: { ...process.env, ...proxyVariables(server.proxy) },
        }),
  };
}

/** Folder of a model that comes with the extension; any other name or path is the engine's to look for. */
function modelFolder(extensionPath: string, chosen: string): string {
  if (chosen === '') return defaultFolder(extensionPath) ?? chosen;
  return includedModel(chosen) ? includedFolder(extensionPath, chosen) : chosen;
}
