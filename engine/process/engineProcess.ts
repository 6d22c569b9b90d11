// The life of the engine process: what it starts with, and every way in which it ends.
import { Console } from 'node:console';
import type { Writable } from 'node:stream';
import { version } from '../../package.json';
import { weightBytes } from '../checkpoint/weightFiles';
import type { LoadModel } from '../model';
import { lineLog } from '../rpc/log';
import { guardParent, watchParent } from './parentWatch';
import { EngineServer } from './server';

/** Bytes of weights from which on a native call can take seconds. The thread that guards it takes 10 MiB. */
const GUARDED_BYTES = 256_000_000;

/**
 * Serves the protocol on stdin and stdout until shutdown, end of input, SIGTERM or SIGINT (exit code 0), an unreadable
 * stream or an error that nobody caught (exit code 1), or until the parent is gone.
 */
export function runEngine(loadModel: LoadModel): void {
  const output = takeStdout();
  const log = lineLog(process.stderr);
  // Nobody reads the log any more: no reason to end in a stack trace, the closed input will end us.
  process.stderr.on('error', () => undefined);

  const fail = (error: unknown) => {
    log('error', `The engine failed: ${error instanceof Error ? error.stack : String(error)}`);
    exitWhenWritten(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  let parent: number | undefined;
  const guardedLoad: LoadModel = async (params, context) => {
    if (parent !== undefined && (await weightBytes(params.folder)) >= GUARDED_BYTES) {
      guardParent(parent);
      parent = undefined;
    }
    return loadModel(params, context);
  };

  const endBy = () => void server.stop().then(() => exitWhenWritten(0));
  const server: EngineServer = EngineServer.start({
    input: process.stdin,
    output,
    loadModel: guardedLoad,
    engineVersion: version,
    log,
    onInitialised: (parentPid) => {
      parent = parentPid;
      watchParent(parentPid, () => {
        log('warn', `The parent process ${parentPid} is gone.`);
        endBy();
      });
    },
    onEnd: (reason) => exitWhenWritten(reason === 'unreadable' ? 1 : 0),
  });
  // A reader that is gone: the same as the end of the input.
  output.on('error', endBy);
  process.once('SIGTERM', endBy);
  process.once('SIGINT', endBy);
}

/** Gives the protocol the real standard output and everybody else, console included, the standard error. */
function takeStdout(): Writable {
  const output = process.stdout;
  Object.defineProperty(process, 'stdout', {
    configurable: true,
    enumerable: true,
    get: () => process.stderr,
  });
  globalThis.console = new Console(process.stderr, process.stderr);
  return output;
}

/** Leaves when the log is written, or half a second later where nobody reads it. */
function exitWhenWritten(code: number): void {
  setTimeout(() => process.exit(code), 500);
  process.stderr.write('', () => process.exit(code));
}
