// What a newcomer sees first: the editor's own sample, with the included model and the settings as they come.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, before, describe, it } from 'mocha';
import { type CodeLens, commands, window } from 'vscode';
import { FIRST_FILE, firstRewriteOf } from '../../extension/ui/firstRewrite';
import { closeEverything, internals, until, useCpu } from './host';

const SAMPLE = fs.readFileSync(path.join(__dirname, '../../docs/samples', FIRST_FILE), 'utf8');

const run = (name: string) => commands.executeCommand(`palimpsest.${name}`);

describe('the first rewrite', () => {
  before(useCpu);
  afterEach(closeEverything);

  // A newcomer's has not been started; and who tries it later has one that is known to be quick enough for a look.
  for (const isWarm of [false, true])
    it(`is under review with what is right, which accepting brings into the sample: ${isWarm ? 'later' : 'at first'}`, async () => {
      const { text, start, end, before: right } = firstRewriteOf(SAMPLE);
      const { engine, rewrites } = await (await internals()).palimpsest();
      if (!isWarm) await engine.stop();
      await run('rewriteSample');
      const editor = await until(() => window.activeTextEditor, 'the sample');
      const { document } = editor;
      assert.equal(document.getText(), text);
      const rewrite = await until(() => rewrites.of(document.uri), 'a rewrite');
      await until(() => rewrite.kind !== 'denoising', 'the end of the denoise');
      assert.equal(rewrite.kind, 'reviewing', `a review is shown (${rewrite.ending})`);
      const { index, candidates = [] } = rewrite.review ?? {};
      assert.equal(index, 0);
      assert.deepEqual(candidates[0]?.texts, [right]);
      const lenses = () =>
        commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', document.uri);
      await until(
        async () => (await lenses()).some(({ command }) => command?.title.endsWith(' Accept')),
        'the lens of the review',
      );
      assert.equal(document.getText(), text, 'nothing is written before it is accepted');
      await run('acceptRewrite');
      await until(() => rewrite.ending, 'the end of the rewrite');
      assert.equal(rewrite.ending, 'accepted');
      assert.equal(document.getText(), text.slice(0, start) + right + text.slice(end));
    });
});
