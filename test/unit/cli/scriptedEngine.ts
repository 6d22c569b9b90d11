// A model that answers what it was told to, step by step, so that the command can be tested without weights.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { indexLines, rangeAt } from '../../../engine/canvas/position';
import type { CommandContext, Engine } from '../../../engine/cli/context';
import type { CopyIndex } from '../../../engine/copying/sources';
import { throwIfCancelled } from '../../../engine/errors';
import type { LoadedModel } from '../../../engine/model';
import type {
  Flaw,
  InfillParams,
  LoadModelParams,
  ScoreParams,
  ServerParams,
} from '../../../engine/protocol';
import type { DeviceReport } from '../../../engine/runtime/providers';
import { randomCheckpoint } from '../../../engine/runtime/randomCheckpoint';

export interface Script {
  /** Answers of each candidate, one text a span. */
  readonly answers?: readonly (readonly string[])[];
  /** What the engine finds wrong with each candidate. */
  readonly flaws?: readonly (readonly Flaw[])[];
  /** Denoise steps before the answer is there. */
  readonly steps?: number;
  /** Milliseconds between steps. */
  readonly pause?: number;
  readonly fail?: Error;
  /** Called while a model is prepared. */
  readonly onPrepare?: (() => void) | undefined;
  readonly takesInstruction?: boolean;
  readonly devices?: readonly DeviceReport[];
  /** Holds the event loop for ever, and says `blocked` on standard error: while the session is made, or when cancelled. */
  readonly blocks?: 'session' | 'cancelled';
  /** Called after each step. */
  readonly onStep?: (step: number) => unknown;
  /** Called at the end of the denoising. */
  readonly during?: () => void;
}

/** Only its grammars are there, as `node esbuild.js` would put them. */
const PACKAGE = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-package-'));
process.on('exit', () => fs.rmSync(PACKAGE, { recursive: true, force: true }));
fs.mkdirSync(path.join(PACKAGE, 'dist'));
const GRAMMARS = path.join(
  __dirname,
  '..',
  '..',
  '..',
  'node_modules',
  '@vscode',
  'tree-sitter-wasm',
  'wasm',
);
fs.symlinkSync(GRAMMARS, path.join(PACKAGE, 'dist', 'tree-sitter'), 'junction');

export interface Calls {
  readonly loads: LoadModelParams[];
  readonly infills: InfillParams[];
  readonly indexes: (CopyIndex | undefined)[];
  readonly scores: ScoreParams[];
  readonly servers: ServerParams[];
  /** Places of models that were prepared. */
  readonly prepared: string[];
  /** Files that CUDA was added from. */
  readonly cuda: string[];
  disposed: number;
}

export function tinyCheckpoint() {
  const folder = fs.mkdtempSync(path.join(PACKAGE, 'model-'));
  const shape = { hiddenSize: 8, layers: 1, heads: 2, kvHeads: 1, ffnSize: 16, vocabSize: 32 };
  return randomCheckpoint(folder, shape);
}

function unscripted(name: string) {
  return () => Promise.reject(new Error(`${name} is not scripted`));
}

export function scriptedEngine(script: Script = {}): { engine: Engine; calls: Calls } {
  const calls: Calls = {
    loads: [],
    infills: [],
    indexes: [],
    scores: [],
    servers: [],
    prepared: [],
    cuda: [],
    disposed: 0,
  };
  const engine: Engine = {
    loadModel: async (params, context) => {
      calls.loads.push(params);
      context.onProgress?.({ folder: params.folder, stage: 'quantising', fraction: 0.5 });
      throwIfCancelled(context.signal);
      context.onProgress?.({ folder: params.folder, stage: 'session' });
      if (script.blocks === 'session') block();
      return scriptedModel(script, calls);
    },
    connectServer: async (_name, server) => {
      calls.servers.push(server);
      return scriptedModel(script, calls);
    },
    prepareModel: async (params, context) => {
      calls.prepared.push(params.folder);
      context.onProgress?.({ folder: params.folder, stage: 'quantising', fraction: 0.5 });
      script.onPrepare?.();
      return { graph: { madeFiles: [] } };
    },
    addCuda: async (file) => {
      calls.cuda.push(file);
    },
    describeMachine: async () => ({
      devices: script.devices ?? [],
      memory: { name: 'RTX 4060', total: 8188 * 2 ** 20, free: 6000 * 2 ** 20, isShared: false },
      advice: ['Install a driver.'],
    }),
    openCheckpoint: unscripted('openCheckpoint'),
    precisionHere: async (precision) => ({ precision }),
    buildGraph: unscripted('buildGraph'),
    createForward: unscripted('createForward'),
    logits: unscripted('logits'),
    decideProvider: unscripted('decideProvider'),
  };
  return { engine, calls };
}

function block(): never {
  fs.writeSync(2, 'blocked\n');
  for (;;);
}

function scriptedModel(script: Script, calls: Calls): LoadedModel {
  const checkpoint = tinyCheckpoint();
  const steps = script.steps ?? 3;
  const answers = script.answers ?? [['answer']];
  return {
    checkpoint,
    description: {
      folder: '/models/scripted',
      name: 'scripted',
      family: 'script',
      familyTitle: 'Script',
      parameters: 1,
      contextLength: 100,
      provider: 'cpu',
      providerReason: 'scripted',
      attention: 'plain',
      precision: 'q8',
      storedPrecision: 'F32',
      takesInstruction: script.takesInstruction ?? false,
      remarks: [],
    },
    estimate: () => ({ masks: 1 }),
    infill: async (params, context = {}) => {
      calls.infills.push(params);
      calls.indexes.push(context.index);
      const lines = indexLines(params.text);
      for (let step = 1; step <= steps; step++) {
        throwIfCancelled(context.signal);
        params.spans.forEach((_, span) => {
          context.onStep?.({
            requestId: params.requestId,
            step,
            span,
            candidate: 0,
            cells: Array.from({ length: steps }, (_, index) => ({
              text: index < step ? `t${index}` : '',
              state: index < step ? 'committed' : 'masked',
              confidence: 0.5,
            })),
            committed: [step - 1],
            remasked: [],
          });
        });
        script.onStep?.(step);
        if (step === 2) process.send?.('denoising');
        await new Promise((resolve) => setTimeout(resolve, script.pause ?? 0));
        if (script.blocks === 'cancelled' && context.signal?.aborted) block();
      }
      script.during?.();
      if (script.fail) throw script.fail;
      return {
        model: 'scripted',
        family: 'script',
        provider: 'cpu',
        precision: 'q8',
        forwards: steps,
        tokens: 2 * steps,
        tokensPerForward: 2,
        millis: 12.4,
        candidates: answers.map((texts, candidate) => ({
          score: -0.25 - candidate,
          ...(script.flaws === undefined ? {} : { flaws: script.flaws[candidate] ?? [] }),
          spans: params.spans.map(({ start, end }, index) => ({
            range: rangeAt(lines, start, end),
            start,
            end,
            text: texts[index] ?? '',
          })),
        })),
      };
    },
    score: async (params) => {
      calls.scores.push(params);
      const tokens = [...params.text.matchAll(/\S+/g)].map((match, index) => ({
        start: match.index,
        end: match.index + match[0].length,
        text: match[0],
        surprise: index + 0.5,
        expected: 1,
        alternatives: [{ text: 'other', probability: 0.25 }],
      }));
      return { model: 'scripted', method: 'masked', forwards: 1, millis: 5, tokens };
    },
    dispose: async () => {
      calls.disposed++;
      fs.rmSync(checkpoint.folder, { recursive: true, force: true });
    },
  };
}

export interface FakeStream {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly text: () => string;
  write(text: string): void;
}

export function fakeStream(isTTY = false, columns = 80, rows = 24): FakeStream {
  let written = '';
  return {
    isTTY,
    columns,
    rows,
    text: () => written,
    write: (text) => {
      written += text;
    },
  };
}

async function* noInput(): AsyncGenerator<Uint8Array> {}

export interface ScriptedContext extends CommandContext {
  readonly stdout: FakeStream;
  readonly stderr: FakeStream;
}

export function testWorld(engine: Engine, overrides: Partial<ScriptedContext> = {}): ScriptedContext {
  return {
    stdin: noInput(),
    stdout: fakeStream(),
    stderr: fakeStream(),
    env: { HOME: os.tmpdir(), PALIMPSEST_MODEL: '/models/scripted' },
    folder: os.tmpdir(),
    packageFolder: PACKAGE,
    version: '1.2.3',
    signal: new AbortController().signal,
    clock: { now: () => 0, later: () => () => {} },
    engine,
    ...overrides,
  };
}

/** A folder for one test's files, gone when the test is over. */
export function temporaryFolder(context: { after(fn: () => void): void }): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-cli-'));
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Escape characters as a sign that can be read, also in patterns. */
export function visible(text: string): string {
  return text.replaceAll('\u001b', '⎋');
}
