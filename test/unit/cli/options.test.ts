import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { COMMANDS } from '../../../engine/cli/command';
import {
  type CommandSpec,
  choiceOption,
  helpOf,
  numberOption,
  parseArguments,
  suggestion,
  UsageError,
} from '../../../engine/cli/options';

const spec: CommandSpec = {
  name: 'try',
  summary: 'A command for this test.',
  operands: ['FILE'],
  options: {
    span: { value: 'S', multiple: true, help: 'several' },
    seed: { value: 'N', help: 'a number' },
    rule: { value: 'NAME', help: 'a word' },
    json: { help: 'a switch' },
  },
};

const parse = (...words: string[]) => parseArguments(spec, words);
const message = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UsageError);
  assert.equal(error.code, 'option-invalid');
  assert.match(error.message, pattern);
  return true;
};

describe('arguments', () => {
  test('operands, values in both forms, repeats and switches', () => {
    const parsed = parse('--span', 'a', 'file.py', '--span=b', '--seed=-3', '--json');
    assert.deepEqual(parsed.operands, ['file.py']);
    assert.deepEqual(parsed.texts('span'), ['a', 'b']);
    assert.equal(parsed.text('seed'), '-3');
    assert.equal(parsed.has('json'), true);
    assert.equal(parsed.has('rule'), false);
    assert.equal(parsed.text('rule'), undefined);
  });

  test('a lone dash is an operand, and what follows -- is one, too', () => {
    assert.deepEqual(parse('-').operands, ['-']);
    assert.deepEqual(parse('--', '--json').operands, ['--json']);
    assert.equal(parse('--', '--json').has('json'), false);
  });

  test('help wins over what is missing', () => {
    assert.equal(parse('--help').help, true);
    assert.equal(parse('-h').help, true);
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown option', ['f', '--sede', '1'], /There is no option --sede\. Did you mean --seed\?/],
    ['an unknown short option', ['f', '-x'], /There is no option -x/],
    ['an option named like an object member', ['f', '--constructor'], /There is no option --constructor/],
    ['a value that is missing', ['f', '--seed'], /--seed needs a value: --seed N/],
    ['an empty value', ['f', '--seed='], /--seed needs a value/],
    [
      'an option where a value should be',
      ['f', '--seed', '--json'],
      /--seed needs a value; write --seed=--json/,
    ],
    ['a switch with a value', ['f', '--json=yes'], /--json takes no value/],
    ['a single option twice', ['f', '--seed', '1', '--seed', '2'], /--seed is given more than once/],
    ['no operand', [], /FILE is missing: palimpsest try FILE/],
    [
      'one operand too many',
      ['f', 'g'],
      /Only FILE was expected, but "g" was given too\. Put text .* in quotes/,
    ],
  ];
  for (const [name, words, pattern] of wrong) {
    test(`refuses ${name}`, () => assert.throws(() => parse(...words), message(pattern)));
  }

  test('numbers within their rule', () => {
    const seed = (text: string, rule: Parameters<typeof numberOption>[3]) =>
      numberOption(parse('f', `--seed=${text}`), spec, 'seed', rule);
    assert.equal(seed('7', { integer: true, least: 0 }), 7);
    assert.equal(seed('.5', { least: 0, most: 1 }), 0.5);
    assert.equal(seed('1e-1', { least: 0, most: 1 }), 0.1);
    assert.equal(numberOption(parse('f'), spec, 'seed', { least: 0 }), undefined);
    const refused: readonly (readonly [string, Parameters<typeof numberOption>[3], RegExp])[] = [
      ['1.5', { integer: true, least: 0 }, /--seed must be a whole number of at least 0, not "1\.5"/],
      ['-1', { integer: true, least: 0 }, /whole number of at least 0/],
      ['0', { least: 0, most: 1, above: true }, /a number above 0 and up to 1/],
      ['1.01', { least: 0, most: 1 }, /a number from 0 to 1/],
      ['0x10', { least: 0 }, /not "0x10"/],
      ['ten', { least: 0 }, /not "ten"/],
      ['Infinity', { least: 0 }, /not "Infinity"/],
      ['1e999', { least: 0 }, /not "1e999"/],
      [' ', { least: 0 }, /not " "/],
      ['9007199254740993', { integer: true, least: 0 }, /whole number/],
    ];
    for (const [text, rule, pattern] of refused) assert.throws(() => seed(text, rule), message(pattern));
  });

  test('words of a list', () => {
    const rule = (text: string) =>
      choiceOption(parse('f', '--rule', text), spec, 'rule', ['top-k', 'entropy']);
    assert.equal(rule('top-k'), 'top-k');
    assert.throws(
      () => rule('entropi'),
      message(/one of top-k, entropy, not "entropi"\. Did you mean entropy\?/),
    );
  });

  test('suggests only what is near', () => {
    assert.equal(suggestion('infil', ['infill', 'score']), ' Did you mean infill?');
    assert.equal(suggestion('xyzzy', ['infill', 'score']), '');
    assert.equal(suggestion('wat', ['gate', 'url']), '', 'one letter in common');
  });

  test('suggests what a word begins, and what begins it', () => {
    const known = ['qwen2.5-coder-0.5b', 'qwen2.5-coder-7b', 'tiny-a2d-coder-0.5b'];
    assert.equal(suggestion('tiny-a2d', known), ' Did you mean tiny-a2d-coder-0.5b?');
    assert.equal(suggestion('qwen2.5-coder-0.5b-instruct', known), ' Did you mean qwen2.5-coder-0.5b?');
    assert.equal(suggestion('qw', known), '');
  });

  test('the help of every command names every option and fits 100 columns', () => {
    for (const { spec: command } of COMMANDS) {
      const help = helpOf(command);
      for (const name of [...Object.keys(command.options), 'help']) {
        assert.ok(help.includes(`--${name}`), `${command.name}: --${name}`);
      }
      for (const line of help.split('\n')) assert.ok(line.length <= 100, line);
    }
  });

  test('the help of a command, as it is printed', () => {
    assert.equal(
      helpOf(spec),
      [
        'palimpsest try FILE [options]',
        '',
        'A command for this test.',
        '',
        '  --span S                several',
        '  --seed N                a number',
        '  --rule NAME             a word',
        '  --json                  a switch',
        '  -h, --help              show this help',
        '',
      ].join('\n'),
    );
  });
});
