// How the command is started to list and install models: the Node of the engine, and the environment that the settings ask for.
import path from 'node:path';
import type { ExtensionContext } from 'vscode';
import { engineLaunch } from '../engine/launch';
import { engineSettings, hubSettings } from '../settings';
import { modelsEnvironment } from './environment';
import { hubToken } from './models';

/** Rejects with EngineError where there is no Node to run it. */
export async function commandLaunch(
  { extensionPath, secrets }: Pick<ExtensionContext, 'extensionPath' | 'secrets'>,
  cacheFolder: string,
) {
  const { runtime } = await engineLaunch({ extensionPath, cacheFolder, settings: engineSettings() });
  return {
    node: runtime.executable,
    electronRunAsNode: runtime.source === 'electron',
    script: path.join(extensionPath, 'dist', 'cli.js'),
    env: modelsEnvironment(process.env, { ...hubSettings(), token: await hubToken(secrets), cacheFolder }),
  };
}
