// What a GGUF file says of its logits against what its family says: llama.cpp goes by the file.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { openCheckpoint } from '../../../engine/checkpoint/open';
import { fails } from './errors';
import { ggufFile, number, truth, withPair } from './ggufFiles';

const FIXTURES = path.resolve('test/fixtures/gguf');

describe('a GGUF file', () => {
  for (const [name, title, shifted] of [
    ['dream-yarn', 'Dream', true],
    ['llada', 'LLaDA', false],
  ] as const) {
    test(`of ${title} may say whether its logits are shifted, and is refused where it says otherwise`, async (t) => {
      const bytes = readFileSync(path.join(FIXTURES, `${name}.gguf`));
      const says = (value: boolean) => withPair(bytes, truth('diffusion.shift_logits', value));
      assert.equal((await openCheckpoint(ggufFile(t, says(shifted), 'as.gguf'))).family.shifted, shifted);
      const file = ggufFile(t, says(!shifted), 'other.gguf');
      const sentence = `other.gguf has diffusion.shift_logits ${!shifted}, but the logits of ${title} are`;
      await assert.rejects(openCheckpoint(file), fails('family-unknown', sentence));
      for (const right of [true, false]) {
        const override = path.join(path.dirname(file), 'other.palimpsest.json');
        writeFileSync(override, JSON.stringify({ shifted: right }));
        assert.equal((await openCheckpoint(file)).family.shifted, right);
      }
    });
  }

  test('whose shift is no truth value is refused by the key', async (t) => {
    const bytes = readFileSync(path.join(FIXTURES, 'llada.gguf'));
    const file = ggufFile(t, withPair(bytes, number('diffusion.shift_logits', 0)));
    await assert.rejects(openCheckpoint(file), fails('checkpoint-malformed', 'diffusion.shift_logits'));
  });
});
