// The parser as the extension host loads it: from beside the bundle, on first use.
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { window } from 'vscode';
import { closeEverything, internals, openFile } from './host';

describe('syntax', () => {
  it('is read in the extension host, in the offsets of the document', async () => {
    const { syntax } = await (await internals()).palimpsest();
    const editor = await openFile('syntax.ts', '// 🎈漢\r\nconst a = b + call(1);\r\n');
    const { document } = editor;
    const text = document.getText();
    const range = await syntax.enclosingNode(text, document.languageId, text.indexOf('call'));
    assert.ok(range);
    assert.equal(text.slice(range.start, range.end), 'call(1)');
    assert.equal(document.positionAt(range.start).character, 14);
    assert.equal(window.activeTextEditor, editor);
    await closeEverything();
  });
});
