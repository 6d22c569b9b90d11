// Parts that pass, fail, hang, crash and say nothing: each is what it is in the results, and the results are whole at any time.
import assert from 'node:assert/strict';

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { afterEach, beforeEach, describe } from 'node:test';
import type { Part } from '../../../bench/offline/part';
import type { Line } from '../../../bench/offline/report';
import { hasPassed, type RunResult } from '../../../bench/offline/results';
import { runParts } from '../../../bench/offline/runner';

const CHECK = `require('fs').writeSync(3, JSON.stringify({kind: 'check', name: 'it', ok: OK, detail: 'Seen.'}) + '\\n');`;
const lineOf = (line: Line) => `require('fs').writeSync(3, ${JSON.stringify(`${JSON.stringify(line)}\n`)});`;
const SCRIPTS: Readonly<Record<string, string>> = {
  good: CHECK.replace('OK', 'true'),
  bad: CHECK.replace('OK', 'false'),
  hangs: `${CHECK.replace('OK', 'true')} setInterval(() => {}, 1000);`,
  aborts: `${CHECK.replace('OK', 'true')} console.error('driver: no'); process.abort();`,
  silent: '',
  rows: [
    CHECK.replace('OK', 'true'),
    ...['a', 'b'].map((name, index) =>
      lineOf({ kind: 'table', title: 'Times', header: ['what', 'ms'], rows: [[name, String(index + 1)]] }),
    ),
    lineOf({ kind: 'next', text: 'Buy a GPU.' }),
  ].join(' '),
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
    assert.match(page, /^\*\*1 passed, 1 left out, 2 failed, 1 ran out of time, 1 crashed\.\*\*$/m);
    assert.match(page, /^- `aborts`: read its section below and `logs\/aborts\.log`\.$/m);
    assert.match(page, /`\.\/run --only hangs --patience 4`/);
  });

  test('rows that come one by one are one table, and what there is to do is said at the top', async () => {
    const page = await run([part('rows')]).then(() =>
      fs.readFileSync(path.join(results, 'results.md'), 'utf8'),
    );
    assert.match(page, /### Times\n\n\| what \| ms \|\n\| --- \| ---: \|\n\| a \| 1 \|\n\| b \| 2 \|\n/);
    assert.equal(page.split('### Times').length, 2);
    assert.ok(page.indexOf('- Buy a GPU.') < page.indexOf('## rows'), page);
  });

  test('a part is told how long it has, patience included', async () => {
    const asked: number[] = [];
    await runParts([part('good', 30)], {
      ...{ results, isQuick: true, patience: 4, env: process.env, say: () => {} },
      ...{ signal: new AbortController().signal, facts: { version: '1', revision: 'a', machine: [] } },
      command: (name, seconds) => {
        asked.push(seconds);
        return { file: process.execPath, args: ['-e', SCRIPTS[name] ?? ''] };
      },
    });
    assert.deepEqual(asked, [120]);
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
