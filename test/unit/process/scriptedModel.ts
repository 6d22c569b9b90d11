// A model that does what the text of the request says, so that the server and the process are tested without weights.
import fs from 'node:fs';
import { EngineError, throwIfCancelled } from '../../../engine/errors';
import type { LoadedModel, LoadModel } from '../../../engine/model';
import type {
  DenoiseStepEvent,
  Estimate,
  InfillParams,
  InfillResult,
  LoadModelParams,
  ModelDescription,
  ScoreParams,
  ScoreResult,
} from '../../../engine/protocol';

type Infill = Parameters<LoadedModel['infill']>;
type Context = NonNullable<Infill[1]>;

/** Lines on standard error: only what is no message shows when the event loop is taken, or the output is full. */
export const BLOCKED = 'the event loop is taken';
export const FLOODED = 'all steps are sent';
/** What a scoring tells, and the reading of what is around a span, where there is an instruction. */
export const SHARES: readonly number[] = [0, 0.5, 1];

/**
 * What `text` may say: `steps N`, `forever` (until the signal, or until its draft is enough), `deaf N` (N steps without a look at the signal),
 * `flood N` (N steps of which each has a large event; says on standard error that it is over), `block MILLIS` (a forward
 * pass that takes the event loop; says on standard error that it begins),
 * `slower MILLIS` (from then on a pass takes so long), `changed FILE` (its files have changed, in the first process, which notes itself in FILE), `fail CODE`, `throw`, `print` (as a library would), `garbage` (where only messages may stand), `crash`, `exit N`, `unserialisable`.
 */
export class ScriptedModel implements LoadedModel {
  /** requestId of each infill that began, in order. */
  readonly begun: number[] = [];
  /** What each of them could copy from. */
  readonly indexes: Context['index'][] = [];
  /** Steps done in all. */
  steps = 0;
  disposed = 0;
  /** Ends a run that nothing else ends. */
  halted = false;

  constructor(public description: ModelDescription) {}

  get checkpoint(): never {
    throw new Error('The process has no business with the checkpoint.');
  }

  async infill(params: InfillParams, context: Context = {}): Promise<InfillResult> {
    this.begun.push(params.requestId);
    this.indexes.push(context.index);
    if ((params.strength ?? 1) < 1)
      for (const done of SHARES) {
        context.onScored?.(done);
        await step();
      }
    if (params.instruction !== undefined)
      for (const done of SHARES) {
        context.onRead?.(done);
        await step();
      }
    const [verb = '', argument = '1'] = params.text.split(' ');
    const count = Number(argument);
    switch (verb) {
      case 'forever':
        await this.denoise(params, context, Number.POSITIVE_INFINITY);
        break;
      case 'deaf':
        await this.denoise(params, context.onStep ? { onStep: context.onStep } : {}, count);
        break;
      case 'block': {
        const until = performance.now() + count;
        fs.writeSync(2, `${BLOCKED}\n`);
        while (performance.now() < until);
        break;
      }
      case 'fail':
        throw new EngineError(
          argument === 'out-of-memory' || argument === 'device-lost' ? argument : 'runtime-failed',
          'It failed as asked.',
          {
            asked: argument,
          },
        );
      case 'gpu-fails':
        // As ONNX Runtime logs it, and goes on.
        fs.writeSync(2, 'webgpu_context.cc:171 WebGPU device error(3): VK_ERROR_OUT_OF_DEVICE_MEMORY\n');
        await this.denoise(params, context, 1);
        break;
      case 'changed':
        // In the first process that is asked; one that is started later has the files as they are now.
        if (!fs.existsSync(argument)) fs.writeFileSync(argument, String(process.pid));
        if (fs.readFileSync(argument, 'utf8') === String(process.pid)) {
          throw new EngineError('model-changed', 'The files have changed since it was loaded.');
        }
        await this.denoise(params, context, 1);
        break;
      case 'slower':
        this.description = { ...this.description, isSlow: true, passMillis: count };
        break;
      case 'throw':
        throw new TypeError('undefined is not a function');
      case 'unserialisable':
        throw new EngineError('runtime-failed', 'It failed with odd data.', { size: 1n });
      case 'print':
        console.log('a library prints');
        process.stdout.write('Content-Length: rubbish\r\n\r\n');
        break;
      case 'garbage':
        fs.writeSync(1, 'Segmentation fault (core dumped)\n');
        await this.denoise(params, context, 50);
        break;
      case 'crash':
        void Promise.reject(new Error('nobody catches this'));
        await this.denoise(params, context, 50);
        break;
      case 'exit':
        process.exit(count);
        break;
      default:
        await this.denoise(params, context, count, verb === 'flood' ? 2000 : 1);
        if (verb === 'flood') fs.writeSync(2, `${FLOODED}\n`);
    }
    return this.result(params);
  }

  estimate(params: InfillParams): Estimate {
    const millis = this.description.isSlow ? 10_000 : 100;
    return { masks: params.spans.length, firstMillis: 10, millis };
  }

  async score(params: ScoreParams, context: Pick<Context, 'signal' | 'onScored'> = {}): Promise<ScoreResult> {
    for (const done of SHARES) {
      context.onScored?.(done);
      await step();
    }
    if (params.text === 'forever') {
      for (;;) {
        await step();
        throwIfCancelled(context.signal);
      }
    }
    const { start, end } = params.range ?? { start: 0, end: params.text.length };
    return {
      model: this.description.name,
      method: 'masked',
      forwards: 1,
      millis: 0,
      tokens: [
        { start, end, text: params.text.slice(start, end), surprise: 1, expected: 1, alternatives: [] },
      ],
      ...(params.withEnd
        ? { end: { surprise: 5, expected: 1, alternatives: [{ text: '(', probability: 0.5 }] } }
        : {}),
    };
  }

  async dispose(): Promise<void> {
    this.disposed++;
  }

  private async denoise(params: InfillParams, context: Context, steps: number, cells = 1): Promise<void> {
    for (let i = 1; i <= steps && !this.halted; i++) {
      await step();
      throwIfCancelled(context.signal);
      this.steps++;
      context.onStep?.(this.event(params.requestId, i, cells));
      if (context.enough?.()) return;
    }
  }

  private event(requestId: number, index: number, cells: number): DenoiseStepEvent {
    const cell = { text: 'x', state: 'draft', confidence: 0.5 } as const;
    return {
      requestId,
      step: index,
      span: 0,
      candidate: 0,
      cells: Array.from({ length: cells }, () => cell),
      committed: [],
      remasked: [],
    };
  }

  private result(params: InfillParams): InfillResult {
    const { name, family, provider, precision } = this.description;
    return {
      model: name,
      family,
      provider,
      precision,
      forwards: this.steps,
      tokens: 1,
      tokensPerForward: 1,
      millis: 0,
      candidates: [
        {
          score: -1,
          spans: params.spans.map(({ start, end }) => ({
            range: { start: { line: 1, column: start + 1 }, end: { line: 1, column: end + 1 } },
            start,
            end,
            text: `answer ${params.requestId}`,
          })),
        },
      ],
    };
  }
}

/** A forward pass of the real runtime gives the event loop one turn. */
function step(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Folders: `/models/NAME` loads at once; NAME may be `slow` (until the signal or `release`), `missing` or `broken`. Answers of `late`
 * are estimated to take ten seconds.
 */
export class ScriptedLoader {
  readonly models: ScriptedModel[] = [];
  loads = 0;
  loading = 0;
  private go: (() => void)[] = [];

  readonly loadModel: LoadModel = async (params, { signal, onProgress, together = 1 }) => {
    this.loads++;
    if (++this.loading > 1) throw new Error('Two loads at a time.');
    try {
      onProgress?.({ folder: params.folder, stage: 'opening' });
      const name = params.folder.split('/').pop() ?? '';
      if (name === 'missing') {
        throw new EngineError('checkpoint-missing', `There is no checkpoint in ${params.folder}.`, {
          folder: params.folder,
        });
      }
      if (name === 'broken') throw new RangeError('offset is out of bounds');
      if (name.startsWith('slow')) {
        await new Promise<void>((resolve) => {
          this.go.push(resolve);
          signal?.addEventListener('abort', () => resolve());
        });
        throwIfCancelled(signal);
      }
      onProgress?.({ folder: params.folder, stage: 'session', fraction: 1, weightBytes: 1e6 });
      const model = new ScriptedModel({ ...describe(params, name), ...(together > 1 ? { together } : {}) });
      this.models.push(model);
      return model;
    } finally {
      this.loading--;
    }
  };

  release(): void {
    for (const resolve of this.go.splice(0)) resolve();
  }
}

function describe(params: LoadModelParams, name: string): ModelDescription {
  return {
    folder: params.folder.replace('/linked/', '/models/'),
    name,
    family: 'palimpsest',
    familyTitle: 'Starter',
    parameters: 1,
    contextLength: 1024,
    provider: params.provider === undefined || params.provider === 'auto' ? 'cpu' : params.provider,
    providerReason: 'Scripted.',
    attention: 'plain',
    precision: params.precision === undefined || params.precision === 'auto' ? 'fp32' : params.precision,
    storedPrecision: 'F32',
    takesInstruction: false,
    memory: { weights: 1e6, process: 1e6, request: 1e6 },
    ...(name === 'late' ? { isSlow: true } : {}),
    remarks: [],
  };
}
