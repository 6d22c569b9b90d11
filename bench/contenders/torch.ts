// PyTorch as a contender, in a process of its own that waits for its turn (torchForward.py).
import path from 'node:path';
import type { Checkpoint } from '../../engine/checkpoint/types';
import type { Contender } from '../harness';
import { LineProcess } from './lineProcess';

export interface TorchWork {
  readonly dtype: 'fp32' | 'bf16' | 'fp16';
  readonly device: 'cpu' | 'cuda';
  readonly threads: number;
  readonly tokens: number;
  /** Last rows that go through the head. */
  readonly rows: number;
  /** Cached positions that the new tokens see. */
  readonly past: number;
}

export interface TorchContender extends Contender {
  readonly version: string;
  /** Name of the GPU, or "cpu". */
  readonly device: string;
  /** Likeliest token of the last row. */
  readonly best: number;
  dispose(): void;
}

/** Python with PyTorch: PALIMPSEST_PYTHON, else python3. */
const PYTHON = process.env['PALIMPSEST_PYTHON'] ?? 'python3';

/** The contender, or a sentence that says why there is none. */
export async function torchContender(
  checkpoint: Checkpoint,
  work: TorchWork,
): Promise<TorchContender | string> {
  const python = new LineProcess(PYTHON, [path.join(__dirname, 'torchForward.py')]);
  const opened = await python.ask({ do: 'open', folder: checkpoint.folder, ...work });
  if (typeof opened['error'] === 'string') {
    python.end();
    return opened['error'];
  }
  return {
    name: `PyTorch ${work.dtype}`,
    version: String(opened['version']),
    device: String(opened['device']),
    best: Number(opened['best']),
    run: () => python.run(),
    dispose: () => python.end(),
  };
}
