// The engine that several windows share: each of them talks to it through a relay of its own (sharedRelay.ts) over a socket, as it would
// over pipes. It ends with the last of them.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import { version } from '../../package.json';
import { deviceLost, saysDeviceLost } from '../errors';
import type { Model, OpenModel } from '../model';
import { lineLog } from '../rpc/log';
import { guardAny } from './parentWatch';
import { EngineResources } from './resources';
import { EngineServer } from './server';
import { answerKnock } from './sharedHandshake';
import { claim, isClaimed, newSocket, release, type SharedPlace, textFrom, writeRecord } from './sharedPlace';
import { takeStdout } from './standardOutput';

/** Milliseconds for the handshake, and until the first window has to be there. */
const KNOCK_MILLIS = 5000;
const LONELY_MILLIS = 20_000;
/** Bytes of the log that are kept. */
const LONGEST_LOG = 2 ** 20;

/** Serves until the last window is gone. Ends at once where another process is the engine of this place. */
export function hostEngine(place: SharedPlace, loadModel: OpenModel): void {
  takeStdout();
  process.stderr.on('error', () => undefined);
  const socketPath = newSocket(place);
  if (socketPath === undefined || !claim(place)) process.exit(0);
  fs.writeFileSync(place.log, '', { mode: 0o600 });
  const log = lineLog(process.stderr);

  const leave = (code: number): never => {
    release(place);
    if (process.platform !== 'win32') fs.rmSync(socketPath, { force: true });
    process.exit(code);
  };
  const fail = (error: unknown) => {
    log('error', `The engine failed: ${error instanceof Error ? error.stack : String(error)}`);
    leave(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => leave(0));

  const guard = guardAny();
  const secret = randomBytes(32).toString('hex');
  // The next window finds none, and starts another engine; those that are here stay.
  const retire = () => {
    listener.close();
    release(place);
  };
  const resources = new EngineResources(watchingDevice(loadModel, place, retire));
  let windows = 0;
  let lastClient = 0;
  const endIfAlone = () => {
    if (windows === 0) leave(0);
  };
  const serve = (socket: net.Socket, pid: number) => {
    windows++;
    guard.add(pid);
    const left = () => {
      windows--;
      guard.remove(pid);
      endIfAlone();
    };
    EngineServer.start({
      input: socket,
      output: socket,
      resources,
      client: String(++lastClient),
      engineVersion: version,
      log,
      onEnd: () => {
        socket.end();
        // Of a socket that nobody reads any more, the rest is not waited for.
        setTimeout(() => socket.destroy(), 500).unref();
        left();
      },
    });
    // It was held since the handshake, so that nothing is lost.
    socket.resume();
  };
  const listener = net.createServer((socket) => {
    socket.on('error', () => undefined);
    answerKnock(socket, secret, KNOCK_MILLIS).then(
      (pid) => serve(socket, pid),
      (error: unknown) => {
        log('warn', `Somebody was not let in. ${error instanceof Error ? error.message : String(error)}`);
        socket.destroy();
      },
    );
  });
  listener.on('error', fail);
  listener.listen(socketPath, () => {
    if (!isClaimed(place)) leave(0);
    writeRecord(place, { pid: process.pid, socket: socketPath, secret });
  });
  setTimeout(endIfAlone, LONELY_MILLIS).unref();
  setInterval(() => {
    if (fs.existsSync(place.log) && fs.statSync(place.log).size > LONGEST_LOG) fs.truncateSync(place.log);
  }, 60_000).unref();
}

/** Some providers tell that the device is lost in the log alone (rpc/engineClient.ts): the log is read when an answer is there. */
function watchingDevice(loadModel: OpenModel, place: SharedPlace, onLost: () => void): OpenModel {
  return async (params, context) => {
    const model = await loadModel(params, context);
    if (model.description.provider === 'cpu') return model;
    return watched(model, place.log, onLost);
  };
}

function watched(model: Model, file: string, onLost: () => void): Model {
  const computed = async <T>(work: Promise<T>): Promise<T> => {
    const from = fs.statSync(file).size;
    const result = await work;
    if (saysDeviceLost(textFrom(file, from))) {
      onLost();
      throw deviceLost({ provider: model.description.provider });
    }
    return result;
  };
  return {
    get description() {
      return model.description;
    },
    infill: (params, context) => computed(model.infill(params, context)),
    score: (params, context) => computed(model.score(params, context)),
    estimate: (params) => model.estimate(params),
    dispose: () => model.dispose(),
  };
}
