import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import {
  type Store,
  stands,
  UnfinishedRewrites,
  unfinishedIn,
} from '../../../../../extension/rewrite/interruption/unfinished';

const A = 'file:///a.py';
const B = 'file:///b.py';
const TEXT = 'zero\none\ntwo\nthree\n';
const ONE = { start: 5, end: 8 };
const THREE = { start: 13, end: 18 };

/** What a window leaves to the next one. */
class Shelf implements Store {
  writes = 0;
  private json: string | undefined;

  get(): unknown {
    return this.json === undefined ? undefined : JSON.parse(this.json);
  }

  update(_key: string, value: unknown): Promise<void> {
    this.writes++;
    this.json = JSON.stringify(value);
    return Promise.resolve();
  }

  put(value: unknown): this {
    this.json = JSON.stringify(value);
    return this;
  }
}

const typed = (offset: number, text: string) => [{ offset, length: 0, text }];

describe('rewrites that have not ended', () => {
  test('are there in the next window, with what was asked and without the code', () => {
    const shelf = new Shelf();
    const window = new UnfinishedRewrites(shelf);
    window.begin(A, TEXT, [ONE], { instruction: 'in English', waiting: [THREE] });
    assert.deepEqual(window.interrupted, [], 'somebody works on it');
    assert.doesNotMatch(JSON.stringify(shelf.get()), /one|three/);
    const [kept, ...more] = new UnfinishedRewrites(shelf).interrupted;
    assert.deepEqual(more, []);
    assert.equal(kept?.uri, A);
    assert.equal(kept?.instruction, 'in English');
    assert.deepEqual(
      [kept?.spans, kept?.waiting].map((places) => places?.map(({ start, end }) => ({ start, end }))),
      [[ONE], [THREE]],
    );
    assert.ok(kept && stands(TEXT, [...kept.spans, ...kept.waiting]));
    assert.ok(kept && !stands(TEXT.replace('one', 'uno'), kept.spans));
    assert.ok(kept && !stands(`# first\n${TEXT}`, kept.spans));
  });

  test('leave nothing behind when they end', () => {
    const shelf = new Shelf();
    const window = new UnfinishedRewrites(shelf);
    window.begin(A, TEXT, [ONE], {});
    window.begin(B, TEXT, [ONE], { isRepair: true });
    window.end(A);
    assert.deepEqual(
      unfinishedIn(shelf).map(({ uri, isRepair }) => [uri, isRepair]),
      [[B, true]],
    );
    window.end(B);
    assert.deepEqual(unfinishedIn(shelf), []);
    const { writes } = shelf;
    window.end(B);
    assert.equal(shelf.writes, writes);
  });

  test('follow what is typed around them, and are over when it is typed in them', () => {
    const shelf = new Shelf();
    const window = new UnfinishedRewrites(shelf);
    window.begin(A, TEXT, [ONE], { waiting: [THREE] });
    window.interrupt(A);
    window.changed(A, typed(0, '# first\n'));
    const [moved] = window.interrupted;
    assert.ok(moved && stands(`# first\n${TEXT}`, [...moved.spans, ...moved.waiting]));
    assert.deepEqual(new UnfinishedRewrites(shelf).interrupted, [moved]);
    const { writes } = shelf;
    window.changed(A, typed(`# first\n${TEXT}`.length, '# last\n'));
    window.changed(B, typed(0, 'elsewhere'));
    assert.equal(shelf.writes, writes, 'nothing is written for keys that move nothing');
    // A piece that waits is left out; the span itself ends it.
    window.changed(A, typed(22, 'x'));
    assert.deepEqual(window.interrupted[0]?.waiting, []);
    window.changed(A, typed(14, 'x'));
    assert.deepEqual(window.interrupted, []);
    assert.deepEqual(unfinishedIn(shelf), []);
  });

  test('are interrupted until they are begun again', () => {
    const window = new UnfinishedRewrites(new Shelf());
    window.begin(A, TEXT, [ONE], {});
    window.interrupt(B);
    assert.deepEqual(window.interrupted, []);
    window.interrupt(A);
    assert.equal(window.interrupted.length, 1);
    window.begin(A, TEXT, [THREE], {});
    assert.deepEqual(window.interrupted, []);
  });

  test('what no version of ours has written is left out', () => {
    const place = { start: 0, end: 1, hash: '00' };
    const good = { id: 'one', uri: A, spans: [place], waiting: [] };
    const bad = [
      'text',
      null,
      { ...good, spans: [] },
      { ...good, spans: [{ start: 0 }] },
      { ...good, waiting: 'none' },
      { ...good, instruction: 7 },
      { ...good, uri: undefined },
    ];
    assert.deepEqual(unfinishedIn(new Shelf().put([...bad, good])), [good]);
    const [unnamed] = unfinishedIn(new Shelf().put([{ ...good, id: undefined }]));
    assert.match(unnamed?.id ?? '', /^[\da-f-]{36}$/);
    assert.deepEqual(unfinishedIn(new Shelf().put('text')), []);
    assert.deepEqual(unfinishedIn(new Shelf()), []);
  });

  test('are so many at most', () => {
    const shelf = new Shelf();
    const window = new UnfinishedRewrites(shelf);
    for (let i = 0; i < 40; i++) window.begin(`file:///${i}.py`, TEXT, [ONE], {});
    const kept = unfinishedIn(shelf);
    assert.equal(kept.length, 32);
    assert.equal(kept.at(-1)?.uri, 'file:///39.py');
  });
});
