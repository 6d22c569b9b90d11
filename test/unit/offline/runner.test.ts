// Parts that pass, fail, hang, crash and say nothing: each is what it is in the results, and the results are whole at any time.
import assert from 'node:assert/strict';

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { afterEach, beforeEach, describe } from 'node:test';
import type { Part } from '../../../bench/offline/part';
import { hasPassed, type RunResult } from '../../../bench/offline/results';
import { runParts } from '../../../bench/offline/runner';

const CHECK = `require('fs').writeSync(3, JSON.stringify({kind: 'check', name: 'it', ok: OK, detail: 'Seen.'}) + '\\n');`;
const SCRIPTS: Readonly<Record<string, string>> = {
  good: CHECK.replace('OK', 'true'),
  bad: CHECK.replace('OK', 'false'),
  hangs: `${CHECK.replace('OK', 'true')} setInterval(() => {}, 1000);`,
  aborts: `${CHECK.replace('OK', 'true')} console.error('driver: no'); process.abort();`,
  silent: '',
  skips: `require('fs').writeSync(3, JSON.stringify({kind: 'skipped', name: 'all', reason: 'No GPU.'}) + '\\n');`,
};

describe('parts in processes of their own', () => {
  let results: string;
  beforeEach(() => {
    results = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-results-'));
  });
  afterEach(() => fs.rmSync(results, { recursive: true, force: true }));

  const part = (name: string, limit = 60): Part => ({
    name,
    title: `what ${name} is`,
    limit,
    run: async () => {},
  });
  const run = (
    parts: readonly Part[],
    signal = new AbortController().signal,
    say: (text: string) => void = () => {},
  ) =>
    runParts(parts, {
      ...{ results, isQuick: true, patience: 1, env: process.env, signal, say },
      facts: { version: '1.2.3', revision: 'abc', machine: ['a machine'] },
      command: (name) => ({ file: process.execPath, args: ['-e', SCRIPTS[name] ?? ''] }),
    });
  const onDisk = () => JSON.parse(fs.readFileSync(path.join(results, 'results.json'), 'utf8')) as RunResult;

  test('each ends as it did, and one that fails does not stop the next', async () => {
    const parts = [
      part('bad'),
      part('aborts'),
      part('hangs', 0.3),
      part('silent'),
      part('skips'),
      part('good'),
    ];
    const result = await run(parts);
    assert.deepEqual(
      result.parts.map(({ name, state }) => [name, state]),
      [
        ['bad', 'failed'],
        ['aborts', 'crashed'],
        ['hangs', 'timed-out'],
        ['silent', 'failed'],
        ['skips', 'left-out'],
        ['good', 'passed'],
      ],
    );
    assert.match(result.parts[1]?.remark ?? '', /SIGABRT|exit code/);
    assert.equal(hasPassed(result), false);
    assert.deepEqual(onDisk(), result);
    const page = fs.readFileSync(path.join(results, 'results.md'), 'utf8');
    assert.match(page, /\| hangs \| what hangs is \| ran out of time \|/);
    assert.match(page, /\*\*FAILED\*\*: it\. Seen\./);
    assert.match(page, /left out: all\. No GPU\./);
  });

  test('a run that is ended from outside keeps what it found, and names what has not run', async () => {
    const controller = new AbortController();
    const parts = [part('good'), part('hangs'), part('bad')];
    let name = '';
    const result = await run(parts, controller.signal, (text) => {
      name = /^(\w+): /.exec(text)?.[1] ?? name;
      if (name !== 'hangs' || !text.startsWith('  ok: it.')) return;
      const states = onDisk().parts.map(({ state }) => state);
      assert.deepEqual(states, ['passed', 'cut-off'], 'written in the midst of a part, too');
      controller.abort();
    });
    assert.deepEqual(
      result.parts.map(({ state }) => state),
      ['passed', 'cut-off'],
    );
    assert.equal(result.parts[1]?.lines.length, 1, 'what a part said before it was ended is kept');
    assert.deepEqual(result.left, ['bad']);
    assert.deepEqual(onDisk(), result);
  });
});
