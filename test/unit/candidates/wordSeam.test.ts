// Selections that begin or end in the middle of a word, answered with the whole word.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { withoutDoubledPart } from '../../../engine/candidates/wordSeam';

const FUNCTION = 'function needsTreatment(threshold: number) {\n  return load ';

describe('the part of a word that is left standing', () => {
  test('behind the span is not written again', () => {
    const sides = { before: FUNCTION, after: 'ld;\n}\n', original: '< thresho' };
    assert.equal(withoutDoubledPart('< threshold', sides), '< thresho');
    assert.equal(withoutDoubledPart('>= 1 + threshold', sides), '>= 1 + thresho');
    assert.equal(withoutDoubledPart('threshold', { ...sides, original: '' }), 'thresho');
  });

  test('before the span is not written again, nor on both sides', () => {
    const before = `${FUNCTION}< thre`;
    assert.equal(
      withoutDoubledPart('threshold * 2', { before, after: ';\n}\n', original: 'shold' }),
      'shold * 2',
    );
    assert.equal(withoutDoubledPart('threshold', { before, after: 'ld;\n}\n', original: 'sho' }), 'sho');
    assert.equal(
      withoutDoubledPart('threshold + threshold', { before, after: 'ld;\n}\n', original: 'sho' }),
      'shold + thresho',
    );
  });

  test('stays where the whole is a word, where what is left is none, and where nothing is torn', () => {
    const sides = { before: 'const total = 1;\nconst totaltotal = ', after: 'total;\n', original: '2 * ' };
    assert.equal(withoutDoubledPart('total', sides), 'total');
    assert.equal(
      withoutDoubledPart('nameName', { before: 'x.', after: 'Name();\n', original: 'file' }),
      'nameName',
    );
    assert.equal(withoutDoubledPart('a + b', { before: 'x = ', after: ' + b;\n', original: 'c' }), 'a + b');
    assert.equal(withoutDoubledPart('10;', { before: 'a = 10;\nb = 1', after: '\n', original: '' }), '10;');
    assert.equal(withoutDoubledPart('', { before: 'thre', after: 'shold', original: 'x' }), '');
  });
});
