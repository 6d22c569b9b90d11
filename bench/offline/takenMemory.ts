// Takes a device's memory away from a running engine: on a GPU of its own memory another process fills it; where the device shares main
// memory, the system's limit for that one process stands in for it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { DataType, GraphWriter } from '../../engine/graph/onnxWriter';
import type { ProviderName } from '../../engine/protocol';
import { gpuMemory } from '../../engine/runtime/hardware';
import { InferenceSession, Tensor } from '../../engine/runtime/onnxRuntime';

export interface TakenMemory {
  giveBack(): Promise<void>;
}

/** Bytes that the engine may still take of shared memory. */
const LEFT = 8 * 2 ** 20;

/** Or a sentence that says why it cannot be done here. */
export async function takeMemory(pid: number, provider: ProviderName): Promise<TakenMemory | string> {
  const memory = gpuMemory();
  if (memory === undefined) return 'Nothing tells the memory of this GPU.';
  return memory.isShared ? limitProcess(pid) : fillGpu(provider);
}

function limitProcess(pid: number): TakenMemory | string {
  const size = 1024 * Number(/^VmSize:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  const limit = (bytes: string) =>
    spawnSync('prlimit', ['--pid', String(pid), `--as=${bytes}`], { stdio: 'ignore' }).status === 0;
  if (!limit(`${size + LEFT}:`)) return 'There is no prlimit, or it may not limit another process.';
  return {
    giveBack: async () => {
      limit('unlimited:');
    },
  };
}

/** Milliseconds that the filling may take. */
const FILL_MILLIS = 120_000;

async function fillGpu(provider: ProviderName): Promise<TakenMemory | string> {
  const child: ChildProcess = spawn(process.execPath, [__filename, 'fill', provider], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const exit = once(child, 'exit');
  const giveBack = async () => {
    child.kill('SIGKILL');
    await exit;
  };
  const late = setTimeout(() => child.kill('SIGKILL'), FILL_MILLIS);
  const [said] = await Promise.race([once(lines, 'line'), exit]);
  clearTimeout(late);
  if (typeof said === 'string' && said.startsWith('full')) return { giveBack };
  return `The process that was to fill the memory of the GPU ended, or took longer than ${FILL_MILLIS / 1000} s.`;
}

/** Tensors of so many numbers, the largest first, until not even the smallest fits. */
const SIZES = [2 ** 27, 2 ** 24, 2 ** 21];

/** A device's memory as the filling sees it. */
export interface Filling {
  /** Takes so many numbers of 4 bytes. May reject where they do not fit; not every provider does. */
  readonly take: (numbers: number) => Promise<void>;
  /** Bytes of the device that are free, and how many it has. */
  readonly memory: () => { readonly free: number; readonly total: number } | undefined;
}

/**
 * Takes tensors until the device is full: a smaller size where one is refused, where the device has no room for it any more, or where
 * its free memory does not fall with it (WebGPU logs a failed allocation and carries on). Resolves with the bytes that were taken.
 */
export async function fill({ take, memory }: Filling, sizes: readonly number[] = SIZES): Promise<number> {
  let taken = 0;
  for (const size of sizes) {
    const bytes = 4 * size;
    for (;;) {
      const before = memory();
      if (before !== undefined && (before.free < bytes || taken + bytes > before.total)) break;
      try {
        await take(size);
      } catch {
        break;
      }
      const after = memory();
      if (before !== undefined && after !== undefined && before.free - after.free < bytes / 2) break;
      taken += bytes;
    }
  }
  return taken;
}

/** Runs in a process of its own: fills the device, says `full`, and holds it until it is ended. */
export async function fillDevice(provider: ProviderName): Promise<void> {
  const graph = new GraphWriter();
  graph.input('x', DataType.FLOAT, [1]);
  graph.input('length', DataType.INT64, [1]);
  const wide = graph.op('Expand', ['x', 'length']);
  graph.op('Add', [wide, 'x'], {}, 'y');
  graph.output('y', DataType.FLOAT, ['n']);
  const session = await InferenceSession.create(graph.finish(), {
    executionProviders: [provider],
    preferredOutputLocation: 'gpu-buffer',
    logSeverityLevel: 3,
  });
  const held: Tensor[] = [];
  const x = new Tensor('float32', Float32Array.of(1), [1]);
  const taken = await fill({
    take: async (numbers) => {
      const length = new Tensor('int64', BigInt64Array.of(BigInt(numbers)), [1]);
      const { y } = await session.run({ x, length });
      if (y !== undefined) held.push(y);
    },
    memory: gpuMemory,
  });
  process.stdout.write(`full: ${taken} bytes\n`);
  setInterval(() => held.length, 1000);
}
