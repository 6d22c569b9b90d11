// Which windows share an engine: those that would each load the same weights in the same way, where that costs much.
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { placeOf } from '../hub/place';

/** Bytes of weights from which an engine is shared. Below, a process more costs about what is saved. */
export const SHARED_FROM = 192 * 2 ** 20;
const WEIGHTS = /\.(safetensors|gguf)$/;

/** What a window is going to load, and how. */
export interface SharedFacts {
  /** A path, or the name of an installed model. */
  readonly model: string;
  readonly provider: string;
  readonly cacheFolder: string;
}

/** @throws SyntaxError, TypeError where it is not what `JSON.stringify` makes of them */
export function parseFacts(text: string): SharedFacts {
  const { model, provider, cacheFolder }: Partial<SharedFacts> = Object(JSON.parse(text));
  if (typeof model !== 'string' || typeof provider !== 'string' || typeof cacheFolder !== 'string')
    throw new TypeError('A model, a provider and a cache folder are needed.');
  return { model, provider, cacheFolder };
}

/** An engine that windows share. */
interface SharedEngine {
  /** Its name: 32 hexadecimal digits. */
  readonly key: string;
  /** Of the model's files. */
  readonly weightBytes: number;
}

/**
 * The engine; undefined for a small model, and for one that is not there (which loading tells). Changed
 * files and another build of the engine (`script`) have another key: who loads them anew does not meet those of before.
 */
export async function sharedEngine(
  facts: SharedFacts,
  script: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<SharedEngine | undefined> {
  try {
    const place = placeOf(facts.model, env);
    const files = await weightsIn(place);
    const weightBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (weightBytes < SHARED_FROM) return undefined;
    const { size, mtimeMs } = await fs.stat(script);
    const engine = [process.execPath, script, size, mtimeMs];
    const words = JSON.stringify([facts.provider, facts.cacheFolder, place, files, engine]);
    return { key: createHash('sha256').update(words).digest('hex').slice(0, 32), weightBytes };
  } catch {
    return undefined;
  }
}

/** In the order of their names. */
async function weightsIn(place: string) {
  const isFile = (await fs.stat(place)).isFile();
  const folder = isFile ? path.dirname(place) : place;
  const names = isFile ? [path.basename(place)] : await fs.readdir(place);
  return Promise.all(
    names
      .filter((name) => WEIGHTS.test(name))
      .sort()
      .map(async (name) => {
        const { size, mtimeMs } = await fs.stat(path.join(folder, name));
        return { name, bytes: size, changed: mtimeMs };
      }),
  );
}
