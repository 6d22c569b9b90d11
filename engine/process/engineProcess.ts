// The life of the engine process: what it starts with, and every way in which it ends.
import { version } from '../../package.json';
import type { OpenModel } from '../model';
import { lineLog } from '../rpc/log';
import { guardParent, watchParent } from './parentWatch';
import { EngineResources } from './resources';
import { SCHEDULE_LIMITS } from './schedule';
import { EngineServer } from './server';
import { takeStdout } from './standardOutput';

/**
 * Serves the protocol on stdin and stdout until shutdown or end of input (exit code 0), an unreadable stream or an error
 * that nobody caught (exit code 1), or until the parent is gone. A signal ends it at once, as it ends any process: a handler would
 * wait until the native call, or whatever else holds the event loop, is over. Nothing on disk needs a last word.
 *
 * @param together requests that it works on at a time
 */
export function runEngine(loadModel: OpenModel, together = 1): void {
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

  const endBy = () => void server.stop().then(() => exitWhenWritten(0));
  const server: EngineServer = EngineServer.start({
    input: process.stdin,
    output,
    resources: new EngineResources((params, context) => loadModel(params, { ...context, together }), {
      ...SCHEDULE_LIMITS,
      places: together,
      // Who asks for several at a time has put the requests of all its clients in order, and waits for each of them.
      ...(together > 1 ? { yields: 0, stopsGhosts: false } : {}),
    }),
    engineVersion: version,
    log,
    onInitialised: (parentPid) => {
      guardParent(parentPid);
      watchParent(parentPid, () => {
        log('warn', `The parent process ${parentPid} is gone.`);
        endBy();
      });
    },
    onEnd: (reason) => exitWhenWritten(reason === 'unreadable' ? 1 : 0),
  });
  // A reader that is gone: the same as the end of the input.
  output.on('error', endBy);
}

/** Leaves when the log is written, or half a second later where nobody reads it. */
function exitWhenWritten(code: number): void {
  setTimeout(() => process.exit(code), 500);
  process.stderr.write('', () => process.exit(code));
}
