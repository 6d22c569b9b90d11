// A process between the test and the engine, to be killed without a chance to clean up. Prints the engine's pid.
// Arguments: the engine's script, and how it is started: `client`, with the text of an infill that is under way when the
// pid is printed and the model's folder, or `held`, where a third process (its pid is printed, too) keeps the engine's input open.
import { spawn } from 'node:child_process';
import os from 'node:os';
import { METHODS, PROTOCOL_VERSION } from '../../../engine/protocol';
import { EngineClient } from '../../../engine/rpc/engineClient';
import { BLOCKED } from './scriptedModel';

const [script = '', way, text = 'forever', folder = '/models/a'] = process.argv.slice(2);

async function main(): Promise<void> {
  // A test run that is itself killed leaves nothing behind.
  const tests = process.ppid;
  setInterval(() => process.ppid === tests || process.exit(1), 1000).unref();
  if (way === 'held') {
    const engine = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'inherit'], shell: false });
    const holder = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], {
      stdio: ['ignore', 'ignore', 'ignore', engine.stdin],
    });
    const params = { protocolVersion: PROTOCOL_VERSION, parentPid: process.pid, cacheFolder: os.tmpdir() };
    const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: METHODS.initialise, params });
    engine.stdin?.write(`Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
    console.log(engine.pid, holder.pid);
    return;
  }
  const client = await EngineClient.start({ node: process.execPath, script, cacheFolder: os.tmpdir() });
  await client.loadModel({ folder });
  await new Promise<void>((resolve) => {
    client.onLog(({ message }) => message === BLOCKED && resolve());
    client
      .infill(
        { model: folder, priority: 'rewrite', text, spans: [{ start: 0, end: 0 }] },
        { onStep: () => resolve() },
      )
      .catch(() => undefined);
  });
  console.log(client.pid);
}

void main();
