import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { promptContext, promptTokens, unfenced } from '../../../engine/infill/prompt';

const opened = openCheckpoint(path.join(__dirname, '../../fixtures/checkpoints/sdar'));

async function shown(selected: string, instruction?: string): Promise<string> {
  const { chat, tokenizer } = await opened;
  assert.ok(chat);
  const ids = (text: string) => tokenizer.encode(text).ids;
  const parts = {
    before: ids('a = '),
    selected: ids(selected),
    after: ids('\nprint(a)'),
    language: 'python',
  };
  const { before, after } = promptContext(
    { chat, tokenizer },
    instruction === undefined ? parts : { ...parts, instruction },
  );
  assert.equal(after.length, 0);
  return tokenizer.decode(before);
}

describe('a span put as a question', () => {
  test('has the file around it, the span marked, and the answer begun', async () => {
    assert.equal(
      await shown('1 + 1', 'Use a constant.'),
      [
        'user\nRewrite the code between <rewrite> and </rewrite>. Use a constant. Answer with that code alone, in one fenced block.',
        '',
        '```python',
        'a = <rewrite>1 + 1</rewrite>',
        'print(a)',
        '```',
        'assistant',
        '```python\n',
      ].join('\n'),
    );
  });

  test('holds a window of more tokens than a call takes arguments', async () => {
    const { chat, tokenizer } = await opened;
    assert.ok(chat);
    const before = new Int32Array(300_000).fill(5);
    const whole = promptContext({ chat, tokenizer }, { before, selected: [6], after: before });
    assert.equal(whole.before.filter((id) => id === 5).length >= 600_000, true);
  });

  test('asks for new code where nothing stood, and for what fits where nothing is said', async () => {
    assert.match(await shown('', '  '), /Write the code that belongs .* It has to fit the code around it\./);
  });

  test('is as long as it says', async () => {
    const { chat, tokenizer } = await opened;
    assert.ok(chat);
    const parts = { selected: tokenizer.encode('1 + 1').ids, language: 'python', instruction: 'Shorter.' };
    const around = { before: tokenizer.encode('a = ').ids, after: tokenizer.encode('\n').ids };
    const all = promptContext({ chat, tokenizer }, { ...parts, ...around }).before.length;
    assert.equal(promptTokens({ chat, tokenizer }, parts), all - around.before.length - around.after.length);
  });
});

describe('the code in an answer', () => {
  test('ends where its fence closes', () => {
    assert.equal(unfenced('x = 1\ny = 2\n```\nThis is why.'), 'x = 1\ny = 2');
    assert.equal(unfenced('x = 1\r\n```'), 'x = 1');
    assert.equal(unfenced('```'), '');
    assert.equal(unfenced('x = "```"'), 'x = "```"');
  });

  test('is always its beginning', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '`', '```', ' ') }), (text) => {
        const code = unfenced(text);
        assert.ok(text.startsWith(code));
        assert.doesNotMatch(code, /(^|\n)[ \t]*```/);
      }),
    );
  });
});
