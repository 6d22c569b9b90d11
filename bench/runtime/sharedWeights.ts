// What a second window costs with weights that are packed in memory, as they are, and with weights that are packed in a file,
// which the system maps once for all windows: memory of one and of two engines together, and what a pass takes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { openCheckpoint } from '../../engine/checkpoint/open';
import { buildGraph } from '../../engine/graph/build';
import { headRowsFor } from '../../engine/graph/memory';
import { openBias } from '../../engine/runtime/forward';
import { precisionHere } from '../../engine/runtime/integerProducts';
import { kvTensors, voidKv } from '../../engine/runtime/kvState';
import { InferenceSession, Tensor } from '../../engine/runtime/onnxRuntime';
import { benchFolder, figure, markdownTable, median, progress, publish, ratio, runBench } from '../harness';
import { proportionalMemory } from './processFigures';
import { DREAMON_HALF, randomDreamOn } from './randomDreamOn';
import { shapeText } from './randomModel';

const FORMS = {
  packed: 'packed in memory (as it is)',
  unpacked: 'not packed (`session.disable_prepacking`)',
  file: 'packed in a file (`session.save_external_prepacked_constant_initializers`)',
} as const;
type Form = keyof typeof FORMS;
/** `write`: makes the file of the form `file`. */
type Job = Form | 'write';

/** Tokens of a pass. */
const PASSES = [16, 64, 192] as const;
const ROUNDS = 5;
const ROWS = 16;

interface Report {
  readonly createMillis: number;
  /** Milliseconds, by PASSES. */
  readonly passes: readonly number[];
}

function packedFile(): string {
  return path.join(benchFolder('packed'), 'model.onnx');
}

async function createSession(job: Job, folder: string) {
  const checkpoint = await openCheckpoint(folder);
  const { shape } = checkpoint;
  const graph = await buildGraph(
    checkpoint,
    {
      ...(await precisionHere('int8')),
      attention: 'plain',
      cacheOutput: 'new',
      topK: 24,
      headRows: headRowsFor(shape.vocabSize),
    },
    { cacheFolder: benchFolder('side') },
  );
  const options = {
    executionProviders: ['cpu'],
    intraOpNumThreads: 2,
    interOpNumThreads: 1,
    enableMemPattern: false,
    logSeverityLevel: 3 as const,
  };
  const common = { intra_op: { allow_spinning: '0' } };
  const begun = performance.now();
  const session =
    job === 'file'
      ? await InferenceSession.create(packedFile(), { ...options, extra: { session: common } })
      : await InferenceSession.create(graph.model, {
          ...options,
          ...(job === 'write' ? { optimizedModelFilePath: packedFile() } : {}),
          extra: {
            session: {
              ...common,
              model_external_initializers_file_folder_path: graph.dataFolder,
              ...(job === 'unpacked' ? { disable_prepacking: '1' } : {}),
              ...(job === 'write'
                ? {
                    save_external_prepacked_constant_initializers: '1',
                    optimized_model_external_initializers_file_name: 'weights.bin',
                    optimized_model_external_initializers_min_size_in_bytes: '1024',
                  }
                : {}),
            },
          },
        });
  return { session, shape, createMillis: performance.now() - begun };
}

/** In a process of its own: says its figures, and stays until its standard input closes. */
async function child(job: Job, folder: string): Promise<void> {
  const { session, shape, createMillis } = await createSession(job, folder);
  const pass = async (length: number): Promise<number> => {
    const past = voidKv(shape);
    const bias = openBias(1, length);
    const feeds: Record<string, Tensor> = {
      input_ids: new Tensor('int32', new Int32Array(length), [1, length]),
      position_ids: new Tensor(
        'int64',
        BigInt64Array.from({ length }, (_, i) => BigInt(i)),
        [1, length],
      ),
      attn_bias: new Tensor('float32', bias.data, [bias.lanes, 1, bias.rows, past.positions + length]),
      rows: new Tensor(
        'int32',
        Int32Array.from({ length: ROWS }, (_, i) => i),
        [ROWS],
      ),
      logit_bias: new Tensor('float32', new Float32Array(shape.vocabSize), [1, shape.vocabSize]),
      logit_bias_row: new Tensor('int32', new Int32Array(ROWS), [ROWS]),
      inverse_temperature: new Tensor('float32', new Float32Array(ROWS).fill(1), [ROWS, 1]),
      targets: new Tensor('int32', new Int32Array(ROWS), [ROWS, 1]),
    };
    for (let layer = 0; layer < shape.layers; layer++) {
      const { k, v } = kvTensors(past, layer, shape);
      feeds[`past_k.${layer}`] = k;
      feeds[`past_v.${layer}`] = v;
    }
    const begun = performance.now();
    await session.run(feeds, ['top_ids', 'top_logprobs', 'entropy', 'target_logprobs']);
    return performance.now() - begun;
  };
  const passes: number[] = [];
  for (const length of job === 'write' ? [] : PASSES) {
    const times: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) times.push(await pass(length));
    passes.push(Math.min(...times.slice(1)));
  }
  const report: Report = { createMillis, passes };
  console.log(JSON.stringify(report));
  for await (const _ of process.stdin);
}

async function start(
  job: Job,
  folder: string,
): Promise<{ readonly engine: ChildProcess; readonly report: Report }> {
  const engine = spawn(process.execPath, ['--import', 'tsx', __filename, '--child', job, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (engine.stdout === null) throw new Error('The process has no output.');
  for await (const line of createInterface({ input: engine.stdout }))
    return { engine, report: JSON.parse(line) as Report };
  throw new Error(`The process for "${job}" ended without an answer.`);
}

async function stop(engine: ChildProcess): Promise<void> {
  const over = once(engine, 'exit');
  engine.stdin?.end();
  await over;
}

async function main(): Promise<void> {
  const [flag, job, place] = process.argv.slice(2);
  if (flag === '--child') return child(job as Job, place ?? '');
  const { folder } = await randomDreamOn();
  const written = await start('write', folder);
  await stop(written.engine);
  const rows: string[][] = [];
  for (const form of Object.keys(FORMS) as Form[]) {
    const first = await start(form, folder);
    const one = proportionalMemory(first.engine.pid ?? 0);
    const second = await start(form, folder);
    const two = [first, second].reduce((sum, { engine }) => sum + proportionalMemory(engine.pid ?? 0), 0);
    const reports = [first.report, second.report];
    rows.push([
      FORMS[form],
      figure(one / 1e6),
      figure(two / 1e6),
      ratio(two / one),
      figure(median(reports.map(({ createMillis }) => createMillis)) / 1000),
      ...PASSES.map((_, i) => figure(Math.min(...reports.map(({ passes }) => passes[i] ?? Number.NaN)))),
    ]);
    progress(rows.at(-1)?.join(' | ') ?? '');
    await Promise.all([first, second].map(({ engine }) => stop(engine)));
  }
  const bytes = fs.statSync(path.join(path.dirname(packedFile()), 'weights.bin')).size;
  publish({
    name: 'sharedWeights',
    title: 'Weights that two windows share',
    facts: [`Random weights with DreamOn's tokens (${shapeText(DREAMON_HALF)}), int8, two threads`],
    sections: [
      `Memory in MB after passes of up to ${PASSES.at(-1)} tokens, where a page that both engines have counts once (PSS). The fastest of ${2 * ROUNDS} passes with ${ROWS} rows each, in ms, both engines in turn. The file of packed weights takes ${figure(bytes / 1e6)} MB on disk, and ${figure(written.report.createMillis / 1000)} s to write.`,
      markdownTable(
        [
          'weights',
          'one window',
          'two windows',
          'ratio',
          'session, s',
          ...PASSES.map((length) => `${length} tokens, ms`),
        ],
        rows,
      ),
    ],
  });
  fs.rmSync(path.dirname(packedFile()), { recursive: true, force: true });
}

runBench(main);
