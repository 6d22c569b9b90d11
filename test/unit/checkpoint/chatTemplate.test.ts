import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
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
    assert.equal(chat.end, end, 'what ends an earlier answer ends this one');
  });

  test('says how an answer ends only where it shows one', async () => {
    const { tokenizer } = await opened;
    for (const source of [
      '{{ messages[0].content }}',
      '{% if messages|length > 1 %}{{ raise_exception("one message") }}{% endif %}{{ messages[0].content }}',
      '{% for m in messages %}{{ m.content }}<|no token|>{% endfor %}',
    ]) {
      const { chat, remarks } = await chatLayout({}, source, tokenizer);
      assert.ok(chat, source);
      assert.equal(chat.end, undefined);
      assert.deepEqual(remarks, []);
    }
  });

  test('comes from its own file, or by name, where it does', async () => {
    const { chat, tokenizer } = await opened;
    assert.deepEqual(await chatLayout({}, CHATML, tokenizer), { chat, remarks: [] });
    const several = {
      chat_template: [
        { name: 'tool_use', template: 'no' },
        { name: 'default', template: CHATML },
      ],
    };
    assert.deepEqual(await chatLayout(several, undefined, tokenizer), { chat, remarks: [] });
    const named = { bos_token: { content: '<|im_start|>' }, eos_token: '<|im_end|>' };
    const seed =
      "{% for m in messages %}{{ bos_token + m['role'] + '\\n' + m['content'] | trim + eos_token }}{% endfor %}{{ bos_token + 'assistant\\n' }}";
    const { chat: layout } = await chatLayout(named, seed, tokenizer);
    assert.deepEqual(layout?.before, chat?.before);
    assert.equal(tokenizer.decode(layout?.after ?? []), 'assistant\n');
  });

  test('is none where there is none, it is broken, or it loses the message', async () => {
    const { tokenizer } = await opened;
    assert.deepEqual(await chatLayout(undefined, undefined, tokenizer), { remarks: [] });
    assert.deepEqual(await chatLayout({ chat_template: 7 }, undefined, tokenizer), { remarks: [] });
    for (const [source, why] of [
      ['{% for %}', /cannot be rendered/],
      ["{{ raise_exception('no') }}", /cannot be rendered \(.*no/],
      ['hello', /does not repeat a message once/],
      ['{{ messages[0].content }}{{ messages[0].content }}', /does not repeat a message once/],
    ] as const) {
      const { chat, remarks } = await chatLayout({}, source, tokenizer);
      assert.equal(chat, undefined);
      assert.match(remarks.join('\n'), why);
    }
  });

  test('ends where it would take for ever or all the memory there is', async () => {
    const { tokenizer } = await opened;
    const loop = (depth: number): string =>
      depth === 0 ? 'x' : `{% for i in range(100000) %}${loop(depth - 1)}{% endfor %}`;
    for (const source of [
      `{{ messages[0].content }}${loop(4).replace('x', '')}`,
      '{% for i in range(1000000000) %}{% endfor %}',
      `{{ messages[0].content }}${loop(3)}`,
    ]) {
      const { chat, remarks } = await chatLayout({}, source, tokenizer);
      assert.equal(chat, undefined);
      // Which bound is met first is a matter of the machine's speed.
      assert.match(remarks.join('\n'), /takes too (much memory|long)/);
    }
  });

  test('is read for every family that can answer, and not for canvases of their own', async (context) => {
    const withTemplate = async (name: string) => {
      const above = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-template-'));
      context.after(() => fs.rmSync(above, { recursive: true, force: true }));
      // Some are told by their folder's name.
      const folder = path.join(above, name);
      fs.cpSync(path.join(fixtures, name), folder, { recursive: true });
      fs.writeFileSync(path.join(folder, 'chat_template.jinja'), CHATML);
      return openCheckpoint(folder);
    };
    for (const name of ['llada', 'stable-diffcoder', 'qwen2.5-coder', 'smollm2', 'sdar'])
      assert.ok((await withTemplate(name)).chat, name);
    for (const name of ['dreamon', 'palimpsest']) assert.equal((await withTemplate(name)).chat, undefined);
  });
});
