// What a model says instead of writing code is no code, with or without a fence.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { type AskedCode, fencedCode, isAnswered } from '../../../engine/candidates/answer/fences';

const ASKED = { fence: '```', language: 'python', original: 'x = 1' };
const code = (answer: string, asked: Partial<AskedCode> = {}) => fencedCode(answer, { ...ASKED, ...asked });

const SAID = [
  'I am sorry, I cannot do that.',
  'Sure! The code already does what you ask for, so nothing needs to change.',
  'I’m afraid this isn’t possible: `area(r)` takes one argument, and "h" is not in sight.\n',
  'As a language model, I cannot run\nthe code. Could you tell me what fails?\n\nThank you!',
  'OK. The value in config.json (an integer) stays as it is – there is no side-effect. What you ask',
  'TypeScript has no such type.',
  'Es tut mir leid, das kann ich nicht tun.',
  'Je suis désolé, je ne peux pas le faire.',
  '抱歉，我无法做到。',
];
const LANGUAGES = ['python', 'typescript', 'typescriptreact', 'rust', 'java', 'sql', 'shellscript', 'json'];

describe('sentences alone', () => {
  for (const language of LANGUAGES) {
    test(`are no answer in ${language}`, () => {
      for (const answer of SAID) assert.equal(code(answer, { language }), undefined, answer);
    });
  }

  test('are none in a block either, and what comes behind them may be code', () => {
    assert.equal(code('I cannot do that.\n```'), undefined);
    assert.equal(code('```python\nI cannot do that.\n```\n'), undefined);
    assert.equal(code('Here is the changed code:\n```\n```'), '', 'an empty block is an answer');
    assert.equal(code('```\nI cannot do that.\n```', { isWhole: true }), undefined);
    const later = '```js\nlet x\n```\n```\nI cannot do that.\n```\n';
    assert.equal(isAnswered(later, '```', 'python'), false);
    assert.equal(code(`${later}\`\`\`python\nx = 2\n\`\`\``), 'x = 2');
    assert.equal(code('Sure!\n```\nx = 2\n```\n'), 'x = 2');
    assert.equal(code('Sure! This is\nthe changed code:\n```\nx = 2\n```\n'), 'x = 2');
  });

  test('are what was asked for where sentences stand, where text stands between tags, and in a language of them', () => {
    const said = 'Adds one, and returns it.';
    assert.equal(code(said, { original: 'Adds one, and gives it back.' }), said);
    assert.equal(code(`${said}\n\`\`\`\n`, { original: 'Adds one.\nReturns it, too.' }), said);
    assert.equal(code(said, { language: 'html', original: 'Welcome' }), said);
    assert.equal(code(said, { language: 'html', original: '<p>Welcome</p>' }), undefined);
    for (const language of ['markdown', 'plaintext', undefined]) assert.equal(code(said, { language }), said);
  });
});

describe('code without a fence', () => {
  const written: readonly (readonly [language: string, ...answers: string[]])[] = [
    ['python', 'x = 2', 'return total', 'raise NotImplementedError', 'None', 'from math import pi, tau'],
    ['python', 'Sum(a, b)', 'Point.of.x', 'class Point:\n    pass', 'if a in b:\n    return a'],
    ['python', '# I am sorry, I cannot do that.', '"""Adds one, and returns it."""'],
    [
      'typescript',
      'return first;',
      'Promise<void>',
      '// Sure! This is all there is.',
      '/* I cannot do that. */',
    ],
    ['rust', 'None', 'Some(first)', 'Ok(())', '/// Adds one, and returns it.'],
    ['ruby', 'User.active and User.admin?', 'raise Missing unless found?', 'Found'],
    ['sql', 'SELECT name, place FROM people', 'Select name From people', '-- I cannot do that.'],
    ['shellscript', 'npm run check', 'cp -r a .'],
    ['dockerfile', 'FROM node AS base\nCOPY . .', 'USER node'],
    ['vb', 'Dim first As Integer', 'End Sub'],
    ['pascal', 'Begin\n  Draw\nEnd.'],
    ['yaml', 'Description: The sum of all of them.', 'Description of it:\n  The sum of all.'],
    ['yaml', 'Steps of it:\n- Build it.\n- Ship it.'],
    ['cobol', 'Add One To Total.'],
    ['erlang', 'Total.', 'First and Last.'],
  ];
  for (const [language, ...answers] of written) {
    test(`is code in ${language}: ${answers[0]?.split('\n')[0]}`, () => {
      for (const answer of answers) assert.equal(code(answer, { language }), answer);
    });
  }
});
