// What the stages of a long fit have found so far, kept outside the repository until the fit is whole.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { usedTensors } from '../../engine/checkpoint/tensors';
import type { Checkpoint } from '../../engine/checkpoint/types';
import { weightFingerprint } from '../../engine/checkpoint/weightSamples';
import { benchFolder, progress, ROOT } from '../harness';

/** What an answer is made of. Where it changes, no stage of before counts. */
const SOURCES = ['engine', 'bench/infilling'];

export class Stages {
  private constructor(
    private readonly file: string,
    private readonly kept: Record<string, unknown>,
  ) {}

  /** Of one checkpoint under one set of options, at the present state of the sources. */
  static async open({ tensors }: Pick<Checkpoint, 'tensors'>, options: string): Promise<Stages> {
    const key = [await weightFingerprint(usedTensors(tensors)), options, sources()].join('\n');
    const name = crypto.createHash('sha256').update(key).digest('hex').slice(0, 16);
    const file = path.join(benchFolder('stages'), `${name}.json`);
    const kept = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
    return new Stages(file, kept as Record<string, unknown>);
  }

  /** What `make` gives, which has to survive JSON; from the file if a run before has come as far. */
  async once<T>(name: string, make: () => Promise<T>): Promise<T> {
    if (name in this.kept) {
      progress(`${name}: kept from a run before`);
      return this.kept[name] as T;
    }
    const made = await make();
    this.kept[name] = made;
    fs.writeFileSync(`${this.file}.partial`, JSON.stringify(this.kept));
    fs.renameSync(`${this.file}.partial`, this.file);
    return made;
  }

  /** The fit is whole: nothing is kept. */
  dispose(): void {
    fs.rmSync(this.file, { force: true });
  }
}

/** Trees as they are committed, and what differs from them. */
function sources(): string {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' });
  return [
    git('rev-parse', ...SOURCES.map((folder) => `HEAD:${folder}`)),
    git('diff', 'HEAD', '--', ...SOURCES),
    git('ls-files', '--others', '--exclude-standard', '--', ...SOURCES),
  ].join('\n');
}
