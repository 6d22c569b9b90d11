// What deploy/compose.yaml puts together, as processes of this machine: engines from the image's folder on addresses of their own
// (Linux has all of 127.0.0.0/8), a name service that knows them, and nginx with deploy/nginx.conf in front.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../harness';
import { Asker } from './asking';
import { type Balancer, type Deployment, isHealthy, PORT, TOKEN, until } from './cluster';
import { buildImage, type Image } from './image';

const ADDRESSES = ['127.0.0.2', '127.0.0.3'] as const;

/** Answers for every name with the addresses that are in `addresses` then, as Docker's does for a service. */
async function nameService(addresses: ReadonlySet<string>): Promise<{ port: number; close(): void }> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    let end = 12;
    while (query[end] !== 0 && end < query.length) end += 1 + (query[end] ?? 0);
    const isA = query.readUInt16BE(end + 1) === 1;
    const known = isA ? [...addresses] : [];
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(known.length, 6);
    const answers = known.map((one) =>
      // The name of the question, type A, class IN, for a second.
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...one.split('.').map(Number)]),
    );
    socket.send(Buffer.concat([head, query.subarray(12, end + 5), ...answers]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
}

interface Engine {
  readonly address: string;
  readonly url: string;
  readonly child: ChildProcess;
}

const commandOf = (compose: string): string[] => JSON.parse(/command: (\[.*\])/.exec(compose)?.[1] ?? '[]');

/** Runs the image as the service `engine`; resolves when it listens, with its model loaded or not. */
async function startEngine(
  image: Image,
  address: string,
  tokenFile: string,
  more: readonly string[] = [],
): Promise<Engine> {
  const compose = fs.readFileSync(path.join(ROOT, 'deploy', 'compose.yaml'), 'utf8');
  const [, ...words] = [...image.entrypoint, ...commandOf(compose), ...more].map((word) =>
    word === '0.0.0.0' ? address : word === '/run/secrets/token' ? tokenFile : word,
  );
  const own = Object.entries(image.env).map(([name, place]) => [name, path.join(image.root, place)]);
  const child = spawn(process.execPath, words, {
    cwd: path.join(image.root, image.workdir),
    env: { PATH: process.env['PATH'], HOME: image.root, ...Object.fromEntries(own) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const listening = once(createInterface({ input: child.stdout }), 'line');
  await Promise.race([
    listening,
    once(child, 'exit').then(() => {
      throw new Error(`The engine on ${address} did not start.`);
    }),
  ]);
  return { address, url: `http://${address}:${PORT}`, child };
}

/** Exit code of the image's own check. */
function healthcheck({ healthcheck: [, ...words] }: Image, { address }: Engine): number {
  const own = words.map((word) => word.replace(`127.0.0.1:${PORT}`, `${address}:${PORT}`));
  try {
    execFileSync(process.execPath, own, { stdio: 'ignore' });
    return 0;
  } catch (error) {
    return Number((error as { status?: number }).status ?? -1);
  }
}

async function stopEngine({ child }: Engine, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  child.kill(signal);
  const [code] = await exit;
  return code;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`deploy/nginx.conf has no "${from}".`);
  return text.replace(from, to);
}

/** nginx with deploy/nginx.conf, of which two addresses are others: where it listens, and the name service. */
async function startBalancer(
  nginx: string,
  folder: string,
  namesPort: number,
): Promise<Balancer & { stop(): Promise<void> }> {
  const port = await freePort();
  const given = fs.readFileSync(path.join(ROOT, 'deploy', 'nginx.conf'), 'utf8');
  const listening = replaced(given, `listen ${PORT};`, `listen 127.0.0.1:${port};`);
  fs.mkdirSync(path.join(folder, 'logs'), { recursive: true });
  const file = path.join(folder, 'nginx.conf');
  fs.writeFileSync(file, replaced(listening, 'resolver 127.0.0.11 ', `resolver 127.0.0.1:${namesPort} `));
  const version = execFileSync('sh', ['-c', `"${nginx}" -v 2>&1`], { encoding: 'utf8' });
  // The folder of the bench is nobody else's; without root, nginx warns that it stays who it is.
  const rules = `daemon off; pid nginx.pid; user ${os.userInfo().username};`;
  const words = ['-p', folder, '-c', file, '-e', 'stderr', '-g', rules];
  const child = spawn(nginx, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const exit = once(child, 'exit');
  const early = await Promise.race([exit.then(() => true), sleep(500).then(() => false)]);
  if (early) throw new Error(`nginx ended at once: ${log}`);
  return {
    url: `http://127.0.0.1:${port}`,
    version: /nginx\/\S+/.exec(version)?.[0] ?? 'nginx',
    log: async () => log,
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

/** The Dockerfile's steps in an empty folder, and what the Compose file says, as processes. */
export async function ofProcesses(nginx: string): Promise<Deployment> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-deploy-'));
  const closing: (() => unknown)[] = [() => fs.rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  try {
    const image = buildImage(path.join(folder, 'image'));
    const tokenFile = path.join(folder, 'token.txt');
    fs.writeFileSync(tokenFile, `${TOKEN}\n`);
    const known = new Set<string>();
    const names = await nameService(known);
    closing.push(() => names.close());
    const balancer = await startBalancer(nginx, path.join(folder, 'nginx'), names.port);
    closing.push(() => balancer.stop());
    const engines: Engine[] = [];
    const start = async (index: number, more?: readonly string[]) => {
      const address = ADDRESSES[index] ?? '';
      const engine = await startEngine(image, address, tokenFile, more);
      engines[index] = engine;
      await until(() => isHealthy(engine.url), `the engine on ${address} is ready`);
      known.add(address);
    };
    const stop = async (index: number, signal: 'SIGTERM' | 'SIGKILL') => {
      const engine = engines[index];
      if (engine === undefined) return;
      await stopEngine(engine, signal);
      known.delete(engine.address);
    };
    closing.push(() => Promise.all([stop(0, 'SIGKILL'), stop(1, 'SIGKILL')]));
    await Promise.all([start(0), start(1)]);
    const codes = engines.map((engine) => healthcheck(image, engine));
    if (codes.some((code) => code !== 0)) throw new Error(`The image's health check gives ${codes.join()}.`);
    const asker = new Asker(balancer.url, TOKEN);
    return {
      name: 'deploy',
      title: 'deploy/ without Docker',
      facts: [
        `${balancer.version} with \`deploy/nginx.conf\`, in which two addresses were changed: where it listens, and the name service`,
        'two engines with the starter model, from what the steps of the Dockerfile make in an empty folder, with the entry point, the command of the Compose file, and the health check; their Node.js is the one above, not that of the image',
        'a name service of our own forgets an engine when it has ended, as that of Docker does',
      ],
      cluster: { urls: () => engines.map(({ url }) => url), asker, start, stop },
      balancer,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
