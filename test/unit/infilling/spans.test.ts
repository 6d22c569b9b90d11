// Held-out spans: what is cut out, put back, gives the file again, and is of its kind.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import zlib from 'node:zlib';
import { drawCases, type HeldFile, heldFiles, KINDS } from '../../../bench/infilling/spans';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import type { TextTokenizer } from '../../../engine/checkpoint/types';

const LINES = Array.from(
  { length: 60 },
  (_, i) => `${' '.repeat(4 * (i % 3))}value_${i} = compute(value_${i % 7}, ${i})`,
);
const FILE: HeldFile = { source: 'some', path: 'some.py', language: 'python', text: `${LINES.join('\n')}\n` };

describe('held-out spans', () => {
  let tokenizer: TextTokenizer;
  before(async () => {
    ({ tokenizer } = await openCheckpoint(path.resolve(__dirname, '..', '..', '..', 'models', 'starter')));
  });

  for (const kind of KINDS)
    test(kind, () => {
      const cases = drawCases([FILE], 'python', kind, tokenizer, 20);
      assert.equal(cases.length, 20);
      for (const { text, at, answer } of cases) {
        assert.equal(text.slice(0, at) + answer + text.slice(at), FILE.text);
        if (kind.endsWith('lines') || kind.startsWith('whole')) assert.equal(answer, answer.trim());
        const lines = answer.split('\n').length;
        if (kind === 'several lines') {
          assert.ok(lines >= 2 && lines <= 4);
          assert.ok(tokenizer.encode(answer).ids.length <= 48);
        } else assert.equal(lines, 1);
      }
    });
});

describe('halves of the held-out packages', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'halves-'));
  after(() => fs.rmSync(folder, { recursive: true }));

  const namesOf = (
    files: readonly (readonly [source: string, language: string])[],
    half: 'fit' | 'measure',
  ) => {
    const file = path.join(folder, 'held.jsonl.gz');
    const lines = files.map(([source, language]) => JSON.stringify({ ...FILE, source, language }));
    fs.writeFileSync(file, zlib.gzipSync(lines.join('\n')));
    return heldFiles(file, half).map(({ source }) => source);
  };
  const MAIN = [
    ['flask', 'python'],
    ['hono', 'typescript'],
    ['koa', 'javascript'],
  ] as const;

  test('every package is in one of them', () => {
    assert.deepEqual(namesOf(MAIN, 'measure'), ['flask', 'koa']);
    assert.deepEqual(namesOf(MAIN, 'fit'), ['hono']);
  });

  test('another language moves no package to the other half, and has both', () => {
    const more = [...MAIN, ['chi', 'go'], ['echo', 'go'], ['gson', 'java']] as const;
    assert.deepEqual(namesOf(more, 'measure'), ['flask', 'koa', 'chi', 'gson']);
    assert.deepEqual(namesOf(more, 'fit'), ['hono', 'echo']);
  });
});
