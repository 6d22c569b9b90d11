// llama.cpp as somebody has built it for this very machine: a prebuilt library need not be the fastest that there is.
// PALIMPSEST_LLAMA_CPP names a folder of it that has been built already.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { benchFolder, type Contender } from '../harness';
import { ensureGguf, type GgufType } from './gguf';
import { LineProcess } from './lineProcess';
import { ggufFile, type PromptWork } from './llamaCpp';

export interface NativeContender extends Contender {
  readonly best: number;
  dispose(): void;
}

export class LlamaNative {
  private constructor(private readonly program: string) {}

  /** Undefined where no folder is named; throws where it is of no use. */
  static open(): LlamaNative | undefined {
    const folder = process.env['PALIMPSEST_LLAMA_CPP'];
    if (!folder) return undefined;
    const program = path.join(benchFolder('llama.cpp'), 'llamaForward');
    const libraries = path.join(path.resolve(folder), 'build', 'bin');
    const { status, stderr, error } = spawnSync(
      'cc',
      [
        '-O2',
        path.join(__dirname, 'llamaForward.c'),
        ...['include', path.join('ggml', 'include')].map((part) => `-I${path.join(folder, part)}`),
        `-L${libraries}`,
        '-lllama',
        '-lggml',
        '-lggml-base',
        `-Wl,-rpath,${libraries}`,
        '-o',
        program,
      ],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`PALIMPSEST_LLAMA_CPP: ${error?.message ?? stderr.trim()}`);
    return new LlamaNative(program);
  }

  async contender(
    checkpoint: Checkpoint,
    type: GgufType,
    { ids, rows, threads }: PromptWork,
  ): Promise<NativeContender> {
    const file = ggufFile(checkpoint, type, 'qwen2');
    await ensureGguf(checkpoint, type, 'qwen2', file);
    const child = new LineProcess(this.program, [file, ...[ids.length, rows.length, threads].map(String)]);
    const { best, error } = await child.ask({ do: 'run' });
    if (typeof error === 'string') throw new Error(error);
    return {
      name: `llama.cpp ${type}, built here`,
      best: Number(best),
      run: () => child.run(),
      dispose: () => child.end(),
    };
  }
}
