// What a newcomer sees first, with the model that is shipped: an answer that parses, looks likely, and is right.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { describe } from 'node:test';
import { pathToFileURL } from 'node:url';
import { indexLines, parseSpan, spanAt } from '../../engine/canvas/position';
import { loadModel } from '../../engine/loadModel';
import { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { judged } from '../../extension/rewrite/judge';
import { FIRST_FILE, FIRST_LANGUAGE, firstRewriteOf } from '../../extension/ui/firstRewrite';

const root = path.join(__dirname, '..', '..');
const SAMPLE = fs.readFileSync(path.join(root, 'docs', 'samples', FIRST_FILE), 'utf8');
/** As the settings have it when nobody has changed them. */
const CANDIDATES = 2;

describe('the first rewrite', () => {
  test('is of one line with a slip in it, whatever the line ends of the sample', () => {
    const { text, start, end, before } = firstRewriteOf(SAMPLE);
    assert.notEqual(text.slice(start, end), before);
    assert.equal(text.slice(0, start) + before + text.slice(end), SAMPLE);
    assert.deepEqual(firstRewriteOf(SAMPLE.replaceAll('\n', '\r\n')), { text, start, end, before });
  });

  test('is the line that `npm run demo` mends, too', async () => {
    const { demoCase } = await import(pathToFileURL(path.join(root, 'scripts', 'demo.mjs')).href);
    const { text, start, end } = firstRewriteOf(SAMPLE);
    const { start: from, end: to } = spanAt(indexLines(text), parseSpan(demoCase().span));
    assert.deepEqual({ text: demoCase().text, start: from, end: to }, { text, start, end });
  });

  test('is right: where it is not, `npm run bench -- demo` says which lines the model gets right', async () => {
    const cacheFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-first-'));
    const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
    const trees = new SyntaxTrees({ folder, warn: () => undefined, limitMillis: 60_000 });
    try {
      const { text, start, end, before } = firstRewriteOf(SAMPLE);
      const starter = path.join(root, 'models', 'starter');
      const model = await loadModel({ folder: starter, provider: 'cpu' }, { cacheFolder });
      const { candidates } = await model
        .infill({
          ...{
            requestId: 1,
            model: starter,
            priority: 'rewrite',
            seed: 0,
            candidates: CANDIDATES,
            strength: 1,
          },
          ...{ text, language: FIRST_LANGUAGE, fileName: 'Untitled-1', spans: [{ start, end }] },
        })
        .finally(() => model.dispose());
      const answers = candidates.map(({ spans, flaws = [] }) => ({ texts: [spans[0]?.text ?? ''], flaws }));
      const span = { start, end, old: text.slice(start, end) };
      const [first] = await judged(trees, { text, languageId: FIRST_LANGUAGE }, [span], answers);
      assert.deepEqual(first, { texts: [before], quality: { mark: 'likely', reasons: [] } });
    } finally {
      trees.dispose();
      fs.rmSync(cacheFolder, { recursive: true, force: true });
    }
  });
});
