// Training from the optional pieces: hands over to training/offline.sh, whose results go beside those of the other parts.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../harness';
import type { Part } from '../part';

const PIECES = path.join(ROOT, 'training-pieces');

/** MINUTES of training (default 2), and TRAINING_OPTIONS for training.run.train, come from the environment. */
export const trainingPart: Part = {
  name: 'training',
  title: 'training from the optional pieces (MINUTES, TRAINING_OPTIONS)',
  limit: 3600,
  async run({ report }) {
    if (!fs.existsSync(PIECES)) {
      report.skip('training', 'Its pieces are not here: npm run offline -- OUT --training DIR adds them.');
      return;
    }
    const out = path.join(ROOT, 'trained');
    const options = (process.env['TRAINING_OPTIONS'] ?? '').split(' ').filter((word) => word.length > 0);
    const { status, signal } = spawnSync('sh', [path.join(ROOT, 'training', 'offline.sh'), ...options], {
      cwd: ROOT,
      env: {
        ...process.env,
        MINUTES: process.env['MINUTES'] ?? '2',
        PIECES,
        OUT: out,
        WORK: path.join(ROOT, 'training-work'),
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    report.check(
      'training ended',
      status === 0,
      `${signal ?? `Exit code ${status}`}; its results are in ${out}.`,
    );
  },
};
