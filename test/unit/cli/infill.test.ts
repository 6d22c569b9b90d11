import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { runCommand } from '../../../engine/cli/command';
import { EngineError } from '../../../engine/errors';
import {
  fakeStream,
  type Script,
  type ScriptedContext,
  scriptedEngine,
  temporaryFolder,
  testWorld,
  visible,
} from './scriptedEngine';

const TEXT = 'def mean(values):\n    return sum(values)\n';

interface Run {
  readonly code: number;
  readonly world: ScriptedContext;
  readonly calls: ReturnType<typeof scriptedEngine>['calls'];
  readonly file: string;
}

async function infill(
  context: { after(fn: () => void): void },
  words: readonly string[],
  script: Script = {},
  overrides: Partial<ScriptedContext> = {},
): Promise<Run> {
  const folder = temporaryFolder(context);
  const file = path.join(folder, 'mean.py');
  fs.writeFileSync(file, TEXT);
  const { engine, calls } = scriptedEngine(script);
  const world = testWorld(engine, { folder, ...overrides });
  const code = await runCommand(['infill', ...words], world);
  return { code, world, calls, file };
}

describe('infill', () => {
  test('passes every option on, and nothing that was not given', async (context) => {
    const words = [
      'mean.py',
      '--span',
      '2:12-2:23',
      '--span=1:5-1:9',
      '--model',
      './m',
      '--seed',
      '7',
      '--rule',
      'entropy',
      '--temperature',
      '0.5',
      '--top-p',
      '0.9',
      '--threshold',
      '0.8',
      '--steps',
      '12',
      '--candidates',
      '3',
      '--strength',
      '0.4',
      '--max-tokens',
      '40',
      '--cache',
      'exact',
      '--provider',
      'cpu',
      '--precision',
      'q8',
      '--json',
    ];
    const { code, calls, file } = await infill(context, words);
    assert.equal(code, 0);
    assert.deepEqual(calls.loads, [
      { folder: path.join(path.dirname(file), 'm'), provider: 'cpu', precision: 'q8' },
    ]);
    assert.deepEqual(calls.infills, [
      {
        seed: 7,
        rule: 'entropy',
        temperature: 0.5,
        topP: 0.9,
        threshold: 0.8,
        steps: 12,
        candidates: 3,
        strength: 0.4,
        maxTokens: 40,
        cache: 'exact',
        requestId: 1,
        model: '/models/scripted',
        priority: 'rewrite',
        text: TEXT,
        spans: [
          { start: 29, end: 40 },
          { start: 4, end: 8 },
        ],
        events: false,
        language: 'python',
        fileName: file,
      },
    ]);
    assert.equal(calls.disposed, 1);

    const bare = await infill(context, ['mean.py', '--span', '1:1-1:4']);
    assert.deepEqual(Object.keys(bare.calls.infills[0] ?? {}).sort(), [
      'events',
      'fileName',
      'language',
      'model',
      'priority',
      'requestId',
      'spans',
      'text',
    ]);
    assert.deepEqual(bare.calls.loads, [{ folder: '/models/scripted' }]);
  });

  test('--json prints one object of the agreed shape, and nothing else', async (context) => {
    const { code, world } = await infill(context, ['mean.py', '--span', '2:12-2:23', '--json'], {
      answers: [['0']],
    });
    assert.equal(code, 0);
    assert.equal(world.stderr.text(), '');
    assert.equal(world.stdout.text().trim().split('\n').length, 1);
    assert.deepEqual(JSON.parse(world.stdout.text()), {
      model: 'scripted',
      family: 'script',
      provider: 'cpu',
      precision: 'q8',
      forwards: 3,
      tokens: 6,
      tokensPerForward: 2,
      millis: 12.4,
      candidates: [
        {
          score: -0.25,
          spans: [
            {
              range: { start: { line: 2, column: 12 }, end: { line: 2, column: 23 } },
              start: 29,
              end: 40,
              text: '0',
            },
          ],
          mark: 'likely',
          flaws: [],
        },
      ],
    });
  });

  test('--workspace: the other files can be copied from, and a line says how many there are', async (context) => {
    const other = temporaryFolder(context);
    fs.writeFileSync(path.join(other, 'total.py'), 'return sum(amounts)\n');
    fs.writeFileSync(path.join(other, '.hidden.py'), 'return sum(none)\n');
    const words = ['mean.py', '--span', '2:16-2:22', '--json'];
    const { code, world, calls } = await infill(context, [...words, '--workspace', other]);
    assert.equal(code, 0);
    assert.equal(world.stderr.text(), 'Workspace: 1 file to copy from; 1 left out (1 hidden).\n');
    assert.equal(world.stdout.text().trim().split('\n').length, 1);
    const found = calls.indexes[0]?.sources('    return sum(', ')\n') ?? [];
    assert.deepEqual(
      found.map(({ text, at, origin }) => [origin?.path, text.slice(at)]),
      [['total.py', 'amounts)\n']],
    );
    const without = await infill(context, words);
    assert.deepEqual(without.calls.indexes, [undefined]);
    assert.equal(without.world.stderr.text(), '');
  });

  test('without a terminal: the plain difference, then one line of facts apart from it', async (context) => {
    const { code, world, file } = await infill(context, ['mean.py', '--span', '2:12-2:23'], {
      answers: [['0']],
    });
    assert.equal(code, 0);
    assert.equal(
      world.stdout.text(),
      '--- a/mean.py\n+++ b/mean.py\n@@ -1,2 +1,2 @@\n def mean(values):\n-    return sum(values)\n+    return 0\n',
    );
    assert.equal(world.stderr.text(), 'scripted · cpu · q8 · 3 forwards · 2.0 tokens per forward · 12 ms\n');
    assert.equal(fs.readFileSync(file, 'utf8'), TEXT, 'nothing is written unless it is asked for');
  });

  test('on a terminal: progress, the denoising, then a coloured difference and the cursor back', async (context) => {
    const overrides = { stdout: fakeStream(true), stderr: fakeStream(true) };
    const { world, calls } = await infill(context, ['mean.py', '--span', '2:12-2:23'], {}, overrides);
    const shown = world.stderr.text();
    assert.equal(calls.infills[0]?.events, true);
    assert.match(shown, /quantizing the weights \(first time only\) 50 %/);
    assert.match(shown, /reading the context/);
    assert.ok(shown.lastIndexOf('\u001b[?25h') > shown.lastIndexOf('\u001b[?25l'));
    assert.match(visible(world.stdout.text()), /⎋\[32m\+ {4}return answer⎋\[0m/u);
  });

  test('NO_COLOR keeps the movement and drops the colour; TERM=dumb drops both', async (context) => {
    const terminal = () => ({ stdout: fakeStream(true), stderr: fakeStream(true) });
    const env = { HOME: '/tmp', PALIMPSEST_MODEL: '/m' };
    const words = ['mean.py', '--span', '2:12-2:23'];
    const quiet = await infill(context, words, {}, { ...terminal(), env: { ...env, NO_COLOR: '1' } });
    assert.doesNotMatch(visible(quiet.world.stdout.text() + quiet.world.stderr.text()), /⎋\[\d+(;\d+)*m/u);
    assert.match(visible(quiet.world.stderr.text()), /⎋\[\d+A/u);
    const dumb = await infill(context, words, {}, { ...terminal(), env: { ...env, TERM: 'dumb' } });
    assert.doesNotMatch(visible(dumb.world.stdout.text() + dumb.world.stderr.text()), /⎋/u);
    const forced = await infill(context, words, {}, { env: { ...env, FORCE_COLOR: '1' } });
    assert.match(visible(forced.world.stdout.text()), /⎋\[32m\+/u);
  });

  test('several candidates are shown one after the other when they were asked for', async (context) => {
    const answers = [['1'], ['sum(values)'], ['3']];
    const words = ['mean.py', '--span', '2:12-2:23', '--candidates', '3'];
    const { world } = await infill(context, words, { answers });
    const titles = world.stdout
      .text()
      .split('\n')
      .filter((line) => line.startsWith('#'));
    assert.deepEqual(titles, [
      '# candidate 1 of 3, mean log-probability -0.25',
      '# candidate 2 of 3, mean log-probability -1.25',
      '# candidate 3 of 3, mean log-probability -2.25',
    ]);
    assert.match(world.stderr.text(), /Candidate 2 is the same as the current text\./);
  });

  test('--write puts the best candidate into the file, all spans of it', async (context) => {
    const words = ['mean.py', '--span', '2:12-2:23', '--span', '1:5-1:9', '--write'];
    const { code, file } = await infill(context, words, {
      answers: [
        ['max(values)', 'average'],
        ['x', 'y'],
      ],
    });
    assert.equal(code, 0);
    assert.equal(fs.readFileSync(file, 'utf8'), 'def average(values):\n    return max(values)\n');
  });

  const poor: readonly (readonly [string, Script, string])[] = [
    ['does not parse', { answers: [['values +']] }, 'does-not-parse'],
    ['loops', { answers: [['values']], flaws: [['loops', 'improbable']] }, 'loops, improbable'],
    ['deletes most', { answers: [['0']], flaws: [['deletes']] }, 'deletes'],
  ];
  for (const [name, script, reasons] of poor) {
    test(`--write holds back an answer that ${name}, and --force does not`, async (context) => {
      const words = ['mean.py', '--span', '2:12-2:23', '--write'];
      const { code, world, file } = await infill(context, words, script);
      assert.equal(code, 1);
      assert.equal(fs.readFileSync(file, 'utf8'), TEXT);
      assert.ok(
        world.stderr
          .text()
          .endsWith(
            `mean.py was not changed, because the answer is poor (${reasons}). Try more --candidates, or --temperature 0.8 with another --seed, or write it anyway with --force.\n`,
          ),
        world.stderr.text(),
      );
      assert.match(world.stdout.text(), /^\+ {4}return /m, 'it is shown all the same');

      const json = await infill(context, [...words, '--json'], script);
      assert.equal(json.code, 1);
      const { written, candidates } = JSON.parse(json.world.stdout.text());
      assert.deepEqual([written, candidates[0].mark], [false, 'poor']);
      assert.equal(candidates[0].flaws.join(', '), reasons);
      assert.equal(fs.readFileSync(json.file, 'utf8'), TEXT);

      const forced = await infill(context, [...words, '--force', '--json'], script);
      assert.equal(forced.code, 0);
      assert.equal(JSON.parse(forced.world.stdout.text()).written, true);
      const answer = script.answers?.[0]?.[0] ?? '';
      assert.equal(fs.readFileSync(forced.file, 'utf8'), TEXT.replace('sum(values)', answer));
    });
  }

  test('--write takes the best of what parses, however likely the others are', async (context) => {
    const words = ['mean.py', '--span', '2:12-2:23', '--write', '--candidates', '3'];
    const { code, world, file } = await infill(context, words, {
      answers: [['(values'], ['max(values)'], ['0']],
    });
    assert.equal(code, 0);
    assert.equal(fs.readFileSync(file, 'utf8'), TEXT.replace('sum', 'max'));
    assert.match(
      world.stdout.text(),
      /^# candidate 3 of 3, mean log-probability -0\.25, poor: does-not-parse$/m,
    );
  });

  test('text that did not parse before may be written as it is', async (context) => {
    const folder = temporaryFolder(context);
    const file = path.join(folder, 'a.py');
    fs.writeFileSync(file, 'def mean(values:\n    return sum(values)\n');
    const world = testWorld(scriptedEngine({ answers: [['max']] }).engine, { folder });
    assert.equal(await runCommand(['infill', 'a.py', '--span', '2:12-2:15', '--write'], world), 0);
    assert.match(fs.readFileSync(file, 'utf8'), /return max/);
  });

  test('--write leaves a file alone that changed during the denoising', async (context) => {
    const folder = temporaryFolder(context);
    const file = path.join(folder, 'a.py');
    fs.writeFileSync(file, TEXT);
    const { engine } = scriptedEngine({ during: () => fs.writeFileSync(file, 'mine\n') });
    const world = testWorld(engine, { folder });
    assert.equal(await runCommand(['infill', 'a.py', '--span', '2:12-2:23', '--write'], world), 1);
    assert.equal(fs.readFileSync(file, 'utf8'), 'mine\n');
    assert.match(
      world.stderr.text(),
      /^palimpsest: a\.py has changed since it was read; .*\[file-unreadable\]$/m,
    );
  });

  test('standard input', async (context) => {
    async function* input() {
      yield Buffer.from('x = \n');
    }
    const { code, calls, world } = await infill(context, ['-', '--span', '1:5-1:5'], {}, { stdin: input() });
    assert.equal(code, 0);
    assert.equal(calls.infills[0]?.text, 'x = \n');
    assert.equal(calls.infills[0]?.fileName, undefined);
    assert.match(world.stdout.text(), /^--- a\/stdin$/m);
    const refused = await infill(context, ['-', '--span', '1:1-1:1', '--write'], {}, { stdin: input() });
    assert.equal(refused.code, 2);
    assert.equal(refused.calls.loads.length, 0);
  });

  test('no answer is said, changes nothing and is no success', async (context) => {
    const words = ['mean.py', '--span', '2:12-2:23', '--write'];
    const { code, world, file } = await infill(context, words, { answers: [] });
    assert.equal(code, 1);
    assert.match(world.stderr.text(), /The model found no answer/);
    assert.equal(fs.readFileSync(file, 'utf8'), TEXT);
    const json = await infill(context, [...words, '--json'], { answers: [] });
    assert.equal(json.code, 1);
    assert.deepEqual(JSON.parse(json.world.stdout.text()).candidates, []);
  });

  test('an error of the engine: one line, or one object; the model is given back, and the cursor', async (context) => {
    const fail = new EngineError('out-of-memory', 'There was\nnot enough memory.', { bytes: 1 });
    const words = ['mean.py', '--span', '2:12-2:23'];
    const stderr = fakeStream(true);
    const plainRun = await infill(context, words, { fail }, { stderr });
    assert.equal(plainRun.code, 1);
    assert.equal(plainRun.calls.disposed, 1);
    assert.ok(
      stderr.text().endsWith('\u001b[?25hpalimpsest: There was not enough memory. [out-of-memory]\n'),
    );
    const json = await infill(context, [...words, '--json'], { fail });
    assert.equal(json.code, 1);
    assert.equal(json.world.stderr.text(), '');
    assert.deepEqual(JSON.parse(json.world.stdout.text()), {
      error: { code: 'out-of-memory', message: 'There was\nnot enough memory.', data: { bytes: 1 } },
    });
  });

  test('a cancelled run: 130, and the file stays', async (context) => {
    const controller = new AbortController();
    const script = {
      steps: 50,
      during: () => assert.fail('it went on'),
      onStep: (step: number) => step === 3 && controller.abort(),
    };
    const words = ['mean.py', '--span', '2:12-2:23', '--write'];
    const { code, world, file } = await infill(context, words, script, { signal: controller.signal });
    assert.equal(code, 130);
    assert.equal(world.stderr.text(), 'palimpsest: Canceled; nothing was changed. [cancelled]\n');
    assert.equal(fs.readFileSync(file, 'utf8'), TEXT);
  });

  const wrong: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['no span', ['mean.py'], 2, /--span is missing/],
    ['a span of another form', ['mean.py', '--span', '3-4'], 2, /"3-4" is not a span/],
    ['a span outside the file', ['mean.py', '--span', '9:1-9:2'], 2, /There is no line 9.*\[span-invalid\]/],
    ['an unknown rule', ['mean.py', '--span', '1:1-1:2', '--rule', 'best'], 2, /--rule must be one of top-k/],
    ['a seed below zero', ['mean.py', '--span', '1:1-1:2', '--seed=-1'], 2, /--seed must be a whole number/],
    ['a temperature below zero', ['mean.py', '--span', '1:1-1:2', '--temperature=-1'], 2, /--temperature/],
    [
      'a top-p of zero',
      ['mean.py', '--span', '1:1-1:2', '--top-p', '0'],
      2,
      /--top-p must be a number above 0/,
    ],
    ['a strength over one', ['mean.py', '--span', '1:1-1:2', '--strength', '2'], 2, /--strength must be/],
    ['no candidates', ['mean.py', '--span', '1:1-1:2', '--candidates', '0'], 2, /--candidates must be/],
    ['no steps', ['mean.py', '--span', '1:1-1:2', '--steps', '0'], 2, /--steps must be/],
    ['half a token', ['mean.py', '--span', '1:1-1:2', '--max-tokens', '1.5'], 2, /--max-tokens must be/],
    ['a negative threshold', ['mean.py', '--span', '1:1-1:2', '--threshold=-1'], 2, /--threshold must be/],
    ['--force alone', ['mean.py', '--span', '1:1-1:2', '--force'], 2, /--force is for --write/],
    [
      'another cache',
      ['mean.py', '--span', '1:1-1:2', '--cache', 'none'],
      2,
      /--cache must be one of dual, exact/,
    ],
    [
      'another provider',
      ['mean.py', '--span', '1:1-1:2', '--provider', 'tpu'],
      2,
      /--provider must be one of auto/,
    ],
    [
      'another precision',
      ['mean.py', '--span', '1:1-1:2', '--precision', 'q2'],
      2,
      /--precision must be one of/,
    ],
    [
      'a workspace that is none',
      ['mean.py', '--span', '1:1-1:2', '--workspace', 'nowhere'],
      1,
      /There is no folder .*nowhere; give --workspace/,
    ],
    [
      'a missing file',
      ['none.py', '--span', '1:1-1:2'],
      1,
      /There is no file none\.py\. \[file-unreadable\]/,
    ],
  ];
  for (const [name, words, code, pattern] of wrong) {
    test(`refuses ${name} with exit code ${code}, loading nothing after it`, async (context) => {
      const run = await infill(context, words);
      assert.equal(run.code, code);
      assert.match(run.world.stderr.text(), pattern);
      assert.equal(run.world.stderr.text().trim().split('\n').length, 1);
      assert.equal(run.world.stdout.text(), '');
      assert.equal(run.calls.infills.length, 0);
      const json = await infill(context, [...words, '--json']);
      assert.equal(json.code, code);
      const { error } = JSON.parse(json.world.stdout.text());
      assert.deepEqual(Object.keys(error), ['code', 'message', 'data']);
    });
  }
});
