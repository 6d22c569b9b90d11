import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { chatLayout } from '../../../engine/checkpoint/chatTemplate';
import { openCheckpoint } from '../../../engine/checkpoint/open';

const fixtures = path.join(__dirname, '../../fixtures/checkpoints');
const opened = openCheckpoint(path.join(fixtures, 'sdar'));

const CHATML =
  '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';

describe('the chat template of a checkpoint', () => {
  test('is the tokens around a message, special ones as themselves', async () => {
    const { chat, tokenizer } = await opened;
    assert.ok(chat);
    const start = tokenizer.specialId('<|im_start|>');
    const end = tokenizer.specialId('<|im_end|>');
    assert.equal(chat.before[0], start);
    assert.equal(tokenizer.decode(chat.before), 'user\n');
    assert.equal(chat.after[0], end);
    assert.equal(chat.after.filter((id) => id === start).length, 1);
    assert.equal(tokenizer.decode(chat.after), '\nassistant\n');
  });

  test('comes from its own file, or by name, where it does', async () => {
    const { chat, tokenizer } = await opened;
    assert.deepEqual(chatLayout({}, CHATML, tokenizer), chat);
    const several = {
      chat_template: [
        { name: 'tool_use', template: 'no' },
        { name: 'default', template: CHATML },
      ],
    };
    assert.deepEqual(chatLayout(several, undefined, tokenizer), chat);
    const named = { bos_token: { content: '<|im_start|>' }, eos_token: '<|im_end|>' };
    const seed =
      "{% for m in messages %}{{ bos_token + m['role'] + '\\n' + m['content'] | trim + eos_token }}{% endfor %}{{ bos_token + 'assistant\\n' }}";
    const layout = chatLayout(named, seed, tokenizer);
    assert.deepEqual(layout?.before, chat?.before);
    assert.equal(tokenizer.decode(layout?.after ?? []), 'assistant\n');
  });

  test('is none where there is none, it is broken, or it loses the message', async () => {
    const { tokenizer } = await opened;
    assert.equal(chatLayout(undefined, undefined, tokenizer), undefined);
    assert.equal(chatLayout({ chat_template: 7 }, undefined, tokenizer), undefined);
    assert.equal(chatLayout({}, '{% for %}', tokenizer), undefined);
    assert.equal(chatLayout({}, "{{ raise_exception('no') }}", tokenizer), undefined);
    assert.equal(chatLayout({}, 'hello', tokenizer), undefined);
  });

  test('is read for families that answer prompts alone', async () => {
    const { chat } = await openCheckpoint(path.join(fixtures, 'dreamon'));
    assert.equal(chat, undefined);
  });
});
