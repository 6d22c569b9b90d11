// Follows deploy/Dockerfile where there is no Docker: its steps in empty folders, one for each stage, with the paths of the container
// moved into them. What only a container has (its user, its ports, its Node) is left out.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { progress, ROOT } from '../harness';

export interface Image {
  /** Of the last stage: what would be / in the container. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Path in the container. */
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly healthcheck: readonly string[];
}

interface Stage {
  readonly root: string;
  workdir: string;
}

const FOLDERS = /(?<![\w.$}-])\/(src|app|cache|models)(?=[\s/"']|$)/g;

function instructions(file: string): readonly (readonly [name: string, rest: string])[] {
  const lines = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  const joined = lines.join('\n').replace(/\\\n\s*/g, ' ');
  return joined
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): [string, string] => {
      const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
      return [name, rest];
    });
}

/** As Docker reads them here: names and patterns from the folder that is sent. */
function ignored(): (file: string) => boolean {
  const file = path.join(ROOT, 'deploy', 'Dockerfile.dockerignore');
  const patterns = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return picomatch(patterns, { dot: true });
}

/** Copies files and folders from `from`; a folder gives what is in it. */
function copy(
  from: string,
  words: readonly string[],
  stage: Stage,
  isIgnored?: (file: string) => boolean,
): void {
  const target = words.at(-1) ?? '.';
  const into = target.startsWith('/')
    ? path.join(stage.root, target)
    : path.join(stage.root, stage.workdir, target);
  for (const word of words.slice(0, -1)) {
    const source = path.join(from, word);
    const isFolder = fs.statSync(source).isDirectory();
    fs.cpSync(source, isFolder ? into : path.join(into, path.basename(source)), {
      recursive: true,
      filter: (file) => file === source || isIgnored?.(path.relative(from, file)) !== true,
    });
  }
}

function runStep(command: string, { root, workdir }: Stage): void {
  // This machine has no such user, and needs none.
  const own = command.replace(/chown \S+/g, 'ls -d').replace(FOLDERS, (place) => path.join(root, place));
  progress(`RUN ${command}`);
  execFileSync('sh', ['-c', own], { cwd: path.join(root, workdir), stdio: ['ignore', 'ignore', 'inherit'] });
}

const words = (rest: string): string[] => rest.split(/\s+/).filter((word) => !word.startsWith('--'));

/** @param folder an empty folder for all stages */
export function buildImage(folder: string): Image {
  const stages = new Map<string, Stage>();
  const image = {
    env: {} as Record<string, string>,
    entrypoint: [] as string[],
    healthcheck: [] as string[],
  };
  let stage: Stage = { root: folder, workdir: '/' };
  for (const [name, rest] of instructions(path.join(ROOT, 'deploy', 'Dockerfile'))) {
    const from = stages.get(/--from=(\S+)/.exec(rest)?.[1] ?? '');
    switch (name) {
      case 'FROM':
        stage = { root: path.join(folder, `stage${stages.size}`), workdir: '/' };
        stages.set(/ AS (\S+)/.exec(rest)?.[1] ?? 'last', stage);
        break;
      case 'WORKDIR':
        stage.workdir = rest;
        fs.mkdirSync(path.join(stage.root, rest), { recursive: true });
        break;
      case 'COPY':
        if (from === undefined) copy(ROOT, words(rest), stage, ignored());
        else copy(from.root, words(rest), stage);
        break;
      case 'RUN':
        runStep(rest, stage);
        break;
      case 'ENV':
        for (const [, key = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) image.env[key] = value;
        break;
      case 'ENTRYPOINT':
        image.entrypoint = JSON.parse(rest);
        break;
      case 'HEALTHCHECK':
        image.healthcheck = JSON.parse(rest.slice(rest.indexOf('[')));
        break;
      case 'VOLUME':
      case 'USER':
      case 'EXPOSE':
        break;
      default:
        throw new Error(`deploy/Dockerfile has ${name}, which nothing here follows.`);
    }
  }
  return { ...image, root: stage.root, workdir: stage.workdir };
}
