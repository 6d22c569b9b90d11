// The process around the command: signals, broken pipes, the cursor, and the exit code.
import fs from 'node:fs';
import path from 'node:path';
import type { CommandContext, Engine } from './context';
import { restoreCursors, systemClock } from './liveView';

const EXIT_INTERRUPTED = 130;

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

/** Runs the command in this process with the engine given; ends with its exit code. */
export function runInTerminal(
  packageFolder: string,
  engine: Engine,
  runCommand: (words: readonly string[], context: CommandContext) => Promise<number>,
): void {
  const controller = new AbortController();
  const interrupt = () => {
    // The second time nobody wants to wait for the step under way.
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort();
    process.stdin.destroy();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', interrupt);
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
    signal: controller.signal,
    clock: systemClock,
    engine,
  };
  runCommand(process.argv.slice(2), context).then(
    (code) => {
      process.exitCode = code;
    },
    (error) => {
      process.stderr.write(`palimpsest: ${String(error)} [internal]\n`);
      process.exitCode = 1;
    },
  );
}
