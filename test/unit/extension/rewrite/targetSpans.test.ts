import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { TextEditor } from 'vscode';
import { meantSpans, type Syntax } from '../../../../extension/rewrite/targetSpans';

const TEXT = 'let a = f(x);\nlet b = 2;\n';

/** As much of an editor as is looked at. */
function editorOf(...selections: readonly (readonly [number, number])[]): {
  readonly editor: TextEditor;
  edit(): void;
} {
  const document = {
    version: 1,
    languageId: 'typescript',
    getText: () => TEXT,
    offsetAt: (offset: number) => offset,
  };
  const editor = { document, selections: selections.map(([start, end]) => ({ start, end })) };
  return {
    editor: editor as unknown as TextEditor,
    edit: () => {
      document.version++;
    },
  };
}
const call: Syntax = {
  enclosingNode: async (_text, _language, at) => (at < 13 ? { start: 8, end: 12 } : undefined),
};
const texts = async (editor: TextEditor, choice: 'line' | 'syntax') =>
  (await meantSpans(editor, choice, call))?.map(({ start, end }) => TEXT.slice(start, end));

describe('what is meant by selections', () => {
  test('is what is selected, and the line where nothing is', async () => {
    assert.deepEqual(await texts(editorOf([4, 5], [16, 16]).editor, 'line'), ['a', 'let b = 2;']);
  });

  test('or the syntax around the cursor; the line where there is none', async () => {
    assert.deepEqual(await texts(editorOf([10, 10], [16, 16]).editor, 'syntax'), ['f(x)', 'let b = 2;']);
    assert.deepEqual(await texts(editorOf([0, 3]).editor, 'syntax'), ['let'], 'a selection says more');
  });

  test('is nothing for sure when the text changes meanwhile', async () => {
    const { editor, edit } = editorOf([10, 10]);
    const slow: Syntax = {
      enclosingNode: async () => {
        edit();
        return { start: 8, end: 12 };
      },
    };
    assert.equal(await meantSpans(editor, 'syntax', slow), undefined);
  });
});
