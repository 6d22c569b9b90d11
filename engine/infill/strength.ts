// A canvas of which only a part is to be rewritten: the likeliest tokens of each span are locked.
import { cellsToMask } from '../canvas/strength';
import type { Canvas } from '../canvas/types';
import type { Checkpoint } from '../checkpoint/types';
import { flatten } from '../decoding/flatten';
import { holesOf } from '../decoding/request';
import { endsOf } from './layout';
import { readsFim } from './scoreWritten';
import type { TokenScorer } from './scoring';
import type { OnPass } from './tokenScore';

/** `strength`: the part of each span's tokens that stays free, 0…1; of 1 the canvas stays as it is. */
export async function withStrength(
  canvas: Canvas,
  strength: number,
  { family }: Pick<Checkpoint, 'family'>,
  scorer: TokenScorer,
  onPass?: OnPass,
): Promise<Canvas> {
  if (strength === 1) return canvas;
  const fills = holesOf(canvas).map((hole) => hole.cells.map((cell) => cell.original));
  const { tokens, holeStarts } = flatten(canvas, fills, endsOf(family));
  const segments: Canvas['segments'][number][] = [];
  const all = holesOf(canvas).reduce((sum, { cells }) => sum + cells.length, 0);
  let scored = 0;
  if (all > 0) onPass?.(0);
  let index = 0;
  for (const segment of canvas.segments) {
    const start = segment.kind === 'hole' ? (holeStarts[index++] ?? 0) : 0;
    if (segment.kind === 'text' || segment.hole.cells.length === 0) {
      segments.push(segment);
      continue;
    }
    const { hole } = segment;
    const { length } = hole.cells;
    const before = scored;
    const place = { from: start, to: start + length, inFim: readsFim({ family }) };
    const scores = await scorer.score(tokens, place, (done) => onPass?.((before + done * length) / all));
    scored += length;
    const surprise = scores.map((score) => score.surprise);
    const masked = new Set(cellsToMask(hole.cells, surprise, strength));
    const cells = hole.cells.map((cell, i) => ({ ...cell, locked: !masked.has(i) }));
    segments.push({ kind: 'hole', hole: { ...hole, cells } });
  }
  return { ...canvas, segments };
}
