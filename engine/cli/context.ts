// Everything a sub-command touches outside itself, so that tests can put a scripted model and a fake terminal there.
import type { Checkpoint, DecoderShape } from '../checkpoint/types';
import type { BuildGraph, BuiltGraph, GraphOptions, Precision } from '../graph/types';
import type { LoadContext, LoadModel, Model } from '../model';
import type { LoadModelParams, ProviderChoice, ServerParams } from '../protocol';
import type { MachineReport } from '../runtime/devices';
import type { Forward } from '../runtime/forward';
import type { ProviderDecision } from '../runtime/providers';
import type { SessionOptions } from '../runtime/session';
import type { Clock } from './liveView';
import type { CommandSpec, ParsedArguments } from './options';
import type { Environment, Output } from './style';

/** One unbatched forward pass over a whole sequence, every row's logits wanted. */
export interface LogitsRequest {
  /** [S] */
  readonly ids: Int32Array;
  /** [S] */
  readonly positions: Int32Array;
  /** Whether the row `query` sees the token `key`. */
  readonly sees: (query: number, key: number) => boolean;
}

interface DisposableForward extends Forward {
  dispose(): Promise<void>;
}

/** The engine's own functions, as the sub-commands call them. */
export interface Engine {
  readonly loadModel: LoadModel;
  /** A model that runs on a server, under this name. */
  readonly connectServer: (
    name: string,
    server: ServerParams,
    context: Pick<LoadContext, 'signal'>,
    env: Environment,
  ) => Promise<Model>;
  /** Loading without its last step: the quantised weights are there afterwards, and nothing of them in memory. */
  readonly prepareModel: (
    params: LoadModelParams,
    context: LoadContext,
  ) => Promise<{ readonly graph: Pick<BuiltGraph, 'madeFiles'> }>;
  readonly openCheckpoint: (folder: string) => Promise<Checkpoint>;
  /** What to build a graph with, so that it computes right on this machine. */
  readonly precisionHere: (precision: Precision) => Promise<Pick<GraphOptions, 'precision' | 'weightBits'>>;
  readonly buildGraph: BuildGraph;
  readonly createForward: (
    graph: BuiltGraph,
    shape: DecoderShape,
    options: SessionOptions,
  ) => Promise<DisposableForward>;
  /** Raw fp32 logits of the CPU provider, [S, V] row by row, before any shift. */
  readonly logits: (graph: BuiltGraph, shape: DecoderShape, request: LogitsRequest) => Promise<Float32Array>;
  readonly describeMachine: (cacheFolder: string) => Promise<MachineReport>;
  /** Takes the CUDA provider out of the Python package at `file`; what was found out about CUDA is forgotten. */
  readonly addCuda: (file: string, cacheFolder: string) => Promise<void>;
  readonly decideProvider: (choice: ProviderChoice, cacheFolder: string) => Promise<ProviderDecision>;
}

export interface CommandContext {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  /** Relative paths start here. */
  readonly folder: string;
  /** Folder that package.json lies in. */
  readonly packageFolder: string;
  readonly version: string;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  /** For work that cannot be cancelled: Ctrl-C ends the process meanwhile. Absent: nothing does. */
  readonly uncancelled?: <T>(work: () => Promise<T>) => Promise<T>;
  readonly clock: Clock;
  /** Bytes of memory that a model has to fit into; absent: as many as this machine has. */
  readonly memory?: number;
  readonly engine: Engine;
}

export interface Command {
  readonly spec: CommandSpec;
  /** Gives the exit code; throws EngineError. */
  run(parsed: ParsedArguments, context: CommandContext): Promise<number>;
}
