// The process around the command: signals, broken pipes, the cursor, and the exit code.
import fs from 'node:fs';
import path from 'node:path';
import type { CommandContext, Engine } from './context';
import { keepCursors, restoreCursors, systemClock } from './liveView';

function versionOf(packageFolder: string): string {
  try {
    const manifest: unknown = JSON.parse(fs.readFileSync(path.join(packageFolder, 'package.json'), 'utf8'));
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
      return String(manifest.version);
    }
  } catch {
    // A bundle that was moved away from its package still works.
  }
  return 'unknown';
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first signal cancels, which is seen between two steps; from then on, and while a native call that takes long holds the
 * event loop, a signal does what it does to any process: it ends this one at once, whatever that is busy with.
 */
class Interruption {
  private readonly controller = new AbortController();
  readonly signal = this.controller.signal;

  listen(): void {
    if (!this.signal.aborted) for (const name of SIGNALS) process.on(name, this.cancel);
  }

  /** For work that cannot be cancelled: nobody is left to give the cursor back. */
  ignore(): void {
    for (const name of SIGNALS) process.off(name, this.cancel);
    restoreCursors();
  }

  async without<T>(work: () => Promise<T>): Promise<T> {
    this.ignore();
    try {
      return await work();
    } finally {
      this.listen();
    }
  }

  private readonly cancel = (): void => {
    this.controller.abort();
    this.ignore();
    keepCursors();
    process.stdin.destroy();
  };
}

/** The engine, whose sessions are made, and whose whole sequences are run, in one native call. */
function interruptible(engine: Engine, interruption: Interruption): Engine {
  return {
    ...engine,
    loadModel: async (params, context) => {
      const onProgress: typeof context.onProgress = (progress) => {
        context.onProgress?.(progress);
        if (progress.stage === 'session') interruption.ignore();
      };
      try {
        return await engine.loadModel(params, { ...context, onProgress });
      } finally {
        interruption.listen();
      }
    },
    createForward: (...args) => interruption.without(() => engine.createForward(...args)),
    logits: (...args) => interruption.without(() => engine.logits(...args)),
  };
}

/** Runs the command in this process with the engine given; ends with its exit code, or by the second signal. */
export function runInTerminal(
  packageFolder: string,
  engine: Engine,
  runCommand: (words: readonly string[], context: CommandContext) => Promise<number>,
): void {
  const interruption = new Interruption();
  interruption.listen();
  // Whatever ends the process, the cursor is there again.
  process.on('exit', restoreCursors);
  // `palimpsest … | head` closes the pipe early, which is no failure.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? 0 : 1);
    });
  }
  const context: CommandContext = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    folder: process.cwd(),
    packageFolder,
    version: versionOf(packageFolder),
    signal: interruption.signal,
    uncancelled: (work) => interruption.without(work),
    clock: systemClock,
    engine: interruptible(engine, interruption),
  };
  runCommand(process.argv.slice(2), context).then(
    (code) => {
      process.exitCode = code;
      // Whoever listened for its end would keep the process.
      process.stdin.destroy();
    },
    (error) => {
      process.stderr.write(`palimpsest: ${String(error)} [internal]\n`);
      process.exitCode = 1;
    },
  );
}
