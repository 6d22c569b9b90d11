// What an instruction makes of a model that fills holes: the span is put before it as a question, and it answers from there to
// the token that ends an answer. Its weights and how they are run stay what they are.
import type { Family, LengthControl } from '../checkpoint/family';
import type { Checkpoint } from '../checkpoint/types';
import type { InfillParams } from '../protocol';

/** The checkpoint as this request has it: families that only answer prompts are always asked, others for an instruction. */
export function answering(
  checkpoint: Checkpoint,
  { instruction }: Pick<InfillParams, 'instruction'>,
): Checkpoint {
  const { family, specials, chat } = checkpoint;
  const isAsked = family.infill.kind === 'prompt' || instruction !== undefined;
  if (!isAsked || chat === undefined) return checkpoint;
  const end = chat.end ?? specials.end ?? specials.eos;
  return {
    ...checkpoint,
    family: {
      ...family,
      infill: family.infill.kind === 'prompt' ? family.infill : { kind: 'prompt' },
      length: lengthOf(family),
    },
    specials: end === undefined ? specials : { ...specials, end },
  };
}

/** A bidirectional model was trained on canvases that are filled up behind the end of an answer: what fills them ends it, too. */
function lengthOf({ length, attention }: Family): LengthControl {
  if (length.kind === 'end-token') return length;
  return attention.kind === 'full' ? { kind: 'end-token', asCell: true } : { kind: 'end-token' };
}
