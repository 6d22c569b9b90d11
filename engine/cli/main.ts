// Entry of the `palimpsest` command: the real engine, the real terminal, and what Ctrl-C means.
import fs from 'node:fs';
import path from 'node:path';
import { runCommand } from './command';
import type { Engine } from './context';
import { runInTerminal } from './terminal';

// Loaded when first needed: `--help` must not wait for the native runtime.
const engine: Engine = {
  loadModel: async (params, context) => (await import('../loadModel')).loadModel(params, context),
  connectServer: async (...args) => (await import('../remote/connect')).connectServer(...args),
  prepareModel: async (params, context) => (await import('../loadModel')).prepareModel(params, context),
  openCheckpoint: async (folder) => (await import('../checkpoint/open')).openCheckpoint(folder),
  precisionHere: async (precision) => (await import('../runtime/integerProducts')).precisionHere(precision),
  buildGraph: async (...args) => (await import('../graph/build')).buildGraph(...args),
  createForward: async (...args) => (await import('../runtime/session')).DecoderSession.create(...args),
  logits: async (...args) => (await import('./logits')).sequenceLogits(...args),
  describeMachine: async (cache) => {
    const [{ describeMachine }, { freshProbe }] = await Promise.all([
      import('../runtime/devices'),
      import('../runtime/probe'),
    ]);
    return describeMachine((provider) => freshProbe(provider, cache));
  },
  addCuda: async (file, cache) => {
    const [{ addCuda }, { forgetProbe }] = await Promise.all([
      import('../runtime/addCuda'),
      import('../runtime/probe'),
    ]);
    await addCuda(file);
    forgetProbe('cuda', cache);
  },
  decideProvider: async (choice, cache) => {
    const [{ decideProvider }, { probeFor }] = await Promise.all([
      import('../runtime/providers'),
      import('../runtime/probe'),
    ]);
    return decideProvider(choice, probeFor(choice, cache));
  },
};

/** The folder with package.json above this file: beside `dist`, or above `engine/cli` when run from source. */
function packageFolder(from: string): string {
  const parent = path.dirname(from);
  return fs.existsSync(path.join(from, 'package.json')) || parent === from ? from : packageFolder(parent);
}

runInTerminal(packageFolder(__dirname), engine, runCommand);
