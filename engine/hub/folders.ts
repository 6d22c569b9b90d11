// Where models and other programs' downloads are. The folder of models is one for the editor and the shell, and is no cache: what
// took an hour to download must not go when somebody cleans up.
import os from 'node:os';
import path from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

function homeOf(env: Environment): string {
  return env['HOME'] || os.homedir();
}

/** Absolute path of the folder of installed models; `PALIMPSEST_MODELS` overrides it. */
export function modelsFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const own = env['PALIMPSEST_MODELS'];
  if (own) return path.resolve(own);
  const home = homeOf(env);
  if (platform === 'win32') {
    return path.join(env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'), 'palimpsest', 'models');
  }
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'palimpsest', 'models');
  return path.join(env['XDG_DATA_HOME'] || path.join(home, '.local', 'share'), 'palimpsest', 'models');
}

/** Folder of Hugging Face's own settings, where its tools keep a token. */
export function huggingFaceHome(env: Environment): string {
  if (env['HF_HOME']) return path.resolve(env['HF_HOME']);
  return path.join(env['XDG_CACHE_HOME'] || path.join(homeOf(env), '.cache'), 'huggingface');
}

/** Folder of Hugging Face's cache (huggingface.co/docs/hub/local-cache), by the order in which its own tools look. */
export function huggingFaceCache(env: Environment): string {
  const own = env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'];
  return own ? path.resolve(own) : path.join(huggingFaceHome(env), 'hub');
}
