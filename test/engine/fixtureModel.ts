// A tiny checkpoint of test/fixtures/checkpoints as a session of the real runtime.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { buildGraph } from '../../engine/graph/build';
import type { Precision } from '../../engine/graph/types';
import type { ProviderName } from '../../engine/protocol';
import { DecoderSession, keepsCacheOnDevice } from '../../engine/runtime/session';
import { CHECKPOINTS } from './reference';

/** By the current folder, so that a bundle finds them, too. */
export const fixtureFolder = CHECKPOINTS;

/** A cached canvas whose suffix is numbered first, as of a model that goes on from an autoregressive one. */
export function withSuffixFirst(folder: string, blockLength: number): void {
  fs.cpSync(path.join(fixtureFolder, 'palimpsest'), folder, { recursive: true });
  const edit = (name: string, change: (text: string) => string) => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')));
  };
  edit('tokenizer.json', (text) => text.replaceAll('<|reserved0|>', '<|hole|>'));
  edit('config.json', (text) => {
    const config = JSON.parse(text);
    const palimpsest = { ...config.palimpsest, format: 2, block_length: blockLength, suffix_first: true };
    return JSON.stringify({ ...config, palimpsest });
  });
}

export interface FixtureModel {
  readonly checkpoint: Checkpoint;
  readonly session: DecoderSession;
  dispose(): Promise<void>;
}

interface FixtureOptions {
  readonly provider?: ProviderName;
  readonly precision?: Precision;
}

export function openFixture(name: string, options: FixtureOptions = {}): Promise<FixtureModel> {
  return openPlace(path.join(fixtureFolder, name), options);
}

/** The same of a checkpoint anywhere. */
export async function openPlace(place: string, options: FixtureOptions = {}): Promise<FixtureModel> {
  const provider = options.provider ?? 'cpu';
  const checkpoint = await openCheckpoint(place);
  const cacheFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-fixture-'));
  const graph = await buildGraph(
    checkpoint,
    {
      precision: options.precision ?? 'fp32',
      attention: 'plain',
      cacheOutput: keepsCacheOnDevice(provider) ? 'joined' : 'new',
      topK: 8,
    },
    { cacheFolder },
  );
  const session = await DecoderSession.create(graph, checkpoint.shape, { provider, threads: 1 });
  return {
    checkpoint,
    session,
    dispose: async () => {
      await session.dispose();
      fs.rmSync(cacheFolder, { recursive: true, force: true });
    },
  };
}
