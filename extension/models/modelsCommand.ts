// Runs `palimpsest models …` and `palimpsest cache …` in a process of its own: a download neither holds the extension host nor ends with a crash of the
// engine, and the editor and the shell install in the same way. Its standard input is the leash: when it closes, the install
// pauses, also where the editor was killed.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { EngineError, type ErrorCode, toEngineError } from '../../engine/errors';
import { type EngineCommand, startProcess } from '../../engine/rpc/childProcess';
import { isRecord } from '../common/records';

interface ModelsProgress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

interface RunContext {
  /** Asked for each run: the runtime and the settings may have changed. */
  readonly command: () => Promise<Omit<EngineCommand, 'args'>>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ModelsProgress) => void;
}

export function runModels(words: readonly string[], context: RunContext): Promise<unknown> {
  return runCommand(['models', ...words], context);
}

/** The object that the command prints. Rejects with the error that it reports. */
export async function runCommand(
  words: readonly string[],
  { command, signal, onProgress }: RunContext,
): Promise<unknown> {
  const child = await startProcess({ ...(await command()), args: [...words, '--json'] });
  const pause = () => child.stdin.end();
  if (signal?.aborted) pause();
  signal?.addEventListener('abort', pause, { once: true });
  // A pipe that is closed already is one that nobody reads.
  child.stdin.on('error', () => undefined);
  try {
    const lines: string[] = [];
    const events = createInterface({ input: child.stderr });
    events.on('line', (line) => {
      const progress = progressOf(line);
      if (progress) onProgress?.(progress);
      else lines.push(line);
    });
    const [output] = await Promise.all([textOf(child), once(child, 'close')]);
    return resultOf(output, lines.join(' '));
  } finally {
    signal?.removeEventListener('abort', pause);
    child.stdin.end();
  }
}

async function textOf({ stdout }: ChildProcessWithoutNullStreams): Promise<string> {
  let text = '';
  stdout.setEncoding('utf8');
  for await (const piece of stdout) text += piece;
  return text;
}

function resultOf(output: string, complaints: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch (error) {
    const words = complaints || 'The palimpsest command ended without an answer.';
    throw new EngineError('internal', words, { ended: complaints === '' }, { cause: error });
  }
  if (!isRecord(value)) throw new EngineError('internal', 'The palimpsest command gave no object.');
  const { error } = value;
  if (error === undefined) return value;
  throw errorOf(error);
}

/** Of an install: why the model’s weights could not be quantised. */
export function unpreparedOf(answer: unknown): string | undefined {
  const why = isRecord(answer) ? answer['unprepared'] : undefined;
  return typeof why === 'string' ? why : undefined;
}

function errorOf(error: unknown): EngineError {
  if (!isRecord(error) || typeof error['message'] !== 'string') return toEngineError(error);
  const data = isRecord(error['data']) ? error['data'] : {};
  // The command is of the same version, so its codes are ours.
  return new EngineError(String(error['code']) as ErrorCode, error['message'], data);
}

function progressOf(line: string): ModelsProgress | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (!isRecord(value)) return undefined;
    const { phase, done, total } = value;
    return typeof phase === 'string' && typeof done === 'number' && typeof total === 'number'
      ? { phase, done, total }
      : undefined;
  } catch {
    return undefined;
  }
}
