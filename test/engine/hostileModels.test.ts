// Model folders made to hang the engine, to exhaust it or to run something: each is refused or loaded without the part in question, and the
// same engine goes on answering. The deadlines are the product's own. What it takes is seen where the system tells a process's peak.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import type { EngineClient } from '../../engine/rpc/engineClient';
import { folder as built, onLinux, scripts, start, useScripts } from './engineScripts';
import { HOSTILE, type Json, Model } from './hostileFolders';
import { PeakWatch } from './peakWatch';
import { rejects } from './processes';

useScripts();

/** Milliseconds that a folder may keep the engine busy: what hangs takes longer. A pattern is given up after two seconds. */
const LONGEST = 5000;
/** Of a test, whatever it waits for. */
const timeout = 60_000;
/** MB more than an ordinary folder: twice what the longest tokenizer takes as bytes and as text of two bytes a character. */
const MOST = 400;

describe('hostile model folders', { skip: process.platform === 'win32' && 'pipes and links' }, () => {
  // One for each folder: what a process has taken, it gives to the next.
  const engine = () => start({ script: scripts.real, cacheFolder: path.join(built, 'cache') });
  const loadIn = (client: EngineClient, { folder }: Model) =>
    client.loadModel({ folder, provider: 'cpu', precision: 'fp32' });
  const model = (name: string) => new Model(path.join(built, name.replace(/\W+/g, '-')), 'sdar');

  /** MB that an engine of its own and the processes that it starts have at their peaks. */
  async function peakOf(use: (client: EngineClient) => Promise<void>): Promise<number> {
    const client = await engine();
    const watch = new PeakWatch(client.pid);
    try {
      await use(client);
      return watch.megabytes();
    } finally {
      watch.stop();
      await client.stop();
    }
  }

  let ordinary = 0;
  before(async () => {
    const it = model('plain');
    ordinary = await peakOf(async (client) => void (await loadIn(client, it)));
    if (onLinux) assert.ok(ordinary > 50, `${ordinary} MB`);
  });

  assert.ok(Object.keys(HOSTILE).length >= 20);
  for (const [name, [spoil, code]] of Object.entries(HOSTILE)) {
    test(`${name}: ${code}`, { timeout }, async () => {
      const it = model(name);
      spoil(it);
      const peak = await peakOf(async (client) => {
        const begun = performance.now();
        if (code === 'loads') {
          const { takesInstruction, remarks } = await loadIn(client, it);
          assert.equal(takesInstruction, false);
          assert.match(remarks.join('\n'), /chat template/);
        } else {
          const { message } = await rejects(loadIn(client, it), code);
          if (name.startsWith('a pattern')) assert.match(message, /never finishes/);
        }
        assert.equal((await client.status()).running, 0);
        const millis = performance.now() - begun;
        assert.ok(millis < LONGEST, `${Math.round(millis)} ms`);
      });
      fs.rmSync(it.folder, { recursive: true });
      assert.ok(peak - ordinary < MOST, `${Math.round(peak - ordinary)} MB more than an ordinary folder`);
    });
  }

  let client: EngineClient;
  const load = (it: Model) => loadIn(client, it);
  before(async () => {
    client = await engine();
  });
  after(() => client.stop());

  test('added tokens without a letter are no loop', async () => {
    const it = model('empty tokens');
    it.change('tokenizer.json', (json) => {
      const added = json['added_tokens'] as Json[];
      added.push({ id: 301, content: '', special: false }, { id: 302, content: '', special: true });
    });
    await load(it);
    await client.score({ model: it.folder, text: 'def f(x):\n    return x\n', priority: 'background' });
  });

  test('a pattern that hangs at a text alone is stopped there, and at once the next time', async () => {
    const it = model('late');
    it.pattern('(zq|zq)*z$|[^z]|z');
    await load(it);
    const score = () => client.score({ model: it.folder, text: 'zq'.repeat(60), priority: 'background' });
    await rejects(score(), 'tokenizer-malformed');
    await rejects(score(), 'tokenizer-malformed');
    assert.equal((await client.status()).running, 0);
  });

  test('what is not hostile is loaded, with its template and a pattern that nobody knows', async () => {
    const it = model('harmless');
    it.pattern(' ?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+');
    const { takesInstruction, remarks } = await load(it);
    assert.equal(takesInstruction, true);
    assert.deepEqual(
      remarks.filter((remark) => remark.includes('template')),
      [],
    );
    await client.score({ model: it.folder, text: 'def f(x):\n    return x\n', priority: 'background' });
  });
});
