import assert from 'node:assert/strict';
import test from 'node:test';
import { languageOf } from '../../../engine/tools/language';

test('the language of a file is told by its name, and by nothing that JavaScript calls so', () => {
  assert.deepEqual(['a/mean.PY', 'Dockerfile', 'x.tsx', 'notes'].map(languageOf), [
    'python',
    'dockerfile',
    'typescriptreact',
    undefined,
  ]);
  for (const name of ['constructor', 'toString', '__proto__', 'a.constructor'])
    assert.equal(languageOf(`src/${name}`), undefined, name);
});
