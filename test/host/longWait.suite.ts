// A rewrite that would take long asks first, and what the person chooses is what happens.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { commands, type TextEditor, type Uri } from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import {
  choosing,
  closeEverything,
  configure,
  denoised,
  executed,
  fingerprint,
  internals,
  type messages,
  openFile,
  select,
  startRewrite,
  until,
  useScriptedEngine,
  withScript,
} from './host';
import { MILLIS_A_LINE } from './scriptedModel';

const LINES = 30;
const BODY = Array.from({ length: LINES }, (_, line) => `value_${line} = ${line}`);
const PROGRAM = `# first\n${BODY.join('\n')}\n# last\n`;
/** 30 lines take two minutes, and five of them 20 s. */
const SLOW = '4000';

describe('a rewrite that takes long', () => {
  useScriptedEngine();
  let palimpsest: Palimpsest;
  let heard: ReturnType<typeof messages> | undefined;
  beforeEach(async () => {
    palimpsest = await (await internals()).palimpsest();
  });
  afterEach(async () => {
    heard?.stop();
    heard = undefined;
    await configure('rewrite.candidates', undefined);
    await closeEverything();
  });

  async function begun(name: string, lines = LINES): Promise<{ editor: TextEditor; rewrite: Rewrite }> {
    const editor = await openFile(name, PROGRAM);
    await select(editor, [1, lines]);
    return { editor, rewrite: await startRewrite(editor) };
  }

  /** Asks for another answer, and waits for the review of it, or of what there was. */
  async function another(rewrite: Rewrite): Promise<void> {
    await commands.executeCommand('palimpsest.rewriteAgain');
    await denoised(rewrite);
    assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
  }

  /** The review of the piece that comes after `last`. */
  const pieceAfter = (last: Rewrite, uri: Uri, what: string): Promise<Rewrite> =>
    until(() => {
      const next = palimpsest.rewrites.of(uri);
      return next !== last && next?.kind === 'reviewing' && next;
    }, what);

  it('says how long, and does nothing where nobody wants it', async () => {
    heard = choosing('none of them');
    await withScript(MILLIS_A_LINE, SLOW, async () => {
      const { editor, rewrite } = await begun('long-none.py');
      const untouched = fingerprint(editor.document);
      await until(() => rewrite.ending, 'the end');
      assert.equal(rewrite.ending, 'cancelled');
      assert.match(heard?.said[0] ?? '', /takes about 2 min with this model on this machine/);
      assert.deepEqual(fingerprint(editor.document), untouched);
      assert.equal(palimpsest.rewrites.of(editor.document.uri), undefined);
    });
  });

  it('is made all at once where that is chosen', async () => {
    heard = choosing('Rewrite Anyway');
    await withScript(MILLIS_A_LINE, SLOW, async () => {
      const { rewrite } = await begun('long-anyway.py');
      await denoised(rewrite);
      assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
      assert.equal(heard?.said.length, 1);
      assert.deepEqual(
        rewrite.spans.map(({ old }) => old.split('\n').length),
        [LINES],
      );
    });
  });

  it('is made in pieces where that is chosen: each follows the decision about the one before it', async () => {
    heard = choosing('Rewrite in Pieces');
    await withScript(MILLIS_A_LINE, SLOW, async () => {
      const { editor, rewrite } = await begun('long-pieces.py');
      const { uri } = editor.document;
      const seen: string[] = [];
      let last = rewrite;
      for (let piece = 0; piece < 6; piece++) {
        const one = await pieceAfter(last, uri, `piece ${piece}`);
        last = one;
        const [span] = one.spans;
        seen.push(span?.old ?? '');
        await commands.executeCommand(piece === 2 ? 'palimpsest.rejectRewrite' : 'palimpsest.acceptRewrite');
        await until(() => one.ending, 'its end');
      }
      assert.deepEqual(seen.join('\n').split('\n'), BODY);
      await until(() => palimpsest.rewrites.of(uri) === undefined, 'the end of all');
      const lines = editor.document.getText().split('\n');
      assert.equal(lines[0], '# first');
      assert.equal(lines.at(-2), '# last');
      // What was rejected stands as it stood, and only that.
      assert.deepEqual(
        lines.filter((line) => line.startsWith('value_')),
        BODY.slice(10, 15),
      );
      assert.equal(
        heard?.said.filter((words) => /takes about/.test(words)).length,
        1,
        'a piece does not ask',
      );
    });
  });

  it('in pieces, does not ask again though a piece takes more than a minute, too', async () => {
    heard = choosing('Rewrite in Pieces');
    await withScript(MILLIS_A_LINE, '14000', async () => {
      const { editor, rewrite } = await begun('long-slow-pieces.py');
      const { uri } = editor.document;
      const first = await pieceAfter(rewrite, uri, 'the first piece');
      assert.equal(first.spans[0]?.old.split('\n').length, 5);
      assert.equal(heard?.said.length, 1);
      first.dispatch({ kind: 'closed' });
    });
  });

  it('in pieces, is given up as a whole', async () => {
    heard = choosing('Rewrite in Pieces');
    await withScript(MILLIS_A_LINE, SLOW, async () => {
      const { editor, rewrite } = await begun('long-given-up.py');
      const { uri } = editor.document;
      const first = await pieceAfter(rewrite, uri, 'the first piece');
      await commands.executeCommand('palimpsest.rewriteAgain');
      first.dispatch({ kind: 'closed' });
      assert.equal(first.ending, 'closed');
      assert.equal(palimpsest.rewrites.of(uri), undefined);
      assert.equal(editor.document.getText(), PROGRAM);
    });
  });

  it('is given up for a faster model where that is chosen', async () => {
    heard = choosing('Use a Faster Model');
    const chosen = executed();
    try {
      await withScript(MILLIS_A_LINE, SLOW, async () => {
        const { editor, rewrite } = await begun('long-faster.py');
        const untouched = fingerprint(editor.document);
        await until(() => rewrite.ending, 'the end');
        assert.equal(rewrite.ending, 'cancelled');
        await until(() => chosen.names.includes('palimpsest.chooseModel'), 'the choice of a model');
        assert.deepEqual(fingerprint(editor.document), untouched);
      });
    } finally {
      chosen.stop();
      await commands.executeCommand('workbench.action.closeQuickOpen');
    }
  });

  it('asks about a few lines as well, which are no pieces', async () => {
    heard = choosing('Rewrite in Pieces');
    await withScript(MILLIS_A_LINE, '100000', async () => {
      const { editor, rewrite } = await begun('long-few.py', 4);
      await until(() => rewrite.ending, 'the end');
      assert.equal(rewrite.ending, 'cancelled');
      assert.match(heard?.said[0] ?? '', /takes about 7 min/);
      assert.equal(palimpsest.rewrites.of(editor.document.uri), undefined);
    });
  });

  it('does not ask where it takes no minute', async () => {
    heard = choosing('none of them');
    await withScript(MILLIS_A_LINE, '1900', async () => {
      const { rewrite } = await begun('long-short.py');
      await denoised(rewrite);
      assert.equal(rewrite.kind, 'reviewing', rewrite.ending);
    });
    assert.deepEqual(heard.said, []);
  });

  it('shows an answer that takes more than two seconds before the next one is made', async () => {
    const candidatesOf = async (name: string, millis: string): Promise<readonly [number, Rewrite]> =>
      withScript(MILLIS_A_LINE, millis, async () => {
        const { rewrite } = await begun(name, 2);
        await denoised(rewrite);
        return [rewrite.review?.candidates.length ?? 0, rewrite];
      });
    await configure('rewrite.candidates', 2);
    const [both, fast] = await candidatesOf('long-both.py', '1900');
    assert.equal(both, 2);
    fast.dispatch({ kind: 'closed' });
    const [first, slow] = await candidatesOf('long-first.py', '3100');
    assert.equal(first, 1);
    await withScript(MILLIS_A_LINE, '3100', () => another(slow));
    assert.equal(slow.review?.candidates.length, 2);
  });

  it('does not ask again about another answer, but about one that takes much longer', async () => {
    heard = choosing('Rewrite Anyway');
    const { editor, rewrite } = await withScript(MILLIS_A_LINE, SLOW, async () => {
      const one = await begun('long-again.py');
      await denoised(one.rewrite);
      await another(one.rewrite);
      return one;
    });
    assert.equal(heard.said.length, 1, heard.said.join('\n'));
    const before = rewrite.review?.candidates.length ?? 0;
    await withScript(MILLIS_A_LINE, '14000', () => another(rewrite));
    assert.match(heard.said[1] ?? '', /takes about 7 min/);
    assert.ok((rewrite.review?.candidates.length ?? 0) > before, 'it was made');
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('asks about another answer where nobody was asked before, and keeps what there was', async () => {
    const { editor, rewrite } = await begun('long-later.py');
    await denoised(rewrite);
    const before = rewrite.review;
    heard = choosing('Rewrite in Pieces');
    await withScript(MILLIS_A_LINE, SLOW, () => another(rewrite));
    assert.match(heard.said[0] ?? '', /takes about 2 min/);
    assert.deepEqual(rewrite.review, before);
    assert.equal(palimpsest.rewrites.of(editor.document.uri), rewrite);
  });

  it('of a repair says so, and counts that the selection is scored for each answer', async () => {
    heard = choosing('none of them');
    const editor = await openFile('long-repair.py', PROGRAM.replace('value_3 =', 'oddity ='));
    await select(editor, [1, LINES]);
    await configure('rewrite.candidates', 2);
    await withScript(MILLIS_A_LINE, '1000', async () => {
      await commands.executeCommand('palimpsest.repairSelection');
      const rewrite = palimpsest.rewrites.of(editor.document.uri);
      await until(() => rewrite?.kind !== 'denoising', 'the end');
      // Three times 30 s, and a word.
      assert.match(heard?.said[0] ?? '', /^This repair takes about 90 s with this model/);
      assert.equal(rewrite?.ending, 'cancelled');
    });
    heard.stop();
    heard = choosing('Repair Anyway');
    await select(editor, [1, LINES]);
    await withScript(MILLIS_A_LINE, '1000', async () => {
      await commands.executeCommand('palimpsest.repairSelection');
      const rewrite = palimpsest.rewrites.of(editor.document.uri);
      await denoised(rewrite);
      assert.equal(rewrite?.kind, 'reviewing', rewrite?.ending);
    });
    assert.equal(heard.said.length, 1);
  });

  it('of thousands of lines asks as well, and begins with the first of them', async () => {
    heard = choosing('Rewrite in Pieces');
    const many = Array.from({ length: 5000 }, (_, line) => `value_${line} = ${line}`);
    const editor = await openFile('long-thousands.py', `${many.join('\n')}\n`);
    await withScript(MILLIS_A_LINE, SLOW, async () => {
      await commands.executeCommand('editor.action.selectAll');
      const rewrite = await startRewrite(editor);
      const first = await until(() => {
        const next = palimpsest.rewrites.of(editor.document.uri);
        return next !== rewrite && next?.kind === 'reviewing' && next;
      }, 'the first piece');
      assert.match(heard?.said[0] ?? '', /takes about 6 h/);
      assert.deepEqual(
        first.spans.map(({ old }) => old),
        [many.slice(0, 5).join('\n')],
      );
      await commands.executeCommand('palimpsest.acceptRewrite');
      await until(() => first.ending, 'its end');
      const second = await until(() => {
        const next = palimpsest.rewrites.of(editor.document.uri);
        return next !== first && next?.kind === 'reviewing' && next;
      }, 'the second piece');
      assert.deepEqual(
        second.spans.map(({ old }) => old),
        [many.slice(5, 10).join('\n')],
      );
    });
  });
});
