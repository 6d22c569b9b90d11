// What the parts run: the devices that work here, the embedded model with texts to change, and the engine as it is shipped.
import path from 'node:path';
import { loadModel } from '../../engine/loadModel';
import type { LoadedModel } from '../../engine/model';
import type { InfillParams, LoadModelParams } from '../../engine/protocol';
import { EngineClient } from '../../engine/rpc/engineClient';
import { benchFolder, STARTER } from '../harness';
import { type UsableSide, usableSides } from '../runtime/gpuSpeed';
import type { PartReport } from './report';

/** Beside the bundle of the parts. */
const ENGINE = path.join(__dirname, 'engine.js');

/** The GPUs that compute rightly, software devices among them; why each of the others does not is told. */
export async function gpuSides(report: PartReport): Promise<UsableSide[]> {
  const { usable, absent } = await usableSides(true);
  for (const [name, reason] of absent) report.skip(name, `The provider is not usable: ${reason}`);
  return usable.filter(({ provider }) => provider !== 'cpu');
}

export function load(params: Partial<LoadModelParams>): Promise<LoadedModel> {
  return loadModel({ folder: STARTER, ...params }, { cacheFolder: benchFolder('side') });
}

/** The engine process, as the extension starts it. */
export function startEngine(): Promise<EngineClient> {
  return EngineClient.start({
    node: process.execPath,
    script: ENGINE,
    cacheFolder: benchFolder('side'),
    startMillis: 60_000,
    hangMillis: 300_000,
  });
}

const FILE = `import math

class Inventory:
    def __init__(self):
        self.items = {}

    def add(self, name, amount, price):
        if name in self.items:
            self.items[name].amount += amount
        else:
            self.items[name] = Item(name, amount, price)

    def total(self):
        result = 0
        for item in self.items.values():
            result += item.amount * item.price
        return result

    def cheapest(self):
        best = None
        for item in self.items.values():
            if best is None or item.price < best.price:
                best = item
        return best
`;
/** Passages of the file that are rewritten. */
const PASSAGES = [
  '            result += item.amount * item.price\n',
  'self.items[name] = Item(name, amount, price)',
  '            if best is None or item.price < best.price:\n                best = item\n',
  'return result',
];
/** Ends of lines where a person types. */
const CURSORS = ['        if name in self.items:', '        best = None', '    def total(self):'];

export type Asked = Omit<InfillParams, 'requestId' | 'model'>;

/** Rewrites and ghost text in turn, `count` of them, each with a text of its own; nothing is copied, so that the model answers. */
export function requests(count: number): Asked[] {
  return Array.from({ length: count }, (_, index) => {
    const lead = `# file ${index}\n`;
    const text = lead + FILE;
    const common = { text, language: 'python', maxTokens: 24, copying: 'off', seed: index } as const;
    if (index % 2 === 0) {
      const passage = PASSAGES[(index / 2) % PASSAGES.length] ?? '';
      const start = text.indexOf(passage);
      return { ...common, priority: 'rewrite', spans: [{ start, end: start + passage.length }] };
    }
    const cursor = CURSORS[((index - 1) / 2) % CURSORS.length] ?? '';
    const at = text.indexOf(cursor) + cursor.length;
    return { ...common, priority: 'ghost', spans: [{ start: at, end: at }] };
  });
}

/** The tokens of every denoise step, and what came of them. */
export async function traceOf(model: LoadedModel, asked: Asked, requestId: number): Promise<string[]> {
  const steps: string[] = [];
  const { candidates } = await model.infill(
    { ...asked, requestId, model: model.description.folder },
    { onStep: ({ cells }) => steps.push(cells.map(({ state, text }) => `${state}${text}`).join('|')) },
  );
  return [...steps, ...candidates.map(({ spans }) => spans.map(({ text }) => text).join('\u0000'))];
}
