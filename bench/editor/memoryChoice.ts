// What it costs to choose the files of a project memory in a workspace of a hundred thousand files, and for how long the event
// loop has no turn meanwhile. The extension's own walk, ranking and choice with real folders and real git; the editor around
// them is left out.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { GitIgnore } from '../../engine/privacy/gitIgnore';
import { Feed } from '../../extension/memory/feed';
import { languageOf } from '../../extension/memory/languages';
import { Sync, type WorkspaceFiles } from '../../extension/memory/sync';
import { figure, markdownTable, median, publish, runBench } from '../harness';

const PER_FOLDER = 20;
const PACKAGES = 50;
const SIZES = [1000, 10_000, 100_000];

/** So many source files in folders of twenty, below fifty packages; in each folder lies one that git ignores. */
function makeWorkspace(files: number): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-choice-'));
  const text = 'export const value = 1;\n'.repeat(50);
  for (let i = 0; i < files; i++) {
    const folder = Math.floor(i / PER_FOLDER);
    const place = path.join(root, `package${folder % PACKAGES}`, `module${folder}`);
    if (i % PER_FOLDER === 0) {
      fs.mkdirSync(path.join(place, 'ignored'), { recursive: true });
      fs.writeFileSync(path.join(place, 'ignored', 'file.ts'), text);
    }
    fs.writeFileSync(path.join(place, `file${i}.ts`), text);
  }
  fs.writeFileSync(path.join(root, '.gitignore'), 'ignored/\n');
  spawnSync('git', ['init', '--quiet'], { cwd: root });
  return root;
}

/** Files of a disk, none of which may be read: what is measured ends where reading begins. */
function filesOf(root: string, git: GitIgnore): WorkspaceFiles {
  const place = (name: string) => path.join(root, name);
  return {
    roots: [''],
    list: async (folder) =>
      (await readdir(place(folder), { withFileTypes: true })).map((entry) => ({
        name: entry.name,
        kind: entry.isDirectory() ? 'folder' : 'file',
      })),
    closed: async (folders) => {
      const ignored = await git.areIgnored(folders.map(place));
      return new Set(folders.filter((_, i) => ignored[i] !== false));
    },
    isWanted: (name) => languageOf(name) !== undefined,
    measure: async (name) => {
      const { size, mtimeMs } = await stat(place(name));
      return { size, modified: mtimeMs };
    },
    read: async () => 'vanished',
    prepare: async () => undefined,
    whyPlace: async () => 'git',
    whyText: async () => 'git',
    openText: () => undefined,
    open: () => [`package7/module7/file${7 * PER_FOLDER}.ts`],
  };
}

interface Round {
  readonly wall: number;
  readonly cpu: number;
  readonly longest: number;
  readonly looked: number;
}

async function round(root: string): Promise<Round> {
  const git = new GitIgnore({ git: () => 'git', isTrusted: () => true, log: () => undefined });
  const refuse = () => Promise.reject(new Error('Nothing is sent.'));
  const sync = new Sync({
    files: filesOf(root, git),
    feed: new Feed('bench', { updateMemory: refuse }),
    rest: () => new Promise((resolve) => setImmediate(() => resolve(true))),
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = process.cpuUsage();
  const { choosing = Number.NaN, found } = await sync.everything();
  const { user, system } = process.cpuUsage(before);
  delay.disable();
  git.dispose();
  return {
    wall: choosing,
    cpu: (user + system) / 1000,
    longest: delay.max / 1e6,
    looked: found?.files.length ?? 0,
  };
}

runBench(async () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
  const rows: string[][] = [];
  for (const size of SIZES) {
    const root = makeWorkspace(size);
    try {
      await round(root);
      const rounds: Round[] = [];
      for (let i = 0; i < Number(values.rounds); i++) rounds.push(await round(root));
      const of = (key: keyof Round) => figure(median(rounds.map((one) => one[key])));
      rows.push([size.toLocaleString('en'), of('looked'), of('wall'), of('cpu'), of('longest')]);
    } finally {
      fs.rmSync(root, { recursive: true, force: true });
    }
  }
  const load = os.loadavg()[0] ?? 0;
  publish({
    name: 'memoryChoice',
    title: 'Choosing the files of a project memory',
    facts: [
      `one file open; folders of twenty files, each with a folder that Git ignores; medians of ${values.rounds} rounds; load average at the end ${load.toFixed(1)}`,
    ],
    sections: [
      'Milliseconds from nothing to the list of what is read, rests for others not counted; CPU of this process; and the longest time without a turn of the event loop. The walk ends after 10,000 files.',
      markdownTable(['files', 'looked at', 'wall', 'CPU', 'longest without a turn'], rows),
    ],
  });
});
