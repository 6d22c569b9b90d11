// Runs in a child process of startUp.ts. `phases`: the way to a first denoise step, with the CPU time of each part.
// `empty`: what Node and ONNX Runtime take without us. Prints one line of JSON.
import fs from 'node:fs';

export interface Phase {
  readonly name: string;
  /** Milliseconds since the last phase. */
  readonly cpu: number;
  readonly wall: number;
}
export interface ChildReport {
  readonly phases: readonly Phase[];
  /** Bytes at most, since the start (Linux; 0 elsewhere). */
  readonly peak: number;
}

const phases: Phase[] = [];
let cpuBefore = 0;
let wallBefore = 0;

function mark(name: string): void {
  const { user, system } = process.cpuUsage();
  const cpu = (user + system) / 1000;
  const wall = performance.now();
  phases.push({ name, cpu: cpu - cpuBefore, wall: wall - wallBefore });
  cpuBefore = cpu;
  wallBefore = wall;
}

/** Peak resident memory of a process, bytes. */
export function peakMemory(pid: number | 'self'): number {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
    return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function runPhases(folder: string, cacheFolder: string, text: string): Promise<void> {
  mark('Node');
  await import('../../engine/process/engineProcess');
  mark("the process's own code");
  await import('../../engine/runtime/onnxRuntime');
  mark("ONNX Runtime's library");
  const { openCheckpoint } = await import('../../engine/checkpoint/open');
  const { readCalibration } = await import('../../engine/calibration/file');
  const { decideProvider } = await import('../../engine/runtime/providers');
  const { rememberedProbe } = await import('../../engine/runtime/probe');
  const { buildGraph } = await import('../../engine/graph/build');
  const { DecoderSession } = await import('../../engine/runtime/session');
  const { Infiller } = await import('../../engine/infill/infiller');
  await import('../../engine/loadModel');
  mark("the engine's code");
  const checkpoint = await openCheckpoint(folder);
  const calibration = await readCalibration(checkpoint);
  mark('checkpoint and tokenizer');
  const { provider, attention, reason } = await decideProvider('auto', (name) =>
    rememberedProbe(name, cacheFolder),
  );
  mark('execution provider, from memory');
  const options = { precision: 'q8', attention, cacheOutput: 'new', topK: 24 } as const;
  const graph = await buildGraph(checkpoint, options, { cacheFolder });
  mark('graph, and the quantised file found');
  const session = await DecoderSession.create(graph, checkpoint.shape, { provider, threads: 2 });
  mark('session');
  const description = {
    folder,
    name: checkpoint.name,
    family: checkpoint.family.id,
    familyTitle: checkpoint.family.title,
    parameters: checkpoint.parameters,
    contextLength: checkpoint.shape.contextLength,
    provider,
    providerReason: reason,
    attention,
    precision: options.precision,
    storedPrecision: checkpoint.storedDtype,
    takesInstruction: false,
    remarks: [],
  };
  const at = text.indexOf('\n', text.length / 2);
  let first = true;
  await new Infiller(checkpoint, description, session, calibration).infill(
    {
      requestId: 1,
      model: folder,
      priority: 'ghost',
      text,
      language: 'typescript',
      spans: [{ start: at, end: at }],
      maxTokens: 12,
    },
    {
      onStep: () => {
        if (first) mark('text encoded, context and first denoise step');
        first = false;
      },
    },
  );
  await session.dispose();
}

async function runEmpty(): Promise<void> {
  const { InferenceSession } = await import('../../engine/runtime/onnxRuntime');
  const { DataType, GraphWriter } = await import('../../engine/graph/onnxWriter');
  const graph = new GraphWriter();
  graph.op('Neg', [graph.input('x', DataType.FLOAT, [1])], {}, 'y');
  graph.output('y', DataType.FLOAT, [1]);
  const session = await InferenceSession.create(graph.finish(), { intraOpNumThreads: 2 });
  await session.release();
  mark('all');
}

async function main(): Promise<void> {
  const [kind, folder = '', cacheFolder = '', file = ''] = process.argv.slice(2);
  if (kind === 'phases') await runPhases(folder, cacheFolder, fs.readFileSync(file, 'utf8'));
  else await runEmpty();
  const report: ChildReport = { phases, peak: peakMemory('self') };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
