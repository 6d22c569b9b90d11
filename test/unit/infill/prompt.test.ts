import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { type PromptParts, promptContext, promptTokens } from '../../../engine/infill/prompt';

const opened = openCheckpoint(path.join(__dirname, '../../fixtures/checkpoints/sdar'));

async function shown(parts: Partial<PromptParts>): Promise<string> {
  const { chat, tokenizer } = await opened;
  assert.ok(chat);
  const whole = { before: '', selected: '', after: '', language: 'python', ...parts };
  const { before, after } = promptContext({ chat, tokenizer }, whole);
  assert.equal(after.length, 0);
  return tokenizer.decode(before);
}

const FILE = { before: 'def f(a):\n    ', selected: 'if a:\n        b()', after: '\n    return a\n' };

describe('a span put as a question', () => {
  test('has the code around it, the part by itself at the margin, what is wanted, and the answer begun', async () => {
    assert.equal(
      await shown({ ...FILE, instruction: ' Call c instead. ' }),
      [
        'user',
        '```python',
        'def f(a):',
        '    if a:',
        '        b()',
        '    return a',
        '```',
        '',
        'Edit only this part of the code above:',
        '',
        '```python',
        'if a:',
        '    b()',
        '```',
        '',
        'Instruction: Call c instead.',
        '',
        'Answer with the whole changed part, in one fenced block, without anything else.',
        'assistant',
        '```python\n',
      ].join('\n'),
    );
  });

  test('of a whole text shows it once', async () => {
    const text = await shown({ selected: 'a = 1', after: '\n', instruction: 'Use 2.' });
    assert.equal(text.split('a = 1').length, 2);
    assert.match(text, /Edit this code:[\s\S]*Answer with the whole changed code/);
  });

  test('marks a part that stands there more than once', async () => {
    const text = await shown({ before: 'a = 1\nb = ', selected: '1', after: '\n', instruction: 'Use 2.' });
    assert.match(text, /b = <rewrite>1<\/rewrite>\n/);
    assert.match(text, /Edit only this part between <rewrite> and <\/rewrite> above:/);
    assert.doesNotMatch(await shown({ ...FILE, instruction: 'x' }), /<rewrite>/);
  });

  test('asks for new code where nothing stood, and for what fits where nothing is said', async () => {
    const text = await shown({ ...FILE, selected: '', instruction: '  ' });
    assert.match(text, /Write the code that belongs between <rewrite> and <\/rewrite>\.\n\nIt has to fit/);
  });

  test('has a fence that is longer than those in the text', async () => {
    const text = await shown({ selected: '```js\na\n```', after: '\n', language: 'markdown' });
    assert.match(text, /````markdown\n```js\na\n```\n````/);
    assert.ok(text.endsWith('````markdown\n'));
  });

  test('holds a window of more tokens than a call takes arguments', async () => {
    const { chat, tokenizer } = await opened;
    assert.ok(chat);
    const before = 'a;'.repeat(150_000);
    const whole = promptContext({ chat, tokenizer }, { before, selected: 'b', after: '' });
    assert.ok(whole.before.length > 200_000);
  });

  test('is no longer than it says', async () => {
    const { chat, tokenizer } = await opened;
    assert.ok(chat);
    const { selected, before, after } = FILE;
    const around = tokenizer.encode(before).ids.length + tokenizer.encode(after).ids.length;
    for (const own of [selected, '', 'a']) {
      const parts = { selected: own, language: 'python', instruction: 'Shorter.' };
      const all = promptContext({ chat, tokenizer }, { ...parts, before, after }).before.length;
      const most = promptTokens({ chat, tokenizer }, parts) + around;
      assert.ok(all <= most && most <= all + 100, `${all} of ${most}`);
    }
  });
});
