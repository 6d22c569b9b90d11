// The canvas of a planned request, before some of its tokens are kept.
import { buildCanvas } from '../canvas/build';
import type { Canvas } from '../canvas/types';
import type { Family } from '../checkpoint/family';
import { isWindowed, languageToken } from './layout';
import type { CanvasPlan } from './plan';

/** `healWords`: as in CanvasInput; by default as the family wants it. */
export function unmaskedCanvas(
  { params, textBudget, room, checkpoint, reach }: CanvasPlan,
  healWords = writesTokenByToken(checkpoint.family),
): Canvas {
  const { infill } = checkpoint.family;
  const opening = languageToken(checkpoint, params.language);
  return buildCanvas({
    text: params.text,
    spans: params.spans,
    tokenizer: checkpoint.tokenizer,
    specials: checkpoint.specials,
    ...(opening === undefined ? {} : { languageToken: opening }),
    budget: textBudget,
    holeTokens: room,
    isWindow: infill.kind !== 'prompt' && isWindowed(checkpoint),
    ...(Number.isFinite(reach.behind) ? { mostBehind: Math.floor(reach.behind) } : {}),
    // A cached canvas was trained on text that was tokenised apart at each cut; an answer to a prompt begins again.
    heal: infill.kind !== 'cached-canvas' && infill.kind !== 'prompt',
    healWords,
    steady: infill.kind !== 'in-place',
    closed: infill.kind === 'fim-order',
  });
}

/** Models that were trained as text is tokenised, and go on with it; others see their holes from both sides. */
function writesTokenByToken({ attention, infill }: Family): boolean {
  const isCode = infill.kind === 'fim-order' || infill.kind === 'left-only';
  return isCode && attention.kind === 'block-causal' && attention.blockLength === 1;
}

/** What the canvas is built of. */
export function askedOf({ params, textBudget, room, reach, checkpoint }: CanvasPlan): string {
  const { text, spans, language } = params;
  return JSON.stringify([text, spans, language, textBudget, room, reach.behind, checkpoint.family.infill]);
}
