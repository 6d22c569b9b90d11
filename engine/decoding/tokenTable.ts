// Every token's bytes in one flat table: token healing asks which tokens begin or end with some bytes, and a walk
// through 150,000 small arrays for each question would be felt.
import type { TextTokenizer } from '../checkpoint/types';

/** Offsets and ids of a counting sort by one byte. */
interface Buckets {
  /** [257] */
  readonly starts: Int32Array;
  readonly ids: Int32Array;
}
interface ByteTable {
  readonly bytes: Uint8Array;
  /** [tokens + 1] */
  readonly offsets: Int32Array;
  readonly byFirst: Buckets;
  readonly byLast: Buckets;
}

export class TokenTable {
  /** [tokens] 1 where the id is ordinary text. */
  readonly plain: Uint8Array;
  private table: ByteTable | undefined;

  private constructor(private readonly tokenizer: TextTokenizer) {
    this.plain = new Uint8Array(tokenizer.size);
    for (let id = 0; id < this.plain.length; id++) this.plain[id] = tokenizer.isSpecial(id) ? 0 : 1;
  }

  private static readonly tables = new WeakMap<TextTokenizer, TokenTable>();

  /** One table for each tokenizer, made when it is first needed; the bytes come later still. */
  static of(tokenizer: TextTokenizer): TokenTable {
    const known = TokenTable.tables.get(tokenizer);
    if (known) return known;
    const made = new TokenTable(tokenizer);
    TokenTable.tables.set(tokenizer, made);
    return made;
  }

  bytesOf(id: number): Uint8Array {
    return this.tokenizer.bytes(id);
  }

  /** Ordinary tokens that begin with `head` and end with `tail`, the two not overlapping. Not both may be empty. */
  matching(head: Uint8Array, tail: Uint8Array): number[] {
    const found: number[] = [];
    this.search(head, tail, (id) => {
      found.push(id);
      return true;
    });
    return found;
  }

  /** Whether there is any such token. */
  has(head: Uint8Array, tail: Uint8Array): boolean {
    let any = false;
    this.search(head, tail, () => {
      any = true;
      return false;
    });
    return any;
  }

  /** Ordinary tokens that are exactly these bytes. */
  exactly(bytes: Uint8Array): number[] {
    const { offsets } = this.bytes();
    return this.matching(bytes, NO_BYTES).filter(
      (id) => at(offsets, id + 1) - at(offsets, id) === bytes.length,
    );
  }

  /** `visit` says whether to go on. */
  private search(head: Uint8Array, tail: Uint8Array, visit: (id: number) => boolean): void {
    const { bytes, offsets, byFirst, byLast } = this.bytes();
    const [buckets, key] = head.length > 0 ? [byFirst, at(head, 0)] : [byLast, at(tail, tail.length - 1)];
    for (let i = at(buckets.starts, key); i < at(buckets.starts, key + 1); i++) {
      const id = at(buckets.ids, i);
      const start = at(offsets, id);
      const end = at(offsets, id + 1);
      if (end - start < head.length + tail.length) continue;
      if (!agrees(bytes, start, head) || !agrees(bytes, end - tail.length, tail)) continue;
      if (!visit(id)) return;
    }
  }

  private bytes(): ByteTable {
    this.table ??= this.flatten();
    return this.table;
  }

  /** Each piece is asked for twice: 150,000 small arrays at once would make the heap grow for good. */
  private flatten(): ByteTable {
    const pieceOf = (id: number) => (this.plain[id] === 1 ? this.tokenizer.bytes(id) : NO_BYTES);
    const count = this.plain.length;
    const offsets = new Int32Array(count + 1);
    for (let id = 0; id < count; id++) offsets[id + 1] = at(offsets, id) + pieceOf(id).length;
    const bytes = new Uint8Array(at(offsets, count));
    for (let id = 0; id < count; id++) bytes.set(pieceOf(id), at(offsets, id));
    return {
      bytes,
      offsets,
      byFirst: bucketed(offsets, (id) => at(bytes, at(offsets, id))),
      byLast: bucketed(offsets, (id) => at(bytes, at(offsets, id + 1) - 1)),
    };
  }
}

export const NO_BYTES = new Uint8Array(0);

/** Ids of the pieces that are not empty. */
function bucketed(offsets: Int32Array, keyOf: (id: number) => number): Buckets {
  const starts = new Int32Array(257);
  const count = offsets.length - 1;
  const isEmpty = (id: number) => at(offsets, id) === at(offsets, id + 1);
  for (let id = 0; id < count; id++) if (!isEmpty(id)) starts[keyOf(id) + 1] = at(starts, keyOf(id) + 1) + 1;
  for (let key = 0; key < 256; key++) starts[key + 1] = at(starts, key + 1) + at(starts, key);
  const next = starts.slice();
  const ids = new Int32Array(at(starts, 256));
  for (let id = 0; id < count; id++) {
    if (isEmpty(id)) continue;
    const key = keyOf(id);
    ids[at(next, key)] = id;
    next[key] = at(next, key) + 1;
  }
  return { starts, ids };
}

function agrees(bytes: Uint8Array, from: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[from + i] !== wanted[i]) return false;
  return true;
}

function at(array: Int32Array | Uint8Array, index: number): number {
  return array[index] ?? 0;
}
