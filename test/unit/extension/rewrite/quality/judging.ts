// What is said of an answer, as real grammars read it: for the tests of quality. Grammars are given back when the file that imports this ends.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after } from 'node:test';
import type { Reason } from '../../../../../engine/candidates/quality/verdict';
import { SyntaxTrees } from '../../../../../engine/syntax/syntaxTrees';
import { judged } from '../../../../../extension/rewrite/judge';

const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
export const trees = new SyntaxTrees({ folder, warn: assert.fail, limitMillis: 60_000 });
after(() => trees.dispose());

/** Of an answer in place of `old`, where that stands first. */
export async function reasonsInPlace(
  languageId: string,
  text: string,
  old: string,
  fresh: string,
): Promise<readonly Reason[]> {
  const start = text.indexOf(old);
  assert.notEqual(start, -1, old);
  return reasonsAt(languageId, text, { start, end: start + old.length, old }, fresh);
}

/** Of an answer in place of what stands between the bars. */
export function reasonsBetween(
  languageId: string,
  marked: string,
  fresh: string,
): Promise<readonly Reason[]> {
  const [left = '', old = '', right = ''] = marked.split('¦');
  const span = { start: left.length, end: left.length + old.length, old };
  return reasonsAt(languageId, left + old + right, span, fresh);
}

/** Whether it is said of an answer in place of `old` that it removes names that are still used. */
export async function isOrphaning(...asked: Parameters<typeof reasonsInPlace>): Promise<boolean> {
  return (await reasonsInPlace(...asked)).includes('removes-used');
}

async function reasonsAt(
  languageId: string,
  text: string,
  span: { readonly start: number; readonly end: number; readonly old: string },
  fresh: string,
): Promise<readonly Reason[]> {
  const [one] = await judged(trees, { text, languageId }, [span], [{ texts: [fresh] }]);
  assert.ok(one?.quality, fresh);
  return one.quality.reasons;
}
