// deploy/ as Docker Compose starts it: its images, network, secret, volumes, health check and restart policy.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { progress, ROOT } from '../harness';
import { Asker } from './asking';
import { type Deployment, isHealthy, PORT, TOKEN, until } from './cluster';

const FOLDER = path.join(ROOT, 'deploy');
const TOKEN_FILE = path.join(FOLDER, 'token.txt');
const PROJECT = 'palimpsest-bench';

function run(command: string, words: readonly string[]): string {
  return execFileSync(command, words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
const docker = (...words: readonly string[]): string => run('docker', words).trim();

/** `command`: `docker compose`, or the older `docker-compose`. The token's file is put there, and goes again. */
export async function ofContainers(command: string): Promise<Deployment> {
  if (fs.existsSync(TOKEN_FILE))
    throw new Error(`${TOKEN_FILE} is there: the bench needs one of its own. Move it.`);
  const [program = '', ...first] = command.split(' ');
  const files = [path.join(FOLDER, 'compose.yaml')];
  const compose = (...words: readonly string[]): string =>
    run(program, [...first, '-p', PROJECT, ...files.flatMap((file) => ['-f', file]), ...words]);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-compose-'));
  const close = async () => {
    compose('down', '--volumes', '--timeout', '1');
    fs.rmSync(TOKEN_FILE, { force: true });
    fs.rmSync(folder, { recursive: true, force: true });
  };
  fs.writeFileSync(TOKEN_FILE, `${TOKEN}\n`);
  try {
    progress('docker builds the image and starts what the Compose file says');
    compose('up', '--build', '--detach');
    const enginesNow = () => compose('ps', '-q', 'engine').trim().split('\n');
    let engines = enginesNow();
    const [balancer = ''] = compose('ps', '-q', 'balancer').trim().split('\n');
    const urlOf = (engine: string): string => {
      const address = docker(
        ...['inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', engine],
      );
      return `http://${address}:${PORT}`;
    };
    /** All engines are made anew with these words. */
    const change = (more: readonly string[]) => {
      const command = JSON.stringify(['--token-file', '/run/secrets/token', ...more]);
      const changed = path.join(folder, 'changed.yaml');
      fs.writeFileSync(changed, `services:\n  engine:\n    command: ${command}\n`);
      files.splice(1, 1, changed);
      compose('up', '--no-build', '--detach');
      engines = enginesNow();
    };
    const start = async (index: number, more: readonly string[] = []) => {
      if (more.length > 0) change(more);
      const engine = engines[index] ?? '';
      // One that was killed is started by its restart policy.
      docker('start', engine);
      await until(() => isHealthy(urlOf(engine)), `the engine ${index} is ready`);
    };
    const stop = async (index: number, signal: 'SIGTERM' | 'SIGKILL') => {
      const engine = engines[index] ?? '';
      if (signal === 'SIGTERM') {
        docker('stop', engine);
        return;
      }
      // Not `docker kill`, which counts as wanted: the process dies, as in a crash.
      process.kill(Number(docker('inspect', '--format', '{{.State.Pid}}', engine)), signal);
    };
    for (const index of engines.keys()) await start(index);
    const url = `http://127.0.0.1:${PORT}`;
    const state = (engine: string) => docker('inspect', '--format', '{{.State.Health.Status}}', engine);
    await until(
      async () => engines.every((engine) => state(engine) === 'healthy'),
      'the engines are healthy',
    );
    const { stderr } = spawnSync('docker', ['exec', balancer, 'nginx', '-v'], { encoding: 'utf8' });
    const nginx = /nginx\/\S+/.exec(stderr)?.[0] ?? 'nginx';
    const user = docker('exec', engines[0] ?? '', 'id', '-un');
    const node = docker('exec', engines[0] ?? '', 'node', '--version');
    return {
      name: 'deploy-compose',
      title: 'deploy/ with Docker Compose',
      facts: [
        `Docker ${docker('version', '--format', '{{.Server.Version}}')}, \`${command}\` ${version(program, first)}`,
        `${engines.length} engines with the starter model, as \`${user}\` with Node.js ${node}; all healthy`,
        `${nginx} in front`,
        'an engine is stopped by `docker stop`, and killed by a signal to its process, after which its restart policy starts it',
      ],
      cluster: { urls: () => engines.map(urlOf), asker: new Asker(url, TOKEN), start, stop },
      balancer: {
        ...{ url, version: nginx },
        log: async () => {
          await sleep(100);
          const { stdout, stderr } = spawnSync('docker', ['logs', balancer], { encoding: 'utf8' });
          return stdout + stderr;
        },
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function version(program: string, first: readonly string[]): string {
  return /\d+\.\d+\.\d+/.exec(run(program, [...first, 'version', '--short']))?.[0] ?? '';
}
