// A server and a client over streams in memory, with a scripted model.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type { ErrorCode } from '../../../engine/errors';
import { EngineResources } from '../../../engine/process/resources';
import type { ScheduleLimits } from '../../../engine/process/schedule';
import { type EndReason, EngineServer, type ServerOptions } from '../../../engine/process/server';
import {
  type DenoiseStepEvent,
  ERROR_RPC_CODE,
  type InfillParams,
  type LoadProgress,
  METHODS,
  PROTOCOL_VERSION,
  type ReadingEvent,
  type ScoringEvent,
} from '../../../engine/protocol';
import { ScriptedLoader } from './scriptedModel';

export const A = '/models/a';
export const CANCEL = '$/cancelRequest';

export interface Bench {
  readonly loader: ScriptedLoader;
  readonly server: EngineServer;
  readonly connection: MessageConnection;
  /** What the server reads. */
  readonly input: PassThrough;
  readonly ended: Promise<EndReason>;
  readonly logs: string[];
  readonly steps: DenoiseStepEvent[];
  readonly progress: LoadProgress[];
  /** Sends a request; `text` is the script of the model. */
  infill(
    requestId: number,
    text: string,
    more?: Partial<InfillParams>,
    token?: CancellationTokenSource,
  ): Promise<unknown>;
}

/** A server and a client over two in-memory streams. */
export async function setUp(
  ready = true,
  options: Partial<ServerOptions> & { readonly loader?: ScriptedLoader } = {},
  limits?: ScheduleLimits,
): Promise<Bench> {
  const { loader = new ScriptedLoader() } = options;
  const input = new PassThrough();
  const output = new PassThrough();
  const logs: string[] = [];
  let end: (reason: EndReason) => void = () => undefined;
  const ended = new Promise<EndReason>((resolve) => {
    end = resolve;
  });
  const server = EngineServer.start({
    input,
    output,
    resources: new EngineResources(loader.loadModel, limits),
    engineVersion: '1.2.3',
    log: (level, message) => logs.push(`${level} ${message}`),
    onEnd: end,
    stopMillis: 200,
    ...options,
  });
  const connection = createMessageConnection(new StreamMessageReader(output), new StreamMessageWriter(input));
  const steps: DenoiseStepEvent[] = [];
  const progress: LoadProgress[] = [];
  connection.onNotification(METHODS.denoiseStep, (event: DenoiseStepEvent) => void steps.push(event));
  connection.onNotification(METHODS.loadProgress, (event: LoadProgress) => void progress.push(event));
  connection.listen();
  if (ready) {
    await connection.sendRequest(METHODS.initialise, initialise());
    await connection.sendRequest(METHODS.loadModel, { folder: A });
  }
  const infill: Bench['infill'] = (requestId, text, more = {}, token = new CancellationTokenSource()) =>
    connection.sendRequest(METHODS.infill, request(requestId, text, more), token.token);
  return { loader, server, connection, input, ended, logs, steps, progress, infill };
}

export function initialise(protocolVersion = PROTOCOL_VERSION) {
  return { protocolVersion, parentPid: process.pid, cacheFolder: '/cache' };
}

export function request(requestId: number, text: string, more: Partial<InfillParams> = {}): InfillParams {
  return {
    requestId,
    model: A,
    priority: 'rewrite',
    text,
    spans: [{ start: 0, end: 1 }],
    ...more,
  };
}

export async function rejects(promise: Promise<unknown>, code: ErrorCode, data?: object): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof ResponseError, String(error));
    assert.equal(error.code, ERROR_RPC_CODE);
    assert.equal(error.data.code, code, error.message);
    assert.ok(error.message.length > 10);
    if (data !== undefined) assert.deepEqual(error.data.data, data);
    return true;
  });
}

/** Turns of the event loop until it holds; fails when it does not for long. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 5000 && !holds(); i++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(holds(), `never: ${holds}`);
}

/** What is told of requests, each time before the first step of that one. */
export function sharesOf(
  method: typeof METHODS.scoring | typeof METHODS.reading,
  connection: MessageConnection,
  steps: readonly DenoiseStepEvent[],
): readonly (readonly [number, number])[] {
  const heard: (readonly [number, number])[] = [];
  connection.onNotification(method, ({ requestId, done }: ScoringEvent | ReadingEvent) => {
    assert.ok(
      steps.every((one) => one.requestId !== requestId),
      'before its first step',
    );
    heard.push([requestId, done]);
  });
  return heard;
}

/** A message as it is sent. */
export function frame(body: unknown): Buffer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return Buffer.from(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}
