// The canvas of a planned request, before some of its tokens are kept.
import { buildCanvas } from '../canvas/build';
import type { Canvas } from '../canvas/types';
import { isWindowed, languageToken } from './layout';
import type { RequestPlan } from './plan';

export function unmaskedCanvas({ params, textBudget, room, checkpoint, reach }: RequestPlan): Canvas {
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
    steady: infill.kind !== 'in-place',
    closed: infill.kind === 'fim-order',
  });
}

/** What the canvas is built of. */
export function askedOf({ params, textBudget, room, reach, checkpoint }: RequestPlan): string {
  const { text, spans, language } = params;
  return JSON.stringify([text, spans, language, textBudget, room, reach.behind, checkpoint.family.infill]);
}
