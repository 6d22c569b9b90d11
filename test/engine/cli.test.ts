// The command as it is shipped, on tiny checkpoints: bundle, runtime, exit codes and files.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { bundle } from './processes';

const ROOT = path.resolve(__dirname, '..', '..');
const CHECKPOINTS = path.join(ROOT, 'test', 'fixtures', 'checkpoints');
const TEXT = '\ufeffdef mean(values):\r\n    total = sum(values)\r\n    return total  # 漢字 🦊\r\n';

interface JsonSpan {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}
interface JsonResult {
  readonly candidates: readonly { readonly score: number; readonly spans: readonly JsonSpan[] }[];
}

function applied(text: string, spans: readonly JsonSpan[]): string {
  return [...spans]
    .sort((a, b) => b.start - a.start)
    .reduce((result, span) => result.slice(0, span.start) + span.text + result.slice(span.end), text);
}

describe('the command on tiny checkpoints', () => {
  let folder = '';
  before(async () => {
    // A package of its own, laid out like the real one: dist, models/starter, node_modules.
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-command-'));
    fs.copyFileSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
    fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
    fs.mkdirSync(path.join(folder, 'models'));
    fs.cpSync(path.join(CHECKPOINTS, 'palimpsest'), path.join(folder, 'models', 'starter'), {
      recursive: true,
    });
    // Beside it, as the build leaves them: what an answer is judged by.
    const grammars = path.join(ROOT, 'node_modules', '@vscode', 'tree-sitter-wasm', 'wasm');
    fs.cpSync(grammars, path.join(folder, 'dist', 'tree-sitter'), { recursive: true });
    const entries = {
      cli: 'engine/cli/main.ts',
      probe: 'engine/runtime/probeMain.ts',
      template: 'engine/checkpoint/templateMain.ts',
    };
    await bundle(entries, path.join(folder, 'dist'));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  function palimpsest(words: readonly string[], input = '') {
    const { PALIMPSEST_MODEL: _, FORCE_COLOR: __, ...env } = process.env;
    const result = spawnSync(process.execPath, [path.join(folder, 'dist', 'cli.js'), ...words], {
      cwd: folder,
      input,
      encoding: 'utf8',
      env: { ...env, PALIMPSEST_CACHE: path.join(folder, 'cache') },
    });
    return { code: result.status, out: result.stdout, err: result.stderr };
  }

  function model(name: string): string[] {
    return ['--model', path.join(CHECKPOINTS, name), '--provider', 'cpu', '--precision', 'fp32'];
  }

  /** The embedded model: trained, so that it comes to an answer where random weights give broken text. */
  const STARTER = [
    '--model',
    path.join(ROOT, 'models', 'starter'),
    '--provider',
    'cpu',
    '--precision',
    'fp32',
  ];

  function file(name: string, text = TEXT): string {
    const at = path.join(folder, name);
    fs.writeFileSync(at, text);
    return at;
  }

  for (const name of ['dreamon', 'open-dcoder', 'llada', 'stable-diffcoder', 'palimpsest']) {
    test(`infill --json with ${name}`, () => {
      file('mean.py');
      const words = [
        'infill',
        'mean.py',
        '--span',
        '2:13-2:24',
        '--seed',
        '5',
        '--max-tokens',
        '12',
        ...model(name),
      ];
      const { code, out, err } = palimpsest([...words, '--json']);
      assert.equal(err, '');
      const result = JSON.parse(out);
      assert.deepEqual(Object.keys(result).sort(), [
        'candidates',
        'family',
        'forwards',
        'millis',
        'model',
        'precision',
        'provider',
        'tokens',
        'tokensPerForward',
      ]);
      assert.equal(result.provider, 'cpu');
      assert.equal(result.precision, 'fp32');
      assert.ok(result.forwards > 0);
      assert.equal(code, result.candidates.length > 0 ? 0 : 1);
      for (const candidate of result.candidates) {
        assert.ok(Number.isFinite(candidate.score));
        assert.equal(candidate.spans.length, 1);
        const [span] = candidate.spans;
        assert.deepEqual(span.range, { start: { line: 2, column: 13 }, end: { line: 2, column: 24 } });
        assert.equal(TEXT.slice(span.start, span.end), 'sum(values)');
      }
    });
  }

  for (const name of ['dreamon', 'llada', 'stable-diffcoder', 'starter']) {
    test(`--candidates 4 holds the answer of the seed alone (${name})`, () => {
      file('seeds.py');
      const words = ['infill', 'seeds.py', '--span', '2:5-2:24', '--seed', '7', '--max-tokens', '12'];
      const all = [...words, '--cache', 'exact', ...(name === 'starter' ? STARTER : model(name)), '--json'];
      const texts = (...more: readonly string[]) =>
        (JSON.parse(palimpsest([...all, ...more]).out) as JsonResult).candidates.map(({ spans }) =>
          spans.map(({ text }) => text),
        );
      const alone = texts();
      const several = texts('--candidates', '4');
      for (const one of alone) assert.ok(several.some((other) => isDeepStrictEqual(one, other)));
      // Random weights may write what is no text, alone and among others.
      assert.equal(name !== 'starter' || alone.length === 1, true);
    });
  }

  test('the same seed gives the same answer, and --write puts exactly that into the file', () => {
    const at = file('write.py');
    const words = [
      'infill',
      'write.py',
      '--span',
      '2:13-2:24',
      '--seed',
      '3',
      '--candidates',
      '4',
      ...STARTER,
    ];
    const first: JsonResult = JSON.parse(palimpsest([...words, '--json']).out);
    const second: JsonResult = JSON.parse(palimpsest([...words, '--json']).out);
    assert.deepEqual(first.candidates, second.candidates);
    const [best] = first.candidates;
    assert.ok(best);
    assert.equal(fs.readFileSync(at, 'utf8'), TEXT);
    const written = palimpsest([...words, '--write']);
    assert.equal(written.code, 0, written.err);
    assert.equal(fs.readFileSync(at, 'utf8'), applied(TEXT, best.spans));
    assert.deepEqual(
      fs.readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  test('without --json: a difference on one stream, the facts on the other', () => {
    file('diff.py');
    const words = [
      'infill',
      'diff.py',
      '--span',
      '2:13-2:24',
      '--seed',
      '3',
      '--candidates',
      '4',
      ...STARTER,
    ];
    const { code, out, err } = palimpsest(words);
    assert.equal(code, 0, err);
    assert.match(out, /^--- a\/diff\.py\n\+\+\+ b\/diff\.py\n@@ -1,3 \+1,\d+ @@$/m);
    assert.match(
      err,
      /^starter · cpu · fp32 · \d+ forwards? · [\d.]+ tokens per forward · confidence \d+ %( · flaws: [a-z, ]+)? · \d+ ms$/m,
    );
  });

  test('standard input and the model beside the command', () => {
    const words = [
      'infill',
      '-',
      '--span',
      '1:5-1:5',
      '--max-tokens',
      '8',
      '--provider',
      'cpu',
      '--precision',
      'fp32',
    ];
    const { out, err } = palimpsest([...words, '--json'], 'x = \n');
    assert.equal(err, '');
    assert.equal(JSON.parse(out).family, 'palimpsest');
  });

  test('score: every token has its place, the most suspicious first', () => {
    file('score.py');
    const { code, out } = palimpsest(['score', 'score.py', '--json', ...model('palimpsest')]);
    assert.equal(code, 0);
    const { tokens } = JSON.parse(out);
    assert.ok(tokens.length > 3);
    for (const [index, token] of tokens.entries()) {
      assert.ok(token.surprise >= 0);
      assert.ok(index === 0 || tokens[index - 1].surprise >= token.surprise);
      assert.ok(token.range.start.line >= 1 && token.range.start.column >= 1);
    }
    const table = palimpsest(['score', 'score.py', '--limit', '3', ...model('palimpsest')]);
    assert.equal(table.out.trim().split('\n').length, 4);
  });

  for (const name of ['dreamon', 'llada', 'dream-sharded', 'stable-diffcoder', 'palimpsest']) {
    test(`check compares ${name} with its reference`, () => {
      const at = path.join(CHECKPOINTS, name);
      const words = ['check', at, '--reference', path.join(at, 'reference.safetensors'), '--json'];
      const { code, out } = palimpsest(words);
      const report = JSON.parse(out);
      assert.equal(report.reference.passed, true, `off by ${report.reference.relativeDifference}`);
      assert.equal(code, 0);
      assert.ok(report.specials.mask.id >= 0);
      assert.equal(report.memory.length, 5);
    });
  }

  test('check fails against the reference of another model', () => {
    const reference = path.join(CHECKPOINTS, 'dreamon', 'reference.safetensors');
    const { code, out } = palimpsest(['check', path.join(CHECKPOINTS, 'llada'), '--reference', reference]);
    assert.equal(code, 1);
    assert.match(out, /Largest relative difference .*: failed$/m);
  });

  test('bench times what it is asked to', () => {
    const words = [
      'bench',
      '--model',
      path.join(CHECKPOINTS, 'dreamon'),
      '--provider',
      'cpu',
      '--precision',
      'fp32',
    ];
    const { code, out } = palimpsest([...words, '--tokens', '32', '--block', '8', '--runs', '2', '--json']);
    assert.equal(code, 0);
    const { rows } = JSON.parse(out);
    assert.equal(rows.length, 1);
    assert.ok(rows[0].timing.forward > 0 && rows[0].timing.step > 0);
  });

  test('devices has the CPU, and a reason for every provider', () => {
    const { code, out } = palimpsest(['devices', '--json']);
    assert.equal(code, 0);
    const { devices } = JSON.parse(out);
    assert.equal(devices.at(-1).provider, 'cpu');
    assert.equal(devices.filter((device: { chosen: boolean }) => device.chosen).length, 1);
    for (const device of devices) assert.ok(device.reason.length > 0);
  });

  const refused: readonly (readonly [string, () => string[], RegExp])[] = [
    [
      'a folder that is no checkpoint',
      () => ['infill', file('a.py'), '--span', '1:1-1:4', '--model', folder],
      /\[checkpoint-/,
    ],
    ['a model that is not there', () => ['check', path.join(folder, 'none')], /\[checkpoint-missing\]/],
    [
      'a download that is not finished, with all that is missing',
      () => {
        const half = path.join(folder, 'half');
        fs.cpSync(path.join(CHECKPOINTS, 'dream-sharded'), half, { recursive: true });
        for (const part of ['1', '3']) fs.rmSync(path.join(half, `model-0000${part}-of-00003.safetensors`));
        return ['check', half];
      },
      /half lacks model-00001-of-00003\.safetensors, model-00003-of-00003\.safetensors\. .*\[checkpoint-missing\]/,
    ],
    [
      'a family that cannot fill holes',
      () => {
        // Without its chat template nobody knows how it wants to be asked.
        const mute = path.join(folder, 'mute-sdar');
        fs.cpSync(path.join(CHECKPOINTS, 'sdar'), mute, { recursive: true });
        fs.rmSync(path.join(mute, 'tokenizer_config.json'));
        return ['infill', file('a.py'), '--span', '1:1-1:4', '--model', mute];
      },
      /SDAR answers prompts.*no chat template.*\[family-unknown\]/,
    ],
    [
      'spans that overlap',
      () => ['infill', file('a.py'), '--span', '1:1-1:4', '--span', '1:2-1:6', ...model('dreamon')],
      /overlaps.*\[span-invalid\]/,
    ],
    [
      'a span inside a surrogate pair',
      () => ['infill', file('a.py'), '--span', '3:25-3:25', ...model('dreamon')],
      /surrogate pair.*\[span-invalid\]/,
    ],
  ];
  for (const [name, words, pattern] of refused) {
    test(`refuses ${name} in one line`, () => {
      const { code, out, err } = palimpsest(words());
      assert.equal(code, /\[(span|option)-invalid\]/.test(err) ? 2 : 1);
      assert.equal(out, '');
      assert.match(err, pattern);
      assert.equal(err.trim().split('\n').length, 1);
    });
  }
});
