import assert from 'node:assert/strict';
import test from 'node:test';
import { sharedStart } from '../../engine/localModel';

test('a seat suits by how much of its text it has read, where it is the same file', () => {
  const file = Array.from({ length: 40 }, (_, i) => `const value${i} = ${i};\n`).join('');
  const at = file.indexOf('const value12');
  const edited = `${file.slice(0, at)}const more = 1;\n${file.slice(at)}`;
  assert.equal(sharedStart(file, file), file.length);
  assert.equal(sharedStart(file, edited), at + 'const '.length);
  assert.equal(sharedStart(file, `import fs from 'fs';\n${file}`), 0);
  const other = file.slice(0, 20) + 'x'.repeat(600);
  assert.equal(sharedStart(file, other), 0, 'two files that begin alike');
  assert.equal(sharedStart('', other), 0);
  assert.equal(sharedStart(file, ''), 0);
});
