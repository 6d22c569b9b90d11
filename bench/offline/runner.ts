// Runs parts one after the other, each in a process of its own under its own time limit: a driver that hangs or aborts takes one part
// with it, and what was found until then is on disk.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Part } from './part';
import { type Line, parseLine } from './report';
import { type PartResult, type RunResult, writeResults } from './results';

export interface RunnerOptions {
  readonly results: string;
  readonly isQuick: boolean;
  /** Starts the process of a part that is cut off after `seconds`: its lines come on file descriptor 3. */
  readonly command: (
    part: string,
    seconds: number,
  ) => { readonly file: string; readonly args: readonly string[] };
  readonly env: NodeJS.ProcessEnv;
  readonly facts: Pick<RunResult, 'version' | 'revision' | 'machine'>;
  /** Times every part's limit; for machines that are slower than any GPU. */
  readonly patience: number;
  /** Fires when the run is to end now. */
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

export async function runParts(parts: readonly Part[], options: RunnerOptions): Promise<RunResult> {
  const { results, isQuick, facts, signal, say } = options;
  const started = new Date().toISOString();
  const done: PartResult[] = [];
  const resultOf = (all: readonly PartResult[]): RunResult => ({
    ...facts,
    isQuick,
    started,
    parts: all,
    left: parts.slice(all.length).map(({ name }) => name),
  });
  writeResults(results, resultOf(done));
  for (const part of parts) {
    if (signal.aborted) break;
    say(`${part.name}: ${part.title} …`);
    // In the midst of a part, too: a machine may be taken away without a signal.
    const result = await runPart(part, options, (running) =>
      writeResults(results, resultOf([...done, running])),
    );
    done.push(result);
    writeResults(results, resultOf(done));
    say(
      `  ${result.state} in ${result.seconds.toFixed(1)} s${result.remark === undefined ? '' : `. ${result.remark}`}`,
    );
  }
  return resultOf(done);
}

const CUT_OFF = {
  state: 'cut-off',
  remark: 'The run was ended from outside; what is here came before.',
} as const;

/** What is left on disk where the machine goes away without a signal. */
const RUNNING = {
  state: 'cut-off',
  remark: 'This part has not ended: it is still running, or the machine went away.',
} as const;

/** `heard`: called at each line, with the part as it stands. */
async function runPart(
  part: Part,
  options: RunnerOptions,
  heard: (running: PartResult) => void,
): Promise<PartResult> {
  const { command, env, results, patience, signal, say } = options;
  const begun = performance.now();
  const limit = part.limit * patience;
  const { file, args } = command(part.name, limit);
  const logFile = path.join(results, 'logs', `${part.name}.log`);
  fs.mkdirSync(path.dirname(logFile), { recursive: true });
  const log = fs.openSync(logFile, 'w');
  const lines: Line[] = [];
  const resultOf = (end: Pick<PartResult, 'state' | 'remark'>): PartResult => ({
    ...{ name: part.name, title: part.title, ...end },
    ...{ seconds: (performance.now() - begun) / 1000, lines },
  });
  // A process group of its own, so that what a part has started ends with it.
  const child = spawn(file, args, { env, stdio: ['ignore', log, log, 'pipe'], detached: true });
  fs.closeSync(log);
  let ended: 'timed-out' | 'cut-off' | undefined;
  const end = (why: 'timed-out' | 'cut-off') => {
    ended ??= why;
    killGroup(child);
  };
  const timer = setTimeout(() => end('timed-out'), limit * 1000);
  const abort = () => end('cut-off');
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  const reading = createInterface({ input: child.stdio[3] as Readable });
  reading.on('line', (text) => {
    const line = parseLine(text);
    if (line === undefined) return;
    lines.push(line);
    heard(resultOf(RUNNING));
    if (line.kind === 'check') say(`  ${line.ok ? 'ok' : 'FAILED'}: ${line.name}. ${line.detail}`);
  });
  const allRead = new Promise<void>((resolve) => reading.once('close', resolve));
  const exit = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${error.message}`));
    child.once('exit', (code, killed) => resolve(code === 0 ? undefined : (killed ?? `exit code ${code}`)));
  });
  clearTimeout(timer);
  signal.removeEventListener('abort', abort);
  // What it leaves behind would take the device from the next part, and keep the pipe open.
  killGroup(child);
  await allRead;
  return resultOf(verdict(lines, exit, ended, limit, logFile));
}

function verdict(
  lines: readonly Line[],
  exit: string | undefined,
  ended: 'timed-out' | 'cut-off' | undefined,
  limit: number,
  logFile: string,
): Pick<PartResult, 'state' | 'remark'> {
  if (ended === 'timed-out')
    return { state: ended, remark: `It was ended after ${limit} s; what is here came before.` };
  if (ended === 'cut-off') return CUT_OFF;
  if (exit !== undefined) return { state: 'crashed', remark: `${exit}: ${lastLine(logFile)}` };
  const checks = lines.filter((line) => line.kind === 'check');
  if (checks.length === 0) {
    return lines.some((line) => line.kind === 'skipped')
      ? { state: 'left-out' }
      : { state: 'failed', remark: 'It checked nothing, and does not say why.' };
  }
  return { state: checks.every(({ ok }) => ok) ? 'passed' : 'failed' };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left of it.
  }
}

function lastLine(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  } catch {
    return '';
  }
}
