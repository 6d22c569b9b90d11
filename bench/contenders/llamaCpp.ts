// llama.cpp as a contender: its library as node-llama-cpp publishes it, prebuilt, installed on demand into a folder
// outside the repository and spoken to without its JavaScript layer. Never a dependency of the project.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { benchFolder, type Contender, progress, timed } from '../harness';
import { ensureGguf, type GgufArchitecture, type GgufType } from './gguf';

/** Carries llama.cpp v0.5.0. */
const VERSION = '3.22.1';
const LIBRARIES: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
  'darwin-x64': 'mac-x64',
};

/** What is used of the binding, which is not documented for others than its own JavaScript layer. */
interface Binding {
  readonly AddonModel: new (file: string, options: { gpuLayers: number; useMmap: boolean }) => Model;
  readonly AddonContext: new (
    model: Model,
    options: {
      contextSize: number;
      batchSize: number;
      sequences: number;
      threads: number;
      flashAttention: 'auto' | boolean;
    },
  ) => Context;
  readonly AddonSampler: new (model: Model) => Sampler;
  setLoggerLogLevel(level: number): void;
  loadBackends(folder?: string): void;
  init(): Promise<void>;
  systemInfo(): string;
}
interface Model {
  init(): Promise<boolean>;
  dispose(): Promise<void>;
}
interface Sampler {
  applyConfig(config: { temperature: number }): void;
  dispose(): void;
}
interface Context {
  init(): Promise<boolean>;
  initBatch(size: number): void;
  addToBatch(sequence: number, first: number, tokens: Uint32Array, wanted: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(row: number, sampler: Sampler): Promise<number>;
  disposeSequence(sequence: number): void;
  dispose(): Promise<void>;
}

export interface PromptWork {
  readonly ids: Int32Array;
  /** Rows that go through the head, ascending. */
  readonly rows: Int32Array;
  readonly threads: number;
}

/** Where a checkpoint's GGUF file is kept. */
export function ggufFile(checkpoint: Checkpoint, type: GgufType, architecture: GgufArchitecture): string {
  return path.join(benchFolder('models', 'gguf'), `${checkpoint.name}-${architecture}-${type}.gguf`);
}

export interface LlamaContender extends Contender {
  /** Likeliest token of the last row, to see that the same model is computed. */
  best(): Promise<number>;
  dispose(): Promise<void>;
}

export class LlamaCpp {
  /** Of the library, for the table. */
  readonly version = `llama.cpp v0.5.0 (in node-llama-cpp ${VERSION})`;

  private constructor(private readonly binding: Binding) {}

  /** The library itself, for what else is done with it (llamaText.ts). */
  get native(): unknown {
    return this.binding;
  }

  /** The library, or a sentence that says why it is not there. */
  static async open(): Promise<LlamaCpp | string> {
    const platform = `${process.platform}-${process.arch}`;
    const library = LIBRARIES[platform];
    if (library === undefined) return `no prebuilt library for ${platform}`;
    const folder = benchFolder('llama.cpp', VERSION);
    const bins = path.join(folder, 'node_modules', '@node-llama-cpp', library, 'bins', library);
    if (!fs.existsSync(bins)) {
      progress(`installing @node-llama-cpp/${library}@${VERSION} into ${folder} …`);
      const failed = install(folder, `@node-llama-cpp/${library}@${VERSION}`);
      if (failed) return failed;
    }
    try {
      const file = path.join(bins, 'llama-addon.node');
      const binding = createRequire(file)(file) as Binding;
      binding.setLoggerLogLevel(0);
      binding.loadBackends();
      binding.loadBackends(bins);
      await binding.init();
      return new LlamaCpp(binding);
    } catch (error) {
      return `its library did not load: ${error instanceof Error ? error.message : error}`;
    }
  }

  /** The instruction sets that the library has chosen for this CPU. */
  get instructions(): string {
    const found = [
      ...this.binding.systemInfo().matchAll(/\b(AVX2|AVX512\w*|AVX_VNNI|AMX\w*|NEON|DOTPROD) = 1/g),
    ];
    return found.map(([, name]) => name).join(' ');
  }

  async contender(
    checkpoint: Checkpoint,
    type: GgufType,
    architecture: GgufArchitecture,
    { ids, rows, threads }: PromptWork,
  ): Promise<LlamaContender> {
    const file = ggufFile(checkpoint, type, architecture);
    await ensureGguf(checkpoint, type, architecture, file);
    const model = new this.binding.AddonModel(file, { gpuLayers: 0, useMmap: true });
    if (!(await model.init())) throw new Error(`llama.cpp refuses ${file}`);
    const context = new this.binding.AddonContext(model, {
      contextSize: ids.length,
      batchSize: ids.length,
      sequences: 1,
      threads,
      flashAttention: 'auto',
    });
    if (!(await context.init())) throw new Error(`llama.cpp made no context for ${file}`);
    const sampler = new this.binding.AddonSampler(model);
    sampler.applyConfig({ temperature: 0 });
    let last = 0;
    const evaluate = async () => {
      context.initBatch(ids.length);
      const wanted = context.addToBatch(0, 0, Uint32Array.from(ids), Uint32Array.from(rows));
      last = wanted.at(-1) ?? 0;
      await context.decodeBatch();
    };
    const forget = () => {
      // The bidirectional architecture has no memory to clear.
      if (architecture === 'qwen2') context.disposeSequence(0);
    };
    return {
      name: `llama.cpp ${type}`,
      run: async () => {
        forget();
        return timed(evaluate);
      },
      best: async () => {
        forget();
        await evaluate();
        return context.sampleToken(last, sampler);
      },
      dispose: async () => {
        sampler.dispose();
        await context.dispose();
        await model.dispose();
      },
    };
  }
}

function install(folder: string, name: string): string | undefined {
  fs.writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
  const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', name];
  const { status, stderr } = spawnSync('npm', options, {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return status === 0
    ? undefined
    : `npm could not install ${name}: ${stderr?.trim().split('\n').at(-1) ?? ''}`;
}
