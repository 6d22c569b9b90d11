import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { repositoryAbove } from '../../../../extension/privacy/repositoryAbove';

const at = (...parts: readonly string[]) => path.resolve('/', ...parts);
const above = (folder: string, ...tops: readonly string[]) =>
  repositoryAbove(folder, (place) => tops.some((top) => place === path.join(top, '.git')));

test('a folder of a larger repository has the ignore files between it and the top', () => {
  const top = at('home', 'mono');
  const folders = [at('home', 'mono', 'packages'), top];
  assert.deepEqual(above(at('home', 'mono', 'packages', 'app'), top), { top, folders });
  assert.deepEqual(above(at('home', 'mono', 'packages', 'app'), top, at('home')), { top, folders });
});

test('a folder that is a repository itself, or in none, has no others', () => {
  const folder = at('home', 'mono', 'packages', 'app');
  assert.equal(above(folder, folder, at('home', 'mono')), undefined);
  assert.equal(above(folder), undefined);
});
