// The same guarantees with the engine's own tokenizers as with the toy one: pre-tokenisation looks beyond the span.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { applyCandidate } from '../../../engine/candidates/apply';
import { postprocess } from '../../../engine/candidates/postprocess';
import { buildCanvas } from '../../../engine/canvas/build';
import { createTokenizer } from '../../../engine/checkpoint/tokenizer';
import { fromTokenizerJson } from '../../../engine/checkpoint/tokenizerFiles';
import { spannedText } from './arbitraries';

const folder = path.join(__dirname, '../../fixtures/tokenizer');

describe('with byte-level tokenizers as published', () => {
  for (const name of ['gpt2', 'qwen', 'starter']) {
    const definition = fromTokenizerJson(
      JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), 'utf8')),
      undefined,
    );
    const tokenizer = createTokenizer(definition);

    for (const heal of [true, false]) {
      test(`${name}: segments spell the window, the original tokens give the text (healing ${heal ? 'on' : 'off'})`, () => {
        fc.assert(
          fc.property(spannedText, fc.constantFrom(10_000, 150), ({ text, spans }, budget) => {
            const canvas = buildCanvas({
              text,
              spans,
              tokenizer,
              specials: { mask: 0, bos: 1 },
              budget,
              heal,
            });
            const ids = canvas.segments.flatMap((segment) =>
              segment.kind === 'text' ? [...segment.ids] : segment.hole.cells.map((cell) => cell.original),
            );
            const window = (canvas.pieces ?? [canvas.window])
              .map(({ start, end }) => text.slice(start, end))
              .join('');
            assert.deepEqual(Buffer.concat(ids.map((id) => tokenizer.bytes(id))), Buffer.from(window));
            const lane = canvas.segments.flatMap((segment) => {
              if (segment.kind === 'text') return [];
              const originals = Int32Array.from(segment.hole.cells, (cell) => cell.original);
              return {
                ids: originals,
                logProbs: new Float32Array(originals.length),
                locked: new Uint8Array(originals.length),
              };
            });
            const [candidate] = postprocess([lane], { canvas, text, spans, tokenizer });
            assert.ok(candidate !== undefined);
            assert.equal(applyCandidate(text, candidate), text);
          }),
          { numRuns: 200 },
        );
      });
    }
  }
});
