// Runs in a child process of tokenizer.ts: opens a model, comes to its first denoise step and answers ghost text, with our
// tokenizer or the native one. `record` keeps what the engine encodes, for the native one. Prints one line of JSON.
import fs from 'node:fs';
import path from 'node:path';
import { readCalibration } from '../../engine/calibration/file';
import type { JsonObject } from '../../engine/checkpoint/json';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint, EncodedText, TextTokenizer } from '../../engine/checkpoint/types';
import { buildGraph } from '../../engine/graph/build';
import { Infiller } from '../../engine/infill/infiller';
import type { ModelDescription } from '../../engine/protocol';
import { DecoderSession } from '../../engine/runtime/session';

export interface Cost {
  readonly cpu: number;
  readonly wall: number;
}
export interface TokenizerReport {
  readonly ready: Cost;
  readonly firstStep: Cost;
  /** Of one request. */
  readonly ghost: Cost;
}

const TYPED = 'const remaining = items.filter((item) => !seen.has(item.id)).map((item) => item.name);';
const REQUESTS = 20;

function now(): Cost {
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1000, wall: performance.now() };
}

function since(begun: Cost): Cost {
  const { cpu, wall } = now();
  return { cpu: cpu - begun.cpu, wall: wall - begun.wall };
}

/** A tokenizer whose texts were encoded before the request. */
class Prepared implements TextTokenizer {
  readonly known = new Map<string, EncodedText>();
  constructor(
    private readonly ours: TextTokenizer,
    private readonly encoder: { encode(text: string): EncodedText | Promise<EncodedText> },
  ) {}
  get size(): number {
    return this.ours.size;
  }
  async prepare(texts: readonly string[]): Promise<void> {
    for (const text of texts)
      if (!this.known.has(text)) this.known.set(text, await this.encoder.encode(text));
  }
  encode(text: string): EncodedText {
    const found = this.known.get(text);
    if (!found) throw new Error(`Not prepared: ${JSON.stringify(text.slice(0, 60))}`);
    return found;
  }
  bytes = (id: number) => this.ours.bytes(id);
  decode = (ids: ArrayLike<number>) => this.ours.decode(ids);
  isSpecial = (id: number) => this.ours.isSpecial(id);
  specialId = (text: string) => this.ours.specialId(text);
}

/** Keeps what is encoded. */
function recording(tokenizer: TextTokenizer, keep: (text: string) => void): TextTokenizer {
  return new Proxy(tokenizer, {
    get(target, name) {
      if (name === 'encode') {
        return (text: string) => {
          keep(text);
          return target.encode(text);
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function describe(checkpoint: Checkpoint): ModelDescription {
  const { folder, name, family, parameters, shape } = checkpoint;
  return {
    folder,
    name,
    family: family.id,
    familyTitle: family.title,
    parameters,
    contextLength: shape.contextLength,
    provider: 'cpu',
    providerReason: '',
    attention: 'plain',
    precision: 'q8',
    storedPrecision: checkpoint.storedDtype,
    takesInstruction: false,
    remarks: [],
  };
}

async function run(
  kind: string,
  folder: string,
  cacheFolder: string,
  text: string,
  textsFile: string,
): Promise<TokenizerReport> {
  // What each request encodes, the first of them being the start's.
  const requests: string[][] =
    kind === 'record' ? [] : (JSON.parse(fs.readFileSync(textsFile, 'utf8')) as string[][]);
  let begun = now();
  const opened = await openCheckpoint(folder);
  let checkpoint = opened;
  let prepared: Prepared | undefined;
  if (kind === 'native') {
    const { NativeTokenizer } = await import('./native');
    // An engine would read the file once, for both: this second time does not count.
    const reading = now();
    const json = JSON.parse(fs.readFileSync(path.join(folder, 'tokenizer.json'), 'utf8')) as JsonObject;
    const read = since(reading);
    begun = { cpu: begun.cpu + read.cpu, wall: begun.wall + read.wall };
    prepared = new Prepared(opened.tokenizer, NativeTokenizer.of(json));
  } else if (kind === 'ours') prepared = new Prepared(opened.tokenizer, opened.tokenizer);
  if (prepared) {
    await prepared.prepare(requests[0] ?? []);
    checkpoint = { ...opened, tokenizer: prepared };
  } else {
    const keep = (one: string) => void requests.at(-1)?.push(one);
    checkpoint = { ...opened, tokenizer: recording(opened.tokenizer, keep) };
  }
  const ready = since(begun);

  const calibration = await readCalibration(checkpoint);
  const options = { precision: 'q8', attention: 'plain', cacheOutput: 'new', topK: 24 } as const;
  const graph = await buildGraph(checkpoint, options, { cacheFolder });
  const session = await DecoderSession.create(graph, checkpoint.shape, { provider: 'cpu', threads: 2 });
  const infiller = new Infiller(checkpoint, describe(checkpoint), session, calibration);
  let firstStep: Cost | undefined;
  const at = text.indexOf('\n', text.length / 2);
  const costs: Cost[] = [];
  for (let request = 0; request <= REQUESTS; request++) {
    if (kind === 'record') requests.push([]);
    const typed = request === 0 ? '' : `\n  ${TYPED.slice(0, 2 * request)}`;
    const asked = now();
    await prepared?.prepare(requests[request] ?? []);
    await infiller.infill(
      {
        requestId: request,
        model: folder,
        document: 'bench',
        priority: 'ghost',
        text: text.slice(0, at) + typed + text.slice(at),
        language: 'typescript',
        spans: [{ start: at + typed.length, end: at + typed.length }],
        maxTokens: 12,
      },
      {
        onStep: () => {
          firstStep ??= since(begun);
        },
      },
    );
    if (request > 0) costs.push(since(asked));
  }
  infiller.dispose();
  await session.dispose();
  if (kind === 'record') fs.writeFileSync(textsFile, JSON.stringify(requests));
  if (!firstStep) throw new Error('There was no denoise step.');
  const middle = (of: (cost: Cost) => number) =>
    costs.map(of).sort((a, b) => a - b)[REQUESTS / 2] ?? Number.NaN;
  return { ready, firstStep, ghost: { cpu: middle(({ cpu }) => cpu), wall: middle(({ wall }) => wall) } };
}

const [kind = '', folder = '', cacheFolder = '', file = '', texts = ''] = process.argv.slice(2);
run(kind, folder, cacheFolder, fs.readFileSync(file, 'utf8'), texts)
  .then((report) => process.stdout.write(`${JSON.stringify(report)}\n`))
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
