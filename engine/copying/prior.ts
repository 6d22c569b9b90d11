// The copy prior of one request: for a run of masks between two texts, which tokens stand in that place elsewhere.
import type { TextTokenizer } from '../checkpoint/types';
import { type Analogy, analogiesFor } from './analogies';
import { type Draft, draftsFor } from './drafts';
import type { CellCopy } from './mixture';
import type { CopyIndex, CopyText } from './sources';

/** A run of masked cells and what is known around it. */
export interface Run {
  readonly left: string;
  readonly right: string;
  /** What `left` ends with and `right` begins with that the run's own tokens spell, too; absent: nothing. */
  readonly head?: string;
  readonly tail?: string;
  /** Masked cells. */
  readonly cells: number;
  /** Whether the run may end before its last cell, or go on behind it. */
  readonly isOpen: boolean;
  readonly mayBeEmpty: boolean;
}

type Sides = Pick<Run, 'left' | 'right' | 'mayBeEmpty' | 'head'>;

/** Tokens behind a cell that are told of the likeliest draft. */
const ONWARD = 8;

/** Characters that a token hardly ever has: only so many of a text are encoded where its first tokens are wanted. */
const TOKEN_REACH = 16;

export class CopyPrior {
  private readonly encoded = new Map<string, Int32Array>();
  /** A run that did not change is asked about at every denoise step, and again when its answer is judged. */
  private readonly drafted = new Map<string, Draft[]>();
  private readonly compared = new Map<string, Analogy[]>();

  /** `end`: the token that ends a hole; `expand`: the one that becomes two masks; where the family has them. */
  constructor(
    private readonly texts: readonly CopyText[],
    private readonly tokenizer: TextTokenizer,
    readonly end: number | undefined,
    private readonly expand?: number,
    private readonly index?: CopyIndex,
  ) {}

  /** Told before another hole is looked up, and before an answer that is finished is. */
  turn(): void {
    this.index?.turn();
  }

  /** Best first. */
  drafts(left: string, right: string, mayBeEmpty = false): Draft[] {
    return this.draftsOf({ left, right, mayBeEmpty });
  }

  /** Best first. */
  analogies(left: string, right: string): Analogy[] {
    return remembered(this.compared, JSON.stringify([left, right]), () =>
      analogiesFor([...this.texts, ...(this.index?.stretches(left, right) ?? [])], left, right),
    );
  }

  /** [run.cells], undefined where nothing is found. `allows`: whether a token may come at that cell of the run. */
  cells(run: Run, allows: (cell: number, token: number) => boolean): (CellCopy | undefined)[] {
    const { cells } = run;
    const drafts = this.draftsOf(run, run.isOpen ? undefined : cells);
    const lines = drafts.map((draft) => ({ draft, tokens: this.tokensOf(draft, run) }));
    return Array.from({ length: cells }, (_, cell) => cellCopy(lines, cell, this.end, allows));
  }

  /** `cells`: how many tokens a draft has, where that is known. */
  private draftsOf({ left, right, mayBeEmpty, head = '' }: Sides, cells?: number): Draft[] {
    return remembered(this.drafted, JSON.stringify([left, right, mayBeEmpty, head, cells]), () =>
      draftsFor(this.texts, left, right, {
        mayBeEmpty,
        index: this.index,
        ...(cells === undefined ? {} : { lengthIn: (text: string) => this.lengthOf(text, cells, head) }),
      }),
    );
  }

  /** A draft that the run has no room for asks for one more mask at the run's end. */
  private tokensOf({ text, right }: Draft, { cells, isOpen, head = '', tail = '' }: Run): readonly number[] {
    const ids = [...this.encode(head + text + (right > 0 ? tail : ''))];
    if (!isOpen) return ids;
    if (this.expand !== undefined && ids.length > cells) return [...ids.slice(0, cells - 1), this.expand];
    return right > 0 && this.end !== undefined ? [...ids, this.end] : ids;
  }

  /** Characters of a text that `count` tokens have, which spell the `head` before it; undefined where there are fewer. */
  private lengthOf(text: string, count: number, head: string): number | undefined {
    const short = text.slice(0, TOKEN_REACH * (count + 1));
    let ids = this.encode(head + short);
    if (ids.length <= count && short !== text) ids = this.encode(head + text);
    if (ids.length < count) return undefined;
    const length = this.tokenizer.decode(ids.subarray(0, count)).length - head.length;
    return length > 0 ? length : undefined;
  }

  encode(text: string): Int32Array {
    let ids = this.encoded.get(text);
    if (!ids) {
      ids = this.tokenizer.encode(text).ids;
      this.encoded.set(text, ids);
    }
    return ids;
  }
}

function remembered<T>(known: Map<string, T>, key: string, find: () => T): T {
  const found = known.get(key) ?? find();
  known.set(key, found);
  return found;
}

interface Line {
  readonly draft: Draft;
  readonly tokens: readonly number[];
}

/** What the drafts say of their cell number `cell`. */
function cellCopy(
  lines: readonly Line[],
  cell: number,
  end: number | undefined,
  allows: (cell: number, token: number) => boolean,
): CellCopy | undefined {
  const shares = new Map<number, { share: number; best: Draft }>();
  let [mass, all] = [0, 0];
  for (const { draft, tokens } of lines) {
    const token = tokens[cell];
    all += draft.share;
    if (token === undefined) continue;
    mass += draft.share;
    if (!allows(cell, token)) continue;
    const known = shares.get(token);
    shares.set(token, { share: (known?.share ?? 0) + draft.share, best: known?.best ?? draft });
  }
  if (shares.size === 0) return undefined;
  const tokens = [...shares]
    .map(([token, { share, best }]) => ({
      token,
      share,
      evidence: {
        order: best.order,
        right: best.right,
        share,
        ahead: cell,
        ends: token === end,
      },
    }))
    .sort((a, b) => b.share - a.share);
  const [first] = lines;
  return {
    tokens,
    mass: mass / all,
    likeliest: first?.tokens[cell],
    onward: first?.tokens.slice(cell + 1, cell + 1 + ONWARD) ?? [],
  };
}
