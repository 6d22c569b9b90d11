import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { runCommand } from '../../../engine/cli/command';
import { fakeStream, type Script, scriptedEngine, temporaryFolder, testWorld } from './scriptedEngine';

const TEXT = '\ufeffclass A:\r\n    def f(self):\r\n        return 1\r\n\r\n    x = 2';

async function edit(
  context: { after(fn: () => void): void },
  words: readonly string[],
  script: Script = { takesInstruction: true },
) {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'a.py');
  fs.writeFileSync(file, TEXT);
  const { engine, calls } = scriptedEngine(script);
  const world = testWorld(engine, { folder, stdout: fakeStream(), stderr: fakeStream() });
  const code = await runCommand(['edit', ...words], world);
  return { code, world, calls, file };
}

describe('edit', () => {
  test('sends lines as the editor sends a selection, with the instruction', async (context) => {
    const words = ['a.py', 'Return two.', '--lines', '2-3', '--lines=5', '--candidates', '2', '--seed', '7'];
    const { code, calls, file } = await edit(context, [
      ...words,
      '--max-tokens',
      '50',
      '--temperature',
      '0.2',
      '--json',
    ]);
    assert.equal(code, 0);
    const [params] = calls.infills;
    assert.deepEqual(
      params?.spans.map(({ start, end }) => TEXT.slice(start, end)),
      ['def f(self):\r\n        return 1', 'x = 2'],
    );
    const { spans: _, text: __, ...rest } = params ?? {};
    assert.deepEqual(rest, {
      instruction: 'Return two.',
      seed: 7,
      temperature: 0.2,
      candidates: 2,
      maxTokens: 50,
      requestId: 1,
      model: '/models/scripted',
      priority: 'rewrite',
      events: false,
      language: 'python',
      fileName: file,
    });
  });

  test('a blank line is a place to write into', async (context) => {
    const { calls } = await edit(context, ['a.py', 'Add g.', '--lines', '4', '--json']);
    const { start = 0, end } = calls.infills[0]?.spans[0] ?? {};
    assert.equal(start, end);
    assert.equal(TEXT.slice(0, start).split('\r\n').length, 4);
  });

  test('shows the difference, and writes it only where it is asked to', async (context) => {
    const script = { takesInstruction: true, answers: [['x = 3']] };
    const shown = await edit(context, ['a.py', 'Use 3.', '--lines', '5'], script);
    assert.equal(shown.code, 0);
    assert.match(shown.world.stdout.text(), /- {4}x = 2\n[^+]*\+ {4}x = 3/);
    assert.equal(fs.readFileSync(shown.file, 'utf8'), TEXT);
    const written = await edit(context, ['a.py', 'Use 3.', '--lines', '5', '--write'], script);
    assert.equal(fs.readFileSync(written.file, 'utf8'), TEXT.replace('x = 2', 'x = 3'));
  });

  test('says which models take an instruction where this one does not, and nothing is changed', async (context) => {
    const { code, world, calls, file } = await edit(
      context,
      ['a.py', 'Use 3.', '--lines', '5', '--write'],
      {},
    );
    assert.equal(code, 2);
    assert.match(
      world.stderr.text(),
      /Script does not take instructions: .* chat template, such as .*--model/,
    );
    assert.deepEqual([calls.infills.length, calls.disposed], [0, 1]);
    assert.equal(fs.readFileSync(file, 'utf8'), TEXT);
  });

  test('refuses what cannot be meant, before a model is loaded', async (context) => {
    for (const [words, pattern] of [
      [['a.py'], /INSTRUCTION is missing/],
      [['a.py', ' ', '--lines', '1'], /INSTRUCTION is empty/],
      [['a.py', 'x'.repeat(4001), '--lines', '1'], /longer than 4000/],
      [['a.py', 'Do.'], /--lines is missing/],
      [['a.py', 'Do.', '--lines', '3-2'], /--lines must be A-B/],
      [['a.py', 'Do.', '--lines', '0-2'], /--lines must be A-B/],
      [['a.py', 'Do.', '--lines', '1:2'], /--lines must be A-B/],
      [['-', 'Do.', '--lines', '1', '--write'], /--write needs a file/],
    ] as const) {
      const { code, world, calls } = await edit(context, words);
      assert.equal(code, 2, words.join(' '));
      assert.match(world.stderr.text(), pattern);
      assert.equal(calls.loads.length, 0);
    }
    const { code, world } = await edit(context, ['a.py', 'Do.', '--lines', '2-9']);
    assert.equal(code, 2);
    assert.match(world.stderr.text(), /There is no line 9/);
  });
});
