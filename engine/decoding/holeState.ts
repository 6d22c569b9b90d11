// One hole of one candidate while it is denoised: its cells, what each of them has to respect, and the ways in which
// a step changes them. Both loops work on it.
import type { Hole } from '../canvas/types';
import type { LengthControl } from '../checkpoint/family';
import type { HoleAnswer, Prediction } from '../denoiser';
import type { CellRule } from './biasRows';
import { NO_BYTES, type TokenTable } from './tokenTable';
import type { CellView } from './types';

/** What the model last said of a masked cell. */
export interface Draft {
  readonly prediction: Prediction;
  readonly token: number;
  readonly logProb: number;
}

/** Identity matters: a cell stays the same object while others come and go around it. */
export interface WorkCell {
  /** Mask id while masked. */
  token: number;
  state: 'masked' | 'committed' | 'locked';
  /** Of the token when it was committed; 0 for locked tokens. */
  logProb: number;
  /** Probability of the token, or of the best guess, as last heard. */
  confidence: number;
  /** The same one step earlier; undefined for a cell that has not been asked yet. */
  previous: number | undefined;
  draft: Draft | undefined;
}

export interface HoleFrame {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  readonly length: LengthControl['kind'];
  readonly maskId: number;
  /**
   * Most cells that the hole may come to have. `grows`: cells are appended block by block until an end token or this
   * bound; else they all stand from the beginning (expansion apart) and the last of them stays the last.
   */
  readonly grows: boolean;
  /** Cells that stand before an end may come. */
  readonly least: number;
  /** Tokens that end the hole where they are committed like any other; none: an end waits for what is left of it. */
  readonly endCells: readonly number[];
  readonly bound: number;
}

export class HoleState {
  cells: WorkCell[];
  /** An end token came, or the draft was taken: nothing is appended any more. */
  ended = false;
  expansions = 0;
  /** Most cells the hole may still come to have (`grows`). */
  bound: number;

  constructor(
    readonly frame: HoleFrame,
    private readonly table: TokenTable,
    cells: readonly WorkCell[],
  ) {
    this.cells = [...cells];
    this.bound = frame.bound;
  }

  /** Index of the first masked cell, -1 where none is. */
  get frontier(): number {
    return this.cells.findIndex((cell) => cell.state === 'masked');
  }
  /** Index of the cell that must end with the tail's bytes. */
  get anchor(): number {
    return this.frame.grows ? this.bound - 1 : this.cells.length - 1;
  }
  tokens(): number[] {
    return this.cells.map((cell) => cell.token);
  }
  isFrontier(index: number): boolean {
    return index >= 0 && index === this.frontier;
  }

  /** What the cell has to respect as things stand; `room`: how often the hole may still expand. */
  ruleAt(index: number, room: number): CellRule {
    const { tail, length } = this.frame;
    const head = this.openHead(index);
    const isAnchor = tail.length > 0 && index === this.anchor;
    const next = this.cells[index + 1];
    const isMasked = this.cells[index]?.state === 'masked';
    const isAdjustable = length === 'expand-delete' && isMasked;
    const isEnd = this.frame.endCells.includes(this.cells[index]?.token ?? -1);
    return {
      head,
      tail: isAnchor ? tail : NO_BYTES,
      carry: head.length > 1 && next !== undefined && (next.state === 'masked' || !isMasked),
      nextTail: index + 1 === this.anchor ? tail : NO_BYTES,
      expand: isAdjustable && room > 0,
      delete: isAdjustable && head.length === 0 && !isAnchor,
      end: length === 'end-token' && (isMasked || isEnd) && this.mayEnd(index),
    };
  }

  /** What a cell behind the last one, `index`, will have to respect, as far as that does not depend on the token there. */
  ruleBehind(index: number): CellRule {
    const { length, tail } = this.frame;
    // Few tokens bring the tail, and before it is there, no end may come.
    const end = length === 'end-token' && tail.length === 0 && this.mayEnd(index + 1);
    const free = { head: NO_BYTES, tail: NO_BYTES, nextTail: NO_BYTES };
    return { ...free, carry: false, expand: false, delete: false, end };
  }

  /** Bytes of the head that cell `index` has to bring: none where a masked cell comes before it. */
  openHead(index: number): Uint8Array {
    let rest = this.frame.head;
    for (let i = 0; i < index && rest.length > 0; i++) {
      const cell = this.cells[i];
      if (!cell || cell.state === 'masked') return NO_BYTES;
      rest = consume(rest, this.table.bytesOf(cell.token));
    }
    return rest;
  }

  commit(cell: WorkCell, token: number, logProb: number): void {
    cell.token = token;
    cell.state = 'committed';
    cell.logProb = logProb;
    cell.confidence = Math.exp(logProb);
  }

  remask(cell: WorkCell): void {
    cell.token = this.frame.maskId;
    cell.state = 'masked';
    cell.logProb = 0;
  }

  /** One mask becomes two (DreamOn). */
  expand(cell: WorkCell): void {
    const fresh = [maskedCell(this.frame.maskId), maskedCell(this.frame.maskId)];
    this.cells.splice(this.cells.indexOf(cell), 1, ...fresh);
    this.expansions++;
  }

  /** Broadcast deletion (DreamOn): this cell and every masked one to its right leave the window. */
  deleteFrom(cell: WorkCell): void {
    const from = this.cells.indexOf(cell);
    this.cells = this.cells.filter(
      (other, index) => index < from || other.state !== 'masked' || this.keepsTail(index),
    );
  }

  /** An end token: the rest of the hole goes, but for a last cell that has the tail's bytes to bring. */
  endAt(cell: WorkCell): void {
    const at = this.cells.indexOf(cell);
    const keepLast = !this.frame.grows && !this.endsWithTail(at);
    const last = this.cells.at(-1);
    this.cells = [...this.cells.slice(0, at), ...(keepLast && last && last !== cell ? [last] : [])];
    this.ended = true;
  }

  /** Ends the hole at its first end token that was committed as a cell, once nothing before it is masked. */
  settleEnd(): void {
    const end = this.cells.findIndex(
      ({ state, token }) => state === 'committed' && this.frame.endCells.includes(token),
    );
    const cell = this.cells[end];
    if (cell && (this.frontier < 0 || this.frontier > end)) this.endAt(cell);
  }

  /** Ends behind the settled cells at its start, where those are a whole answer. */
  endWhere(isWhole: (tokens: readonly number[]) => boolean): void {
    if (this.ended) return;
    const { frontier } = this;
    const settled = frontier < 0 ? this.cells : this.cells.slice(0, frontier);
    if (!isWhole(settled.map((cell) => cell.token))) return;
    this.cells = settled;
    this.ended = true;
  }

  /** Ends behind the first `count` of its tokens, with its tail or without, if all of them are settled and none is locked. */
  endBehind(wholeAt: (tokens: readonly number[]) => number | undefined): void {
    if (this.ended || this.cells.some(({ state }) => state !== 'committed')) return;
    const count = wholeAt(this.tokens());
    if (count === undefined || count < this.frame.least) return;
    this.cells = this.cells.slice(0, count);
    this.ended = true;
  }

  remove(cell: WorkCell): void {
    this.cells = this.cells.filter((other) => other !== cell);
  }

  /** Whether the text of the cells before `index` ends with the tail (and has room for head and tail both). */
  endsWithTail(index: number): boolean {
    const { head, tail } = this.frame;
    if (tail.length === 0) return true;
    const bytes = this.cells.slice(0, index).flatMap((cell) => [...this.table.bytesOf(cell.token)]);
    if (bytes.length < head.length + tail.length) return false;
    return tail.every((byte, i) => bytes[bytes.length - tail.length + i] === byte);
  }

  view(): CellView[] {
    return this.cells.map((cell) => {
      if (cell.state !== 'masked')
        return { token: cell.token, state: cell.state, confidence: cell.confidence };
      const guess = cell.draft?.token;
      const isText = guess !== undefined && this.table.plain[guess] === 1;
      return isText
        ? { token: cell.token, state: 'draft', confidence: cell.confidence, guess }
        : { token: cell.token, state: 'masked', confidence: cell.confidence };
    });
  }

  /** `needsEnd`: an answer that has not come to its end is told from one that has. */
  answer(needsEnd = false): HoleAnswer {
    const cells = this.cells.filter((cell) => cell.state !== 'masked');
    return {
      ...(needsEnd && !this.ended ? { isCut: true } : {}),
      ids: Int32Array.from(cells, (cell) => cell.token),
      logProbs: Float32Array.from(cells, (cell) => cell.logProb),
      locked: Uint8Array.from(cells, (cell) => Number(cell.state === 'locked')),
    };
  }

  private keepsTail(index: number): boolean {
    return this.frame.tail.length > 0 && index === this.anchor;
  }

  /**
   * An end may not cut off a locked cell, a head that is not complete, or the tail. To the right of the first mask it
   * may be proposed all the same (and waits, or stands there): forbidden there, its probability would go to a token that
   * nobody means.
   */
  private mayEnd(index: number): boolean {
    if (index < this.frame.least) return false;
    if (this.cells.some((cell, i) => i > index && cell.state === 'locked')) return false;
    if (this.openHead(index).length > 0) return false;
    const isTailDue = this.frame.grows || index === this.anchor;
    return !this.isFrontier(index) || !isTailDue || this.endsWithTail(index);
  }
}

export function maskedCell(maskId: number): WorkCell {
  return { token: maskId, state: 'masked', logProb: 0, confidence: 0, previous: undefined, draft: undefined };
}

function lockedCell(token: number): WorkCell {
  return { token, state: 'locked', logProb: 0, confidence: 1, previous: undefined, draft: undefined };
}

/**
 * The cells that a hole begins with. Where some of its tokens are locked (pinned, or kept by strength) it begins as
 * it stands, with masks in between; else with `masks` masks.
 */
export function initialCells(hole: Hole, masks: number, maskId: number): WorkCell[] {
  if (!hole.cells.some((cell) => cell.locked)) return Array.from({ length: masks }, () => maskedCell(maskId));
  return hole.cells.map((cell) =>
    cell.locked && cell.original >= 0 ? lockedCell(cell.original) : maskedCell(maskId),
  );
}

/** What is left of `rest` behind a token; nothing where the token goes its own way (a locked one may). */
function consume(rest: Uint8Array, token: Uint8Array): Uint8Array {
  const shared = Math.min(rest.length, token.length);
  for (let i = 0; i < shared; i++) if (rest[i] !== token[i]) return NO_BYTES;
  return rest.subarray(shared);
}
