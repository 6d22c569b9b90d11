import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { FAMILIES } from '../../../engine/checkpoint/families';
import { applyOverride, overrideBase, overrideIsComplete } from '../../../engine/checkpoint/override';
import { fails, onlyEngineErrors } from './errors';

const DREAM = FAMILIES.get('dream');

/** A family described in full. */
const COMPLETE = {
  id: 'mine',
  title: 'Mine',
  tensorNames: 'llama',
  shifted: false,
  attention: { kind: 'full' },
  infill: { kind: 'in-place', bos: false, eos: false },
  length: { kind: 'fixed' },
  tokens: { mask: '[M]' },
  sampling: { rule: 'top-k', temperature: 0, topP: 1 },
};

describe('palimpsest.json', () => {
  test('changes what it states and keeps the rest', () => {
    const { family, publishedVocabSizes, contextLimit } = applyOverride(
      {
        base: 'dream',
        shifted: false,
        contextLength: 4096,
        tokens: { mask: '[M]', pad: null, end: { text: 'E', id: 3, required: false } },
      },
      DREAM,
    );
    assert.equal(family.shifted, false);
    assert.deepEqual(family.infill, DREAM?.family.infill);
    assert.deepEqual(family.tokens.mask, { text: '[M]', required: true });
    assert.deepEqual(family.tokens.bos, DREAM?.family.tokens.bos);
    assert.equal('pad' in family.tokens, false);
    assert.deepEqual(family.tokens.end, { text: 'E', id: 3, required: false });
    assert.deepEqual([publishedVocabSizes, contextLimit], [[152064], 4096]);
  });

  test('a window is taken from the file, or stays what the family has', () => {
    const known = DREAM && { ...DREAM, family: { ...DREAM.family, window: 512 } };
    assert.equal(applyOverride({ title: 'Mine' }, known).family.window, 512);
    assert.equal(applyOverride({ window: 1024 }, known).family.window, 1024);
    assert.equal('window' in applyOverride({ title: 'Mine' }, DREAM).family, false);
  });

  test('describes a family in full', () => {
    assert.equal(overrideIsComplete(COMPLETE), true);
    assert.equal(overrideBase(COMPLETE), undefined);
    const { family } = applyOverride(COMPLETE, undefined);
    assert.deepEqual(family.tokens, { mask: { text: '[M]', required: true } });
    assert.deepEqual(family.sampling, COMPLETE.sampling);
    assert.equal(overrideIsComplete({ ...COMPLETE, title: undefined }), false);
  });

  const changes: [Record<string, unknown>, Record<string, unknown>][] = [
    [
      { attention: { kind: 'block-causal', blockLength: 8 }, infill: { kind: 'prompt' } },
      { attention: { kind: 'block-causal', blockLength: 8 }, infill: { kind: 'prompt' } },
    ],
    [
      {
        attention: { kind: 'cached-canvas', blockLength: 8, holeGap: 64, suffixSeesPrefix: true },
        infill: { kind: 'cached-canvas', bos: false },
      },
      {
        attention: {
          ...{ kind: 'cached-canvas', blockLength: 8, holeGap: 64, suffixSeesPrefix: true },
          suffixFirst: false,
        },
        infill: { kind: 'cached-canvas', bos: false },
      },
    ],
    [
      {
        attention: { kind: 'block-causal', blockLength: 32, partLength: 8 },
        infill: { kind: 'prompt', bos: 'tokenizer' },
        length: { kind: 'end-token', asCell: true },
        tokens: { mask: 'M', bos: 'B', end: 'E' },
        sampling: {
          ...{ rule: 'top-k', temperature: 0, plainConfidence: true, boundsAll: true },
          bounds: { threshold: 0.95, 'entropy-bounded': 0.3 },
        },
      },
      {
        attention: { kind: 'block-causal', blockLength: 32, partLength: 8 },
        infill: { kind: 'prompt', bos: 'tokenizer' },
        length: { kind: 'end-token', asCell: true },
        sampling: {
          ...{ rule: 'top-k', temperature: 0, topP: 1, plainConfidence: true, boundsAll: true },
          bounds: { threshold: 0.95, 'entropy-bounded': 0.3 },
        },
      },
    ],
    [
      {
        tensorNames: 'starcoder2',
        length: { kind: 'end-token', alsoEnds: ['sep'] },
        tokens: { mask: 'M', end: 'E', sep: 'S' },
      },
      { tensorNames: 'starcoder2', length: { kind: 'end-token', alsoEnds: ['sep'] } },
    ],
    [
      {
        length: { kind: 'expand-delete', initialMasks: 16 },
        tokens: { mask: 'M', expand: 'X', delete: 'D' },
        sampling: { rule: 'threshold', temperature: 0.5, threshold: 0.8, steps: 12 },
      },
      {
        length: { kind: 'expand-delete', initialMasks: 16 },
        sampling: { rule: 'threshold', temperature: 0.5, topP: 1, threshold: 0.8, steps: 12 },
      },
    ],
  ];
  for (const [change, expected] of changes) {
    test(`reads ${JSON.stringify(change).slice(0, 60)}`, () => {
      const { family } = applyOverride({ ...COMPLETE, ...change }, undefined);
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(Object(family)[name], value);
    });
  }

  const CANVAS = {
    attention: { kind: 'cached-canvas', blockLength: 8, holeGap: 64, suffixSeesPrefix: false },
    infill: { kind: 'cached-canvas', bos: false },
  };
  const SUFFIX_FIRST = { ...CANVAS, attention: { ...CANVAS.attention, suffixFirst: true } };
  const refused: [Record<string, unknown>, string][] = [
    [{ bace: 'dream' }, 'a key that nothing reads: "bace"'],
    [{ a: 1, b: 2 }, '2 keys that nothing reads'],
    [{ base: 'dreem' }, 'one of dreamon, dream'],
    [{ base: 7 }, 'base is 7'],
    [{ shifted: 'no' }, 'shifted'],
    [{ tensorNames: 'gpt2' }, 'tensorNames'],
    [{ contextLength: 0 }, 'contextLength'],
    [{ window: 1.5 }, 'window'],
    [{ attention: 'full' }, 'attention must be an object'],
    [{ attention: { kind: 'causal' } }, 'kind is "causal"'],
    [{ attention: { kind: 'full', blockLength: 4 } }, '"blockLength"'],
    [{ attention: { kind: 'block-causal' } }, 'blockLength is missing'],
    [{ attention: { kind: 'block-causal', blockLength: 4 } }, 'full attention'],
    [{ attention: { kind: 'cached-canvas', blockLength: 8, holeGap: 4, suffixSeesPrefix: true } }, 'holeGap'],
    [{ infill: { kind: 'cached-canvas', bos: true } }, 'both be cached-canvas'],
    [{ ...CANVAS, shifted: true }, 'shifted if its suffix is numbered first'],
    [{ ...SUFFIX_FIRST, shifted: false }, 'shifted if its suffix is numbered first'],
    [{ ...SUFFIX_FIRST, shifted: true }, 'needs the token hole'],
    [{ infill: { kind: 'in-place', bos: true } }, 'eos is missing'],
    [{ infill: { kind: 'fim-order', bos: true } }, 'fimPrefix'],
    [{ length: { kind: 'expand-delete', initialMasks: 64 } }, 'expand and delete'],
    [{ tokens: { mask: null } }, 'no mask'],
    [{ tokens: { bos: null } }, 'infill has bos'],
    [{ tokens: { eos: null } }, 'infill has eos'],
    [{ length: { kind: 'end-token' }, tokens: { end: null } }, 'needs the token end'],
    [{ length: { kind: 'end-token', asCell: 'yes' } }, 'asCell is "yes"'],
    [{ length: { kind: 'fixed', asCell: true } }, '"asCell"'],
    [{ length: { kind: 'end-token', alsoEnds: 'sep' } }, 'alsoEnds must be a list of names of tokens'],
    [{ length: { kind: 'end-token', alsoEnds: ['stop'] } }, 'alsoEnds must be a list of names of tokens'],
    [
      { length: { kind: 'end-token', alsoEnds: ['sep'] }, tokens: { mask: 'M', end: 'E' } },
      'needs the token sep',
    ],
    [{ attention: { kind: 'block-causal', blockLength: 8, partLength: 3 } }, 'partLength does not divide'],
    [{ infill: { kind: 'prompt', bos: 'always' } }, 'bos is "always"'],
    [{ sampling: { rule: 'top-k', temperature: 0, bounds: { 'top-k': 1 } } }, '"top-k"'],
    [{ sampling: { rule: 'top-k', temperature: 0, bounds: { threshold: 0 } } }, 'threshold is 0'],
    [{ tokens: { musk: 'M' } }, '"musk"'],
    [{ tokens: { mask: 5 } }, 'mask must be a string'],
    [{ tokens: { mask: '' } }, 'empty'],
    [{ tokens: { mask: { id: 5 } } }, 'text is missing'],
    [{ tokens: { mask: { text: 'M', id: -1 } } }, 'id is -1'],
    [{ tokens: ['M'] }, 'tokens must be an object'],
    [{ sampling: { rule: 'best', temperature: 0 } }, 'rule is "best"'],
    [{ sampling: { rule: 'top-k', temperature: -1 } }, 'temperature'],
    [{ sampling: { rule: 'top-k', temperature: 0, topP: 2 } }, 'topP is above 1'],
    [{ sampling: { rule: 'threshold', temperature: 0, threshold: 1.5 } }, 'threshold is above 1'],
    [{ sampling: { rule: 'top-k', temperature: 0, steps: 0 } }, 'steps'],
  ];
  for (const [change, message] of refused) {
    test(`refuses ${JSON.stringify(change)}`, () => {
      assert.throws(
        () => {
          overrideBase(change);
          applyOverride(change, DREAM);
        },
        fails('checkpoint-malformed', message),
      );
    });
  }

  test('any object gives a family or an EngineError', () => {
    const names = [...Object.keys(COMPLETE), 'base', 'contextLength', 'window'];
    const kinds = fc.constantFrom(
      'full',
      'block-causal',
      'cached-canvas',
      'in-place',
      'prompt',
      'fixed',
      'end-token',
    );
    const section = fc.record(
      { kind: kinds, blockLength: fc.integer(), bos: fc.boolean(), eos: fc.boolean(), rule: fc.string() },
      { requiredKeys: [] },
    );
    const value = fc.oneof(section, fc.jsonValue(), fc.constantFrom(...FAMILIES.keys()));
    const change = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.constant('__proto__')), value, {
      maxKeys: 5,
    });
    fc.assert(
      fc.property(change, (object) => {
        onlyEngineErrors(() => {
          const { family } = applyOverride(object, overrideBase(object) ?? DREAM);
          assert.ok(family.tokens.mask);
        });
      }),
      { numRuns: 1000 },
    );
  });
});
