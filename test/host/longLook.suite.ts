// A look for suspicious tokens that would take long asks first, and what the person chooses is what happens.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { commands, Position, type TextDocument, window } from 'vscode';
import type { Suspicions } from '../../extension/suspicion/suspicions';
import {
  announcements,
  choosing,
  closeEverything,
  executed,
  fingerprint,
  internals,
  openFile,
  replace,
  reported,
  select,
  statusMessages,
  until,
  useScriptedEngine,
  withScript,
} from './host';
import { HOLD_SCORES, MILLIS_A_LINE } from './scriptedModel';

const LINES = 30;
const LAST = LINES - 1;
const BODY = Array.from({ length: LINES }, (_, line) =>
  line === LAST ? 'strange = 1' : `value_${line} = ${line}`,
);
const PROGRAM = `${BODY.join('\n')}\n`;
/** 30 lines take two minutes. */
const SLOW = '4000';

const run = (name: string) => commands.executeCommand(`palimpsest.${name}`);

describe('a look for suspicious tokens that takes long', () => {
  useScriptedEngine();
  let suspicions: Suspicions;
  let stops: (() => void)[] = [];
  beforeEach(async () => {
    suspicions = await (await (await internals()).palimpsest()).suspicions.get();
  });
  afterEach(async () => {
    for (const stop of stops) stop();
    stops = [];
    await run('clearSuspiciousTokens');
    await closeEverything();
  });

  /** Until the end of the test. */
  function heard<H extends { readonly stop: () => void }>(one: H): H {
    stops.push(one.stop);
    return one;
  }

  /** Whoever is asked does this, and chooses to go on. */
  function whileAsked(act: () => unknown): void {
    const answer = async () => {
      await act();
      return 'Look Anyway';
    };
    stops.push(replace(window, 'showWarningMessage', answer));
  }

  async function opened(name: string, first = 0): Promise<TextDocument> {
    const editor = await openFile(name, PROGRAM);
    await select(editor, [first, LAST]);
    return editor.document;
  }

  const marked = (document: TextDocument) =>
    suspicions.marksIn(document)?.map(({ start, end }) => document.getText().slice(start, end));

  it('says how long, and leaves everything as it was where nobody wants it', async () => {
    const { said } = heard(choosing('none of them'));
    const status = heard(statusMessages());
    const document = await opened('look-none.py');
    const untouched = fingerprint(document);
    await withScript(MILLIS_A_LINE, SLOW, async () => {
      assert.equal(await run('showSuspiciousTokens'), 'cancelled');
      assert.deepEqual(said, [
        'Looking for suspicious tokens takes about 2 min with this model on this machine.',
      ]);
      assert.equal(suspicions.marksIn(document), undefined);
      assert.deepEqual(fingerprint(document), untouched);
      assert.deepEqual(status.said, []);
      assert.equal(await run('showSuspiciousTokens'), 'cancelled');
      assert.equal(said.length, 2, 'asked for again, it asks again');
    });
  });

  it('is made where that is chosen', async () => {
    const { said } = heard(choosing('Look Anyway'));
    const document = await opened('look-anyway.py');
    await withScript(MILLIS_A_LINE, SLOW, async () => {
      assert.equal(await run('showSuspiciousTokens'), 'shown');
    });
    assert.deepEqual(marked(document), ['strange']);
    assert.equal(said.length, 1);
  });

  it('is given up for a faster model where that is chosen', async () => {
    heard(choosing('Use a Faster Model'));
    const { names } = heard(executed());
    const document = await opened('look-faster.py');
    try {
      await withScript(MILLIS_A_LINE, SLOW, async () => {
        assert.equal(await run('showSuspiciousTokens'), 'cancelled');
        await until(() => names.includes('palimpsest.chooseModel'), 'the choice of a model');
        assert.equal(suspicions.marksIn(document), undefined);
      });
    } finally {
      await commands.executeCommand('workbench.action.closeQuickOpen');
    }
  });

  it('does not ask where it takes no minute', async () => {
    const { said } = heard(choosing('none of them'));
    const document = await opened('look-short.py');
    await withScript(MILLIS_A_LINE, '1500', async () => {
      assert.equal(await run('showSuspiciousTokens'), 'shown');
    });
    assert.deepEqual(marked(document), ['strange']);
    assert.deepEqual(said, []);
  });

  it('asks about the visible lines, and not again about those that are scrolled to', async () => {
    const { said } = heard(choosing('Look Anyway'));
    const { document } = await openFile('look-scrolled.py', PROGRAM.repeat(20));
    await withScript(MILLIS_A_LINE, '20000', async () => {
      assert.equal(await run('showSuspiciousTokens'), 'shown');
      await commands.executeCommand('cursorBottom');
      const far = document.getText().length - 3 * PROGRAM.length;
      await until(() => suspicions.marksIn(document)?.some(({ start }) => start > far), 'marks at the end');
    });
    assert.equal(said.length, 1, said.join('\n'));
  });

  it('looks at what was selected, wherever that stands when the question is answered', async () => {
    const document = await opened('look-moved.py', LAST);
    whileAsked(async () => {
      const editor = window.visibleTextEditors.find((one) => one.document === document);
      await editor?.edit((edit) => edit.insert(new Position(0, 0), '# first\n'.repeat(40)));
    });
    await withScript(MILLIS_A_LINE, '100000', async () => {
      assert.equal(await run('showSuspiciousTokens'), 'shown');
    });
    assert.deepEqual(marked(document), ['strange']);
  });

  it('is not made where the marks were cleared while it was asked about', async () => {
    const document = await opened('look-cleared.py');
    whileAsked(() => run('clearSuspiciousTokens'));
    await withScript(MILLIS_A_LINE, SLOW, async () => {
      assert.equal(await run('showSuspiciousTokens'), 'cancelled');
    });
    assert.equal(suspicions.marksIn(document), undefined);
  });

  it('says that it goes on and what is left, and is given up', async () => {
    heard(choosing('Look Anyway'));
    const shown = heard(announcements());
    const progress = heard(reported(/looking for suspicious tokens/));
    const document = await opened('look-progress.py');
    await withScript(MILLIS_A_LINE, SLOW, () =>
      withScript(HOLD_SCORES, '', async () => {
        const looking = run('showSuspiciousTokens');
        await until(() => progress.said.includes('0%, about 2 min left'), 'what is left');
        assert.deepEqual(shown.said, ['Palimpsest: looking for suspicious tokens']);
        await run('clearSuspiciousTokens');
        assert.equal(await looking, 'cancelled');
      }),
    );
    assert.equal(suspicions.marksIn(document), undefined);
  });
});
