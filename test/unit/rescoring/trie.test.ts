import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { TokenTrie } from '../../../engine/rescoring/trie';

describe('a tree of texts', () => {
  test('what begins alike is there once', () => {
    const trie = new TokenTrie(9);
    const first = trie.add([1, 2, 3]);
    const second = trie.add([1, 2, 4]);
    assert.deepEqual(second.slice(0, 2), first.slice(0, 2));
    assert.notEqual(second[2], first[2]);
    assert.equal(trie.size, 5);
    assert.equal(trie.child(first[1] ?? -1, 4), second[2]);
    assert.deepEqual(trie.path(second[2] ?? -1), [0, ...second]);
  });

  test('each node is the text that led to it, and its parent comes before it', () => {
    const texts = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 }), { maxLength: 8 });
    fc.assert(
      fc.property(texts, (lists) => {
        const trie = new TokenTrie(7);
        for (const ids of lists)
          for (const [i, node] of trie.add(ids).entries()) {
            assert.deepEqual([...trie.idsOf(node)], ids.slice(0, i + 1));
            assert.equal(trie.depths[node], i + 1);
            assert.ok((trie.parents[node] ?? node) < node);
          }
        const distinct = new Set(lists.flatMap((ids) => ids.map((_, i) => ids.slice(0, i + 1).join())));
        assert.equal(trie.size, distinct.size + 1);
      }),
    );
  });
});
