// When the engine is asked for ghost text: one request at a time, used if what was typed meanwhile agrees with it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { editKindOf } from '../../../../extension/ghost/editKind';
import { Offered } from '../../../../extension/ghost/offered';
import { type GhostQuestion, GhostRequests } from '../../../../extension/ghost/requests';

interface Asked {
  readonly question: GhostQuestion;
  readonly signal: AbortSignal;
  readonly answer: (texts: readonly string[] | undefined) => void;
}

/** An engine that answers when it is told to, and a person who types. */
class Scene {
  readonly asked: Asked[] = [];
  late = 0;
  private key = new AbortController();
  readonly requests = new GhostRequests<GhostQuestion>({
    ask: (question, signal) => new Promise((answer) => this.asked.push({ question, signal, answer })),
    late: () => this.late++,
  });

  /** The next key: what the editor asked for before is not wanted any more. */
  async type(before: string, rest: Partial<GhostQuestion> = {}) {
    this.key.abort();
    this.key = new AbortController();
    const question = { document: 'd', context: 'c', before, after: '\n', isAsked: false, ...rest };
    return (await this.requests.find(question, 0, this.key.signal))?.texts;
  }

  /** The newest request, once it is there. */
  async request(count: number): Promise<Asked> {
    while (this.asked.length < count) await new Promise((resolve) => setImmediate(resolve));
    return this.asked[count - 1] ?? assert.fail('a request');
  }
}

describe('ghost text on a busy machine', () => {
  test('what was typed while it was asked for is no reason to ask again, if the answer goes on like it', async () => {
    const scene = new Scene();
    const first = scene.type('x = ');
    const { answer, signal } = await scene.request(1);
    const second = scene.type('x = a');
    const third = scene.type('x = a +');
    answer(['a + b']);
    assert.equal(await first, undefined, 'the editor does not want that one any more');
    assert.equal(await second, undefined);
    assert.deepEqual(await third, [' b']);
    assert.equal(scene.asked.length, 1);
    assert.equal(signal.aborted, false);
    assert.equal(scene.late, 0);
  });

  test('as soon as an answer was typed past, the newest place is asked about', async () => {
    const scene = new Scene();
    void scene.type('x = ');
    const first = await scene.request(1);
    void scene.type('x = f');
    const last = scene.type('x = fo');
    first.answer(['a + b']);
    const second = await scene.request(2);
    assert.equal(second.question.before, 'x = fo');
    assert.equal(scene.late, 1);
    second.answer(['o()']);
    assert.deepEqual(await last, ['o()']);
    assert.equal(scene.late, 1);
  });

  test('never two at once, however fast the keys come', async () => {
    const scene = new Scene();
    let open = 0;
    let most = 0;
    const requests = new GhostRequests<GhostQuestion>({
      ask: async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setImmediate(resolve));
        open--;
        return ['nothing that is typed'];
      },
      late: () => undefined,
    });
    const all: Promise<unknown>[] = [];
    for (let length = 1; length <= 60; length++) {
      const key = new AbortController();
      const question = { document: 'd', context: 'c', before: 'x'.repeat(length), after: '', isAsked: false };
      all.push(requests.find(question, 0, key.signal));
      await new Promise((resolve) => setImmediate(resolve));
      if (length < 60) key.abort();
    }
    await Promise.all(all);
    assert.equal(most, 1);
    assert.equal(scene.asked.length, 0);
  });

  test('whoever goes elsewhere, or deletes, gives up what was asked for', async () => {
    for (const elsewhere of [
      { before: 'x =' },
      { before: 'y = ' },
      { document: 'e' },
      { context: 'other' },
    ]) {
      const scene = new Scene();
      void scene.type('x = ');
      const first = await scene.request(1);
      void scene.type('x = ', elsewhere);
      await scene.request(2);
      assert.equal(first.signal.aborted, true, JSON.stringify(elsewhere));
    }
  });

  test('whoever asked by key and goes on, or escapes, ends it', async () => {
    const scene = new Scene();
    const asked = scene.type('x = ', { isAsked: true });
    const first = await scene.request(1);
    const next = scene.type('x = 1');
    assert.equal(await asked, undefined);
    assert.equal(first.signal.aborted, true, 'the next key');
    first.answer(undefined);
    const second = await scene.request(2);
    scene.requests.giveUp();
    assert.equal(second.signal.aborted, true, 'Escape');
    second.answer(undefined);
    assert.equal(await next, undefined);
  });

  test('what runs ends where nothing is asked for any more, unless it may be an answer there', async () => {
    const scene = new Scene();
    void scene.type('x = ');
    const { signal } = await scene.request(1);
    const place = { document: 'd', context: 'c', before: 'x = f', after: '\n' };
    scene.requests.giveUp(place);
    assert.equal(signal.aborted, false);
    scene.requests.giveUp({ ...place, before: 'y = ' });
    assert.equal(signal.aborted, true);
  });

  test('an answer that was given up is not remembered, and neither is one from before the settings changed', async () => {
    const scene = new Scene();
    void scene.type('x = ');
    const first = await scene.request(1);
    scene.requests.forget();
    first.answer(['a']);
    const again = scene.type('x = ');
    (await scene.request(2)).answer(['b']);
    assert.deepEqual(await again, ['b']);
  });

  test('that the gate let nothing through is an answer like any other', async () => {
    const scene = new Scene();
    const found = scene.type('x = ');
    (await scene.request(1)).answer([]);
    assert.deepEqual(await found, []);
    assert.equal(scene.late, 0);
  });

  test('whoever asks out loud gets several, the one that was shown first', async () => {
    const scene = new Scene();
    const shown = scene.type('x = ');
    (await scene.request(1)).answer(['a']);
    assert.deepEqual(await shown, ['a']);
    const all = scene.type('x = ', { isAsked: true });
    (await scene.request(2)).answer(['b', 'a', 'c']);
    assert.deepEqual(await all, ['a', 'b', 'c']);
  });

  test('no answer at all is no answer, and is asked for again', async () => {
    const scene = new Scene();
    const found = scene.type('x = ');
    (await scene.request(1)).answer(undefined);
    assert.equal(await found, undefined);
    void scene.type('x = ');
    await scene.request(2);
  });
});

describe('what was offered', () => {
  test('does not come back once it was escaped, whatever is typed of it; another text does', () => {
    const offered = new Offered();
    offered.offer('d', 'x = ', ['foo(a)']);
    offered.dismiss();
    assert.ok(offered.isDismissed('d', 'x = ', 'foo(a)'));
    assert.ok(offered.isDismissed('d', 'x = fo', 'o(a)'));
    assert.equal(offered.isDismissed('d', 'x = ', 'bar()'), false);
    assert.equal(offered.isDismissed('d', 'y = ', 'foo(a)'), false);
    assert.equal(offered.isDismissed('e', 'x = ', 'foo(a)'), false);
    offered.forgive();
    assert.equal(offered.isDismissed('d', 'x = ', 'foo(a)'), false);
  });

  test('stays when a letter of it is taken back', () => {
    const offered = new Offered();
    offered.offer('d', 'x = fo', ['o(a)']);
    assert.ok(offered.isLast('d', 'x = f', 'oo(a)'));
    assert.equal(offered.isLast('d', 'x = f', 'ab()'), false);
  });
});

describe('how a document was edited', () => {
  const change = (rangeLength: number, text: string) => ({ rangeLength, text });
  test('typing, deleting, undo', () => {
    assert.equal(editKindOf([change(0, 'a')], false), 'typed');
    assert.equal(editKindOf([change(3, 'b')], false), 'typed');
    assert.equal(editKindOf([change(1, '')], false), 'deleted');
    assert.equal(editKindOf([change(1, ''), change(0, 'x')], false), 'typed');
    assert.equal(editKindOf([change(0, 'a')], true), 'turned');
  });
});
