// What a memory costs a person who types: ghost text from the engine's own process, with a memory and without, in turns. No file
// is named as near, and none is open beside it.
import { DEFAULT_GATE, type MemoryFile } from '../../engine/protocol';
import { EngineClient } from '../../engine/rpc/engineClient';
import { benchFolder } from '../harness';
import type { Case } from '../infilling/spans';
import { bundle, bundleOf, ENGINE_MAIN } from '../runtime/bundle';

export interface GhostAnswers {
  /** Milliseconds from asking to the answer, one a case. */
  readonly millis: readonly number[];
  /** Passes of the model, of all cases. */
  readonly passes: number;
}

/** The extension's default. */
const MAX_TOKENS = 32;
/** The name of the memory and of the document. */
const NAME = 'bench';
/** Files in one update. */
export const AT_ONCE = 64;

/** `pathOf`: of a case's file in the memory. */
export async function ghostAnswers(
  folder: string,
  files: readonly MemoryFile[],
  cases: readonly Case<string>[],
  pathOf: (held: Case<string>) => string,
): Promise<{ readonly alone: GhostAnswers; readonly workspace: GhostAnswers }> {
  await bundle(ENGINE_MAIN);
  const client = await EngineClient.start({
    node: process.execPath,
    script: bundleOf(ENGINE_MAIN),
    cacheFolder: benchFolder('side'),
  });
  try {
    const { gate = DEFAULT_GATE } = await client.loadModel({ folder, provider: 'cpu' });
    for (let at = 0; at < files.length; at += AT_ONCE)
      await client.updateMemory({ memory: NAME, files: files.slice(at, at + AT_ONCE), removed: [] });
    const ask = async (held: Case<string>, to: Recorded, isWorkspace: boolean): Promise<void> => {
      const { text, at, language } = held;
      const begun = performance.now();
      const { forwards } = await client.infill({
        ...{ model: folder, document: NAME, priority: 'ghost', interactive: true, seed: 0, gate },
        ...{ text, language, fileName: pathOf(held), spans: [{ start: at, end: at }], maxTokens: MAX_TOKENS },
        ...(isWorkspace ? { memory: { id: NAME, path: pathOf(held) } } : {}),
      });
      to.millis.push(performance.now() - begun);
      to.passes += forwards;
    };
    const alone: Recorded = { millis: [], passes: 0 };
    const workspace: Recorded = { millis: [], passes: 0 };
    const [first] = cases;
    if (first)
      for (const isWorkspace of [false, true]) await ask(first, { millis: [], passes: 0 }, isWorkspace);
    for (const [i, held] of cases.entries()) {
      // What is asked first encodes the context, so each goes first as often.
      for (const isWorkspace of i % 2 === 0 ? [false, true] : [true, false])
        await ask(held, isWorkspace ? workspace : alone, isWorkspace);
    }
    return { alone, workspace };
  } finally {
    await client.stop();
  }
}

interface Recorded {
  readonly millis: number[];
  passes: number;
}
