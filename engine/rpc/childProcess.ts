// Starts the engine as a genuine child process and ends it for certain, with whatever it has started itself.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { EngineError } from '../errors';
import { cleanEnvironment } from './environment';

export interface EngineCommand {
  /** A Node executable (`process.execPath` where that is one). */
  readonly node: string;
  /** dist/engine.js */
  readonly script: string;
  /** Arguments for Node, before the script, beside its own (`NODE_ARGS`). */
  readonly nodeArgs?: readonly string[];
  readonly args?: readonly string[];
  /** Cleaned before use; the client's own environment where absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** `node` is an Electron executable that has to be told to be Node. */
  readonly electronRunAsNode?: boolean;
}

/**
 * Bytes from which glibc maps an allocation by itself, so that it goes back to the system when it is freed. Left alone, the
 * border rises with the first large block that is freed, and weights and passes then share a heap full of holes that never
 * shrinks: 990 MB instead of 720 after a request to a model of 0.5B. Other allocators do not read it.
 */
const MAPPED_FROM = '131072';

/**
 * MiB of each of the three spaces for young objects. Left alone, newer versions of Node let them grow to 16, and 80 MB more stay in use
 * after the first request; the engine makes little garbage, and is as fast with this. What of it is large, the arrays that passes fill,
 * it collects by itself when nobody asks for anything (engine/runtime/idleTrim.ts).
 */
const NODE_ARGS = ['--max-semi-space-size=4', '--expose-gc'];

/** Rejects with `engine-not-started`. */
export function startProcess(command: EngineCommand): Promise<ChildProcessWithoutNullStreams> {
  const script = path.resolve(command.script);
  const env = cleanEnvironment(command.env ?? process.env);
  env['MALLOC_MMAP_THRESHOLD_'] ??= MAPPED_FROM;
  if (command.electronRunAsNode) env['ELECTRON_RUN_AS_NODE'] = '1';
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown) =>
      reject(
        new EngineError(
          'engine-not-started',
          `The engine could not be started with ${command.node}: check that it is Node.js and that you may run it.`,
          { node: command.node, script: command.script },
          { cause: error },
        ),
      );
    try {
      const child = spawn(
        command.node,
        [...(command.nodeArgs ?? []), ...NODE_ARGS, script, ...(command.args ?? [])],
        {
          env,
          // Ours. In the editor's own, which may be the workspace, Windows would look for a bare `node` first.
          cwd: path.dirname(script),
          shell: false,
          windowsHide: true,
          stdio: ['pipe', 'pipe', 'pipe'],
          // A process group of its own: a kill reaches its probe children, a Ctrl-C in the editor's terminal does not.
          detached: process.platform !== 'win32',
        },
      );
      child.once('error', refuse);
      child.once('spawn', () => {
        child.off('error', refuse);
        // Later errors are about signals that came too late.
        child.on('error', () => undefined);
        resolve(child);
      });
    } catch (error) {
      refuse(error);
    }
  });
}

/** Ends the process and its descendants at once; on POSIX also those that outlived it. */
export function killTree(child: ChildProcessWithoutNullStreams): void {
  const { pid } = child;
  if (pid === undefined) return;
  try {
    if (process.platform === 'win32') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const words = ['/pid', String(pid), '/T', '/F'];
      spawn(taskkill(process.env), words, { shell: false, windowsHide: true }).on('error', () =>
        child.kill('SIGKILL'),
      );
    } else {
      process.kill(-pid, 'SIGKILL');
    }
  } catch {
    child.kill('SIGKILL');
  }
}

/** By its full path: a bare name would be looked for in the current folder first. */
export function taskkill(environment: NodeJS.ProcessEnv): string {
  return path.win32.join(environment['SystemRoot'] ?? 'C:\\Windows', 'System32', 'taskkill.exe');
}
