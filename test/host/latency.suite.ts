// How long a person waits, measured where they sit: in the editor, with the real engine and the starter model. The figures
// are printed, and kept by `npm run bench -- editor`; what is asserted does not depend on the machine.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import {
  CancellationTokenSource,
  commands,
  InlineCompletionTriggerKind,
  Position,
  type TextEditor,
} from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import {
  choosing,
  closeEverything,
  configure,
  FIRST,
  fingerprint,
  internals,
  LAST,
  LONG_TEXT,
  openFile,
  select,
  startRewrite,
  until,
  useCpu,
} from './host';

const ROUNDS = Number(process.env['PALIMPSEST_ROUNDS'] || 12);
const LINES = 300;
const TOKENS = 12;
const INVOKED = { triggerKind: InlineCompletionTriggerKind.Invoke, selectedCompletionInfo: undefined };
const TYPED = 'const remaining = items.filter((item) => !seen.has(item.id)).map((item) => item.name);';

/** 300 lines of this repository's own TypeScript, the same on every machine of one revision. */
function program(): string {
  const folder = path.join(__dirname, '../../engine/decoding');
  const texts = ['step.ts', 'blocks.ts', 'inPlace.ts'].map((file) =>
    fs.readFileSync(path.join(folder, file), 'utf8'),
  );
  const lines = texts.join('\n').split('\n').slice(0, LINES);
  assert.equal(lines.length, LINES);
  return lines.join('\n');
}

describe('latency', () => {
  let palimpsest: Palimpsest;
  const figures: Record<string, readonly number[]> = {};
  before(async () => {
    await useCpu();
    await configure('rewrite.candidates', 1);
    await configure('ghostText.enabled', false);
    await configure('ghostText.maxTokens', TOKENS);
    palimpsest = await (await internals()).palimpsest();
    await palimpsest.restartEngine();
  });
  after(async () => {
    await configure('rewrite.candidates', undefined);
    await configure('ghostText.enabled', undefined);
    await configure('ghostText.maxTokens', undefined);
    await closeEverything();
    figures['activate()'] = [(await internals()).activationMillis];
    const file = process.env['PALIMPSEST_FIGURES'];
    if (file) fs.writeFileSync(file, JSON.stringify(figures));
    for (const [what, millis] of Object.entries(figures)) {
      console.log(
        `      ${what}: median ${part(millis, 0.5)} ms, p95 ${part(millis, 0.95)} ms (${millis.length})`,
      );
    }
  });

  it('from the command to the masks, and to the first tokens', async function () {
    this.timeout(240_000);
    const editor = await openFile('first-frame.limiter', LONG_TEXT);
    const untouched = fingerprint(editor.document);
    const masks: number[] = [];
    const tokens: number[] = [];
    for (let round = 0; round < ROUNDS + 2; round++) {
      await select(editor, [FIRST, LAST]);
      const begun = performance.now();
      const rewrite = await startRewrite(editor);
      masks.push(performance.now() - begun);
      await until(() => !rewrite.denoise.isWaiting || rewrite.kind !== 'denoising', 'the first tokens', 1);
      tokens.push(performance.now() - begun);
      await commands.executeCommand('palimpsest.cancelRewrite');
      await commands.executeCommand('palimpsest.rejectRewrite');
    }
    figures['command to masks'] = masks.slice(2);
    figures['command to first tokens'] = tokens.slice(2);
    assert.deepEqual(fingerprint(editor.document), untouched);
  });

  it('from cancel to an idle engine', async function () {
    this.timeout(240_000);
    const editor = await openFile('cancel.limiter', LONG_TEXT);
    // On a slow machine eight candidates of so many lines take more than a minute, and it asks first.
    const asked = choosing('Rewrite Anyway');
    await configure('rewrite.candidates', 8);
    const millis: number[] = [];
    for (let tries = 0; millis.length < ROUNDS && tries < ROUNDS * 3; tries++) {
      await select(editor, [FIRST, LAST]);
      const rewrite = await startRewrite(editor);
      await until(() => !rewrite.denoise.isWaiting || rewrite.kind !== 'denoising', 'a frame', 1);
      if (rewrite.kind !== 'denoising') {
        await commands.executeCommand('palimpsest.rejectRewrite');
        continue;
      }
      const begun = performance.now();
      await commands.executeCommand('palimpsest.cancelRewrite');
      assert.equal(rewrite.ending, 'cancelled');
      // It answers between two steps.
      while ((await palimpsest.engine.use(({ client }) => client.status())).running > 0);
      millis.push(performance.now() - begun);
    }
    asked.stop();
    await configure('rewrite.candidates', 1);
    assert.equal(millis.length, ROUNDS);
    figures['cancel to idle engine'] = millis;
  });

  let offers = 0;
  async function ghost(editor: TextEditor, at: Position): Promise<number> {
    const source = new CancellationTokenSource();
    const begun = performance.now();
    const items = await palimpsest.provideInline(editor.document, at, INVOKED, source.token, true);
    const millis = performance.now() - begun;
    if (items.length > 0) offers++;
    source.dispose();
    return millis;
  }

  it('ghost text in a file of 300 lines: after a jump, and while a person types', async function () {
    this.timeout(240_000);
    const editor = await openFile('ghost.limiter', program());
    const jumps: number[] = [];
    for (let round = 0; round < ROUNDS + 2; round++) {
      const line = 20 + ((round * 53) % (LINES - 40));
      jumps.push(await ghost(editor, editor.document.lineAt(line).range.end));
    }
    const typing: number[] = [];
    let at = new Position(150, 0);
    await editor.edit((edit) => edit.insert(at, '    \n'));
    at = at.translate(0, 4);
    for (let round = 0; round < Math.max(ROUNDS, 40); round++) {
      const typed = TYPED[round % TYPED.length] ?? ' ';
      await editor.edit((edit) => edit.insert(at, typed), { undoStopBefore: false, undoStopAfter: false });
      at = at.translate(0, 1);
      typing.push(await ghost(editor, at));
    }
    figures['ghost text after a jump'] = jumps.slice(2);
    // What is known needs no request and no time: it is no measure of the engine.
    figures['ghost text while typing'] = typing.slice(2).filter((millis) => millis > 1);
    assert.ok(jumps.every((millis) => millis < 10_000));
    assert.ok(offers > 0, 'there was ghost text');
  });
});

function part(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
}
