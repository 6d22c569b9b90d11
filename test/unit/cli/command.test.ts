import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { runCommand } from '../../../engine/cli/command';
import { cacheFolder, progressLine } from '../../../engine/cli/modelOptions';
import { scoreTable } from '../../../engine/cli/scoreView';
import { languageOf } from '../../../engine/tools/language';
import {
  fakeStream,
  type ScriptedContext,
  scriptedEngine,
  temporaryFolder,
  testWorld,
} from './scriptedEngine';

async function command(words: readonly string[], overrides: Partial<ScriptedContext> = {}) {
  const { engine, calls } = scriptedEngine({
    devices: [
      {
        provider: 'webgpu',
        usable: true,
        chosen: false,
        attention: 'plain',
        gain: 0.03,
        reason: 'slow here.',
      },
      { provider: 'cuda', usable: false, chosen: false, attention: 'plain', reason: 'no library.' },
      {
        provider: 'cpu',
        usable: true,
        chosen: true,
        attention: 'plain',
        gain: 1,
        reason: 'always available',
      },
    ],
  });
  const world = testWorld(engine, overrides);
  const code = await runCommand(words, world);
  return { code, out: world.stdout.text(), err: world.stderr.text(), calls };
}

async function* input(text: string) {
  yield Buffer.from(text);
}

describe('the command', () => {
  test('--version and --help, in general and of each sub-command', async () => {
    assert.deepEqual((await command(['--version'])).out, 'palimpsest 1.2.3\n');
    const general = await command(['--help']);
    assert.equal(general.code, 0);
    for (const name of ['infill', 'score', 'check', 'bench', 'devices']) {
      assert.ok(general.out.includes(`palimpsest ${name}`));
      const own = await command([name, '--help']);
      assert.equal(own.code, 0);
      assert.ok(own.out.startsWith(`palimpsest ${name}`));
      assert.equal((await command(['help', name])).out, own.out);
    }
  });

  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^palimpsest: Specify a command: .* See: palimpsest --help \[option-invalid\]\n$/],
    [['infil'], /There is no command infil\. Did you mean infill\? See: palimpsest --help/],
    [['--json'], /There is no option --json\./],
    [['score'], /FILE is missing: .* See: palimpsest score --help/],
    [['score', '-', '--limit', '0'], /--limit must be a whole number of at least 1/],
    [['check'], /DIR is missing/],
    [['devices', 'cpu'], /devices takes no arguments, but "cpu" was given/],
    [['bench', '--precision', 'q9'], /--precision must be one of/],
    [['bench', '--runs', '0'], /--runs must be a whole number from 1/],
  ];
  for (const [words, pattern] of wrong) {
    test(`refuses ${JSON.stringify(words)} with exit code 2`, async () => {
      const { code, out, err } = await command(words);
      assert.equal(code, 2);
      if (words.includes('--json')) assert.match(JSON.parse(out).error.message, pattern);
      else assert.match(err, pattern);
    });
  }

  test('an error of no known kind still has a code', async () => {
    const { engine } = scriptedEngine();
    const world = testWorld(engine);
    assert.equal(await runCommand(['check', '.'], world), 1);
    assert.equal(
      world.stderr.text(),
      'palimpsest: Something unexpected failed: openCheckpoint is not scripted [internal]\n',
    );
  });
});

describe('score', () => {
  const text = 'one two\n漢字 four\n';

  test('a table, most suspicious first', async () => {
    const { code, out, err } = await command(['score', '-', '--limit', '2'], { stdin: input(text) });
    assert.equal(code, 0);
    assert.equal(
      out,
      [
        'place  token   nats  bits  the model expects',
        '2:4    "four"  3.50  5.05  "other" 25 %',
        '2:1    "漢字"  2.50  3.61  "other" 25 %',
        '',
      ].join('\n'),
    );
    assert.equal(err, 'scripted · 4 tokens · 2.00 nats per token · both sides seen · 5 ms\n');
  });

  test('shares are percent, whatever their number of digits', () => {
    const shares = [0.994, 0.0964, 0.095, 0.094, 0.0051];
    const alternatives = shares.map((probability) => ({ text: 'x', probability }));
    const token = { start: 0, end: 1, text: 'y', surprise: 1, expected: 1 };
    const range = { start: { line: 1, column: 1 }, end: { line: 1, column: 2 } };
    const shown = alternatives.map(
      (one) => scoreTable([{ ...token, range, alternatives: [one] }], (_, text) => text)[1]?.split('"x" ')[1],
    );
    assert.deepEqual(shown, ['99 %', '10 %', '10 %', '9 %', '0.5 %']);
  });

  test('--json has the places, all tokens unless limited', async () => {
    const all = JSON.parse((await command(['score', '-', '--json'], { stdin: input(text) })).out);
    assert.deepEqual(
      all.tokens.map((token: { text: string }) => token.text),
      ['four', '漢字', 'two', 'one'],
    );
    assert.deepEqual(all.tokens[1].range, { start: { line: 2, column: 1 }, end: { line: 2, column: 3 } });
    assert.equal(all.method, 'masked');
    const one = await command(['score', '-', '--json', '--limit', '1'], { stdin: input(text) });
    assert.equal(JSON.parse(one.out).tokens.length, 1);
  });

  test('on a terminal the suspicious lines are shown in their heat, the others are not', async () => {
    const stdout = fakeStream(true, 40);
    await command(['score', '-'], { stdin: input(text), stdout });
    const e = '\u001b';
    const tail = stdout.text().split('\n').slice(-2)[0];
    assert.equal(tail, `${e}[2m  2 │ ${e}[0m${e}[33m漢字${e}[0m ${e}[33mfour${e}[0m`);
    assert.doesNotMatch(stdout.text(), / 1 │/);
  });
});

describe('devices', () => {
  test('every provider with its reason', async () => {
    assert.equal(
      (await command(['devices'])).out,
      [
        'provider  verdict    speed  attention  why',
        'webgpu    works     0.03 ×  plain      slow here.',
        'cuda      not here       –  –          no library.',
        'cpu       used       1.0 ×  plain      always available',
        '',
        'GPU memory: 6291 MB of 8586 MB are free (RTX 4060).',
        'Install a driver.',
        'docs/gpu.md in the repository says more.',
        '',
      ].join('\n'),
    );
    const machine = JSON.parse((await command(['devices', '--json'])).out);
    assert.equal(machine.devices.length, 3);
    assert.deepEqual(machine.advice, ['Install a driver.']);
  });

  test('--cuda adds CUDA before it looks', async () => {
    const { calls, code } = await command(['devices', '--cuda', 'package.whl', '--json']);
    assert.equal(code, 0);
    assert.deepEqual(
      calls.cuda.map((file) => path.basename(file)),
      ['package.whl'],
    );
  });
});

describe('the model that is taken', () => {
  const load = async (words: readonly string[], overrides: Partial<ScriptedContext>) =>
    (await command(['score', '-', ...words], { stdin: input('a'), ...overrides })).calls.loads[0]?.folder;

  test('--model, then PALIMPSEST_MODEL, then the starter model of the package', async (context) => {
    const packageFolder = temporaryFolder(context);
    const env = { HOME: '/home/p', PALIMPSEST_MODEL: './mine' };
    assert.equal(await load(['--model', './m'], { env, folder: '/w' }), path.resolve('/w/m'));
    assert.equal(await load([], { env, folder: '/w' }), path.resolve('/w/mine'));
    const { mkdirSync } = await import('node:fs');
    const without = await command(['score', '-'], { stdin: input('a'), env: {}, packageFolder });
    assert.equal(without.code, 1);
    assert.match(without.err, /has no embedded model.*\[checkpoint-missing\]/);
    mkdirSync(path.join(packageFolder, 'models', 'starter'), { recursive: true });
    assert.equal(
      await load([], { env: { PALIMPSEST_MODEL: '' }, packageFolder }),
      path.join(packageFolder, 'models', 'starter'),
    );
    const coder = path.join(packageFolder, 'models', 'coder');
    mkdirSync(coder);
    assert.equal(await load(['--model', 'coder'], { env: {}, packageFolder }), coder);
  });

  test('a word that names nothing is refused with what to do', async () => {
    const nearly = await command(['score', '-', '--model', 'dreamon'], { stdin: input('a') });
    assert.equal(nearly.code, 1);
    assert.equal(
      nearly.err,
      'palimpsest: There is no model, folder, or .gguf file named dreamon. Did you mean dreamon-7b? ' +
        '"palimpsest models list" shows the models. [model-unknown]\n',
    );
    assert.deepEqual(nearly.calls.loads, []);
  });

  test('quantised files go where the platform keeps such things', () => {
    const home = { HOME: '/home/p' };
    assert.equal(cacheFolder(home, 'linux'), path.join('/home/p', '.cache', 'palimpsest'));
    assert.equal(cacheFolder({ ...home, XDG_CACHE_HOME: '/c' }, 'linux'), path.join('/c', 'palimpsest'));
    assert.equal(cacheFolder(home, 'darwin'), path.join('/home/p', 'Library', 'Caches', 'palimpsest'));
    assert.equal(
      cacheFolder({ ...home, LOCALAPPDATA: '/l' }, 'win32'),
      path.join('/l', 'palimpsest', 'cache'),
    );
    assert.equal(cacheFolder({ ...home, PALIMPSEST_CACHE: '/own' }, 'linux'), path.resolve('/own'));
  });

  test('progress in words', () => {
    assert.equal(progressLine({ folder: '', stage: 'opening' }), 'opening the checkpoint');
    assert.equal(
      progressLine({ folder: '', stage: 'quantising', fraction: 0.499 }),
      'quantizing the weights (first time only) 49 %',
    );
    assert.equal(progressLine({ folder: '', stage: 'session', fraction: 2 }), 'loading the weights 100 %');
  });

  test('languages by the name of the file', () => {
    assert.equal(languageOf('a/b.py'), 'python');
    assert.equal(languageOf('B.TSX'), 'typescriptreact');
    assert.equal(languageOf('Makefile'), 'makefile');
    assert.equal(languageOf('x.constructor'), undefined);
    assert.equal(languageOf('.py'), undefined);
  });
});
