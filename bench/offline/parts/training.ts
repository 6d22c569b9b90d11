// Training from the optional pieces: hands over to training/offline.sh, whose results go beside those of the other parts.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { figure, ROOT } from '../../harness';
import type { Part } from '../part';

const PIECES = path.join(ROOT, 'training-pieces');
/** Kept between calls, so that the next one goes on where this one ended. */
const WORK = path.join(ROOT, 'training-work');
const MODULES = ['torch', 'numpy', 'safetensors', 'tokenizers'];

interface LogLine {
  readonly step: number;
  /** Of the whole run. */
  readonly tokens: number;
  readonly stage?: string;
  /** Loss in nats a token. */
  readonly next_token?: number;
  readonly canvas?: number;
}

/** Packages that this machine's Python lacks; a sentence where there is no Python. */
function missingModules(python: string): readonly string[] | string {
  const code = `import importlib.util as i; print(*[m for m in ${JSON.stringify(MODULES)} if i.find_spec(m) is None])`;
  const { status, stdout, error } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  if (status !== 0) return `${python} does not start${error ? ` (${error.message})` : ''}.`;
  return stdout.split(/\s+/).filter((name) => name.length > 0);
}

function readLog(file: string): LogLine[] {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.length > 0).map((line) => JSON.parse(line) as LogLine);
}

/** What was unpacked last: other pieces begin anew. */
function forgetOtherPieces(): void {
  const [now, then] = [path.join(ROOT, 'training.unpacked'), path.join(WORK, 'pieces')];
  const text = (file: string) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
  if (text(now) !== text(then)) fs.rmSync(WORK, { recursive: true, force: true });
  fs.mkdirSync(WORK, { recursive: true });
  fs.writeFileSync(then, text(now));
}

/** MINUTES of training (default 2), and TRAINING_OPTIONS for training.run.train, come from the environment. */
export const trainingPart: Part = {
  name: 'training',
  title: 'training from the optional pieces (MINUTES, TRAINING_OPTIONS)',
  limit: 3600,
  async run({ report, results }) {
    if (!fs.existsSync(PIECES)) {
      report.skip('training', 'Its pieces are not here: `npm run offline -- OUT --training DIR` adds them.');
      return;
    }
    const python = process.env['PALIMPSEST_PYTHON'] ?? 'python3';
    const missing = missingModules(python);
    if (typeof missing === 'string' || missing.length > 0) {
      const why = typeof missing === 'string' ? missing : `${python} lacks ${missing.join(', ')}.`;
      report.skip('training', `${why} PALIMPSEST_PYTHON names a Python that has ${MODULES.join(', ')}.`);
      return;
    }
    forgetOtherPieces();
    const out = path.join(results, 'trained');
    const options = (process.env['TRAINING_OPTIONS'] ?? '').split(' ').filter((word) => word.length > 0);
    const minutes = process.env['MINUTES'] ?? '2';
    const { status, signal } = spawnSync('sh', [path.join(ROOT, 'training', 'offline.sh'), ...options], {
      cwd: ROOT,
      env: { ...process.env, PYTHON: python, MINUTES: minutes, PIECES, OUT: out, WORK },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    report.check(
      'it trains, and its results come back in pieces',
      status === 0,
      status === 0
        ? `They are in \`trained\`, beside this page.`
        : `It ended with ${signal ?? `exit code ${status}`}.`,
    );
    if (status !== 0) return;
    const steps = readLog(path.join(out, 'log.jsonl')).filter(({ stage }) => stage !== undefined);
    report.table(
      'Losses in nats a token',
      ['step', 'tokens', 'stage', 'next token', 'canvas'],
      [steps[0], steps.at(-1)].flatMap((line) =>
        line === undefined
          ? []
          : [
              [
                ...[String(line.step), String(line.tokens), line.stage ?? ''],
                ...[figure(line.next_token ?? Number.NaN), figure(line.canvas ?? Number.NaN)],
              ],
            ],
      ),
    );
    report.next(
      'To go on training: put the pieces of the checkpoint in `trained` among the training pieces, or run `./run --only training` here again.',
    );
  },
};
