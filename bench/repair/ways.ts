// The ways to mend a selected line: rewriting it by strength, and repairing its least likely words.

import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { completionsOf, endsInCutName, LONGEST_END } from '../../extension/rewrite/repair/completion';
import { WORD_GAIN, withLikelierWords } from '../../extension/rewrite/repair/likelierWords';
import {
  excess,
  isLikelier,
  SURPRISING,
  surpriseOf,
  TOO_SOON,
  wordsToRepair,
} from '../../extension/rewrite/repair/plan';
import { type Mending, mayBeMisspelt, SLIP_GAIN, withoutSlips } from '../../extension/rewrite/repair/slips';
import { isWholeWith } from '../../extension/rewrite/repair/wholeness';
import { LEAST_OF_GUESS } from '../../extension/rewrite/state/noChange';
import type { OffsetRange } from '../../extension/text/types';
import { bestText, type Evaluated } from '../infilling/engine';
import type { FaultyCase } from './cases';

/** A line in its file. */
export type Looked = Pick<FaultyCase, 'text' | 'line' | 'language'>;

/** What a way made of the line; undefined: it leaves the line as it is. */
export interface Mended {
  readonly text: string | undefined;
  /** Nats by which the line became likelier, where that was looked at. */
  readonly gain?: number;
  /** 0…1, of what all of the line was rewritten to. */
  readonly confidence?: number;
}

export const STRENGTHS = [1, 0.5, 0.1] as const;

export async function rewriteBy(engine: Evaluated, held: Looked, strength: number): Promise<Mended> {
  const { text, line, language } = held;
  const asked = { requestId: 1, model: '', priority: 'rewrite' as const, temperature: 0, strength };
  const result = await engine.open.infill({ ...asked, text, spans: [line], language }, {});
  const confidence = result.candidates[0]?.confidence;
  return { ...changed(held, bestText(result)), ...(confidence === undefined ? {} : { confidence }) };
}

/** What is shown of a rewrite of all of a line in which nothing is likelier: a model that nothing was fitted to is not asked, and an answer is as good as its confidence. */
export function guessed({ calibration }: Evaluated, { text, confidence = 0 }: Mended): Mended {
  return { text: calibration !== undefined && confidence >= LEAST_OF_GUESS ? text : undefined };
}

/** `most` words at once; `least`: nats of excess from which on a word is masked. */
export async function repairBy(
  engine: Evaluated,
  held: Looked,
  { most, least }: { readonly most: number; readonly least: number },
): Promise<Mended> {
  const { text, line, language } = held;
  const before = await scoreOf(engine, held, text, line);
  const words = wordsToRepair(text, before, { most, least });
  if (words.length === 0) return { text: undefined };
  const asked = { requestId: 1, model: '', priority: 'rewrite' as const, temperature: 0 };
  const result = await engine.open.infill({ ...asked, text, spans: words, language }, {});
  const best = result.candidates[0];
  if (best === undefined) return { text: undefined };
  let whole = '';
  let at = 0;
  for (const span of best.spans) {
    whole += text.slice(at, span.start) + span.text;
    at = span.end;
  }
  whole += text.slice(at);
  const end = line.end + whole.length - text.length;
  const after = await scoreOf(engine, held, whole, { start: line.start, end });
  const mended = changed(held, whole.slice(line.start, end));
  return { ...mended, gain: surpriseOf(before) - surpriseOf(after) };
}

/** The likeliest text with one slip undone; where none is likelier, the likeliest with a likelier word. */
export async function mendedBy(
  engine: Evaluated,
  trees: SyntaxTrees,
  held: Looked,
): Promise<{ readonly undone: Mended; readonly mended: Mended }> {
  const { text, line, language } = held;
  const settled = (await trees.ask(text, language, (tree) => tree.settled(line))) ?? [];
  const before = await scoreOf(engine, held, text, line);
  const old = surpriseOf(before);
  const likeliest = async (mendings: readonly Mending[], least: number): Promise<Mended> => {
    let best: Mended = { text: undefined, gain: 0 };
    for (const { text: fresh, least: own = 0 } of mendings) {
      const whole = text.slice(0, line.start) + fresh + text.slice(line.end);
      const end = line.start + fresh.length;
      const gain = old - surpriseOf(await scoreOf(engine, held, whole, { start: line.start, end }));
      if (gain >= Math.max(least, own) && gain > (best.gain ?? 0)) best = { text: fresh, gain };
    }
    return best;
  };
  const undone = await likeliest(withoutSlips(text, line, before, { settled }), SLIP_GAIN);
  if (undone.text !== undefined) return { undone, mended: undone };
  // Of a name whose end is missing, no other word is what is meant.
  if (endsInCutName(text, line)) return { undone, mended: undone };
  const mended = await likeliest(withLikelierWords(text, line, before, { settled }), WORD_GAIN);
  return { undone, mended };
}

function isWhole(trees: SyntaxTrees, { text, line, language }: Looked, fresh: string): Promise<boolean> {
  return isWholeWith(trees, { text, languageId: language }, line, fresh);
}

/** What is missing behind `base` in the line's place; the line as it is where nothing that is written there makes it whole. */
export async function endedBy(
  engine: Evaluated,
  trees: SyntaxTrees,
  held: Looked,
  base: string,
): Promise<Mended> {
  const { text, line, language } = held;
  const at = line.start + base.length;
  const asked = {
    requestId: 1,
    model: '',
    priority: 'rewrite' as const,
    temperature: 0,
    maxTokens: LONGEST_END,
  };
  const around = text.slice(0, line.start) + base + text.slice(line.end);
  const result = await engine.open.infill(
    { ...asked, text: around, spans: [{ start: at, end: at }], language },
    {},
  );
  const more = bestText(result);
  if (more === undefined) return { text: undefined };
  for (const fresh of completionsOf(base, base + more))
    if (await isWhole(trees, held, fresh)) return changed(held, fresh);
  return { text: undefined };
}

/** Whether the model would go on where the line ends. */
export async function endsTooSoon({ open }: Evaluated, { text, line, language }: Looked): Promise<boolean> {
  const { end } = await open.score(
    { requestId: 1, model: '', priority: 'rewrite', text, range: line, language, withEnd: true },
    {},
  );
  return (end?.surprise ?? 0) >= TOO_SOON;
}

/** Whether the model finds nothing in the line that might be wrong. */
export async function isUnsuspicious(engine: Evaluated, held: Looked): Promise<boolean> {
  const tokens = await scoreOf(engine, held, held.text, held.line);
  return tokens.every((token) => excess(token) < SURPRISING) && !mayBeMisspelt(held.text, held.line);
}

/**
 * As a rewrite begins (extension/rewrite/repairFirst.ts): what is to be shown, or that nothing is suspicious or likelier, and
 * what all of it would be rewritten to is a guess. Undefined: the line is not whole, and all of it is to be rewritten.
 * `mended`: what comes of its slips and words.
 */
export async function lookedAt(
  engine: Evaluated,
  trees: SyntaxTrees,
  held: Looked,
  { text: fresh }: Mended,
): Promise<{ readonly text: string } | 'unsuspicious' | 'likeliest' | undefined> {
  if (fresh !== undefined && (await isWhole(trees, held, fresh))) return { text: fresh };
  const own = held.text.slice(held.line.start, held.line.end);
  const isCut = endsInCutName(held.text, held.line) || (await endsTooSoon(engine, held));
  if (!isCut && (await isWhole(trees, held, own)))
    return (await isUnsuspicious(engine, held)) ? 'unsuspicious' : 'likeliest';
  const { text } = await endedBy(engine, trees, held, fresh ?? own);
  return text === undefined ? undefined : { text };
}

export function taken({ text, gain = 0 }: Mended, least?: number): Mended {
  return isLikelier(gain, 0, least) ? { text, gain } : { text: undefined, gain };
}

export async function scoreOf(
  engine: Evaluated,
  { language }: Pick<Looked, 'language'>,
  text: string,
  range: OffsetRange,
) {
  const { tokens } = await engine.open.score(
    { requestId: 1, model: '', priority: 'rewrite', text, range, language },
    {},
  );
  return tokens;
}

function changed({ text, line }: Looked, fresh: string | undefined): Mended {
  return { text: fresh === text.slice(line.start, line.end) ? undefined : fresh };
}
