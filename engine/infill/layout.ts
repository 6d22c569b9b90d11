// How a family wants the text around a hole laid out, as token ids; the facts come from its descriptor.
import type { Canvas } from '../canvas/types';
import type { Opening } from '../checkpoint/family';
import type { Checkpoint } from '../checkpoint/types';
import type { HoleContext } from '../denoiser';
import { EngineError } from '../errors';
import { type PromptParts, promptContext } from './prompt';

type Facts = Pick<Checkpoint, 'family' | 'specials' | 'languageTokens' | 'shape'>;

/** Token that opens a file of this language (VS Code's id), where the family puts one before the text. */
export function languageToken(
  { family, languageTokens }: Facts,
  language: string | undefined,
): number | undefined {
  // Requests name languages as they like, `constructor` included.
  const isKnown = language !== undefined && Object.hasOwn(languageTokens, language);
  return family.infill.kind === 'cached-canvas' && isKnown ? languageTokens[language] : undefined;
}

/** The tokens around a whole text that is read in place. */
export function endsOf({ infill }: Facts['family']): { readonly bos: boolean; readonly eos: boolean } {
  return infill.kind === 'in-place' ? infill : { bos: false, eos: false };
}

/** What a request's holes are sure to find room for, whatever stood in them. */
export interface AnswerRoom {
  readonly holes: number;
  /** Tokens of each. */
  readonly tokens: number;
}
const NO_ANSWERS: AnswerRoom = { holes: 0, tokens: 0 };

/** Room for answers of up to `wanted` tokens, as far as half the context is left to the text. */
export function answerRoom({ family, shape }: Facts, holes: number, wanted: number): AnswerRoom {
  const share = Math.floor(windowOf(family, shape) / 2 / Math.max(1, holes));
  const most = family.attention.kind === 'cached-canvas' ? family.attention.holeGap : share;
  return { holes, tokens: Math.max(1, Math.min(wanted, share, most)) };
}

/** Most tokens of text and answers in one request. */
export function textBudget({ family, shape }: Facts, room: AnswerRoom = NO_ANSWERS): number {
  const { attention } = family;
  const isCanvas = attention.kind === 'cached-canvas';
  // The window is for what is read; a hole that is denoised apart from it takes positions of the context alone.
  const positions = shape.contextLength - (isCanvas ? attention.holeGap - room.tokens : 0);
  const apart = attention.kind === 'full' ? 0 : room.holes * room.tokens;
  return Math.max(1, Math.min(positions, windowOf(family, shape) + apart) - spareTokens(family));
}

/** What the layout adds, and a block. */
export function spareTokens({ attention }: Facts['family']): number {
  return 8 + (attention.kind === 'cached-canvas' ? attention.blockLength : 0);
}

/** Whether a request is bounded by what is worth reading at once: a model with a longer context takes no more. */
export function isWindowed({ family, shape }: Facts): boolean {
  return windowOf(family, shape) < shape.contextLength;
}

function windowOf({ window = PRACTICAL_WINDOW }: Facts['family'], { contextLength }: Facts['shape']): number {
  return Math.min(contextLength, window);
}

/** A bidirectional model computes its whole window again and again: beyond this more context costs more than it gives. */
export const PRACTICAL_WINDOW = 2048;

/** Tokens before and behind a hole; the other holes as they stand, or as they stood in the file. */
export function sidesOf(
  canvas: Canvas,
  hole: number,
  answers: readonly (Int32Array | undefined)[],
): { readonly before: readonly number[]; readonly after: readonly number[] } {
  const before: number[] = [];
  const after: number[] = [];
  let index = 0;
  for (const segment of canvas.segments) {
    const side = index > hole ? after : before;
    if (segment.kind === 'text') for (const id of segment.ids) side.push(id);
    else {
      const ids = answers[index] ?? segment.hole.cells.map((cell) => cell.original);
      if (index !== hole) for (const id of ids) side.push(id);
      index++;
    }
  }
  return { before, after };
}

/** The context of one hole as the family's blocks read it. Throws `family-unknown` where it cannot infill. */
export function holeContext(
  facts: Facts & Pick<Checkpoint, 'tokenizer' | 'chat'>,
  prefix: readonly number[] | Int32Array,
  suffix: readonly number[] | Int32Array,
  language: string | undefined,
  asked: Pick<PromptParts, 'selected' | 'instruction' | 'fence'> = { selected: '' },
): HoleContext {
  const { family, specials } = facts;
  const bos = (wanted: Opening = false) =>
    wanted === true && specials.bos !== undefined ? [specials.bos] : [];
  switch (family.infill.kind) {
    case 'cached-canvas': {
      const opening = languageToken(facts, language);
      return {
        before: Int32Array.from([
          ...bos(family.infill.bos),
          ...(opening === undefined ? [] : [opening]),
          ...prefix,
        ]),
        after: Int32Array.from(suffix),
      };
    }
    case 'fim-order': {
      const { fimPrefix, fimSuffix, fimMiddle } = specials;
      if (fimPrefix === undefined || fimSuffix === undefined || fimMiddle === undefined) {
        throw new EngineError(
          'token-missing',
          `${family.title} infills with FIM tokens, and this checkpoint's tokenizer lacks some of them. Use a checkpoint with all three, or describe the family in palimpsest.json.`,
          { fimPrefix, fimSuffix, fimMiddle },
        );
      }
      const sides =
        family.infill.order === 'suffix-first'
          ? [[fimSuffix], suffix, [fimPrefix], prefix]
          : [[fimPrefix], prefix, [fimSuffix], suffix];
      return {
        before: Int32Array.from([
          ...bos(family.infill.bos),
          ...sides.flatMap((side) => Array.from(side)),
          fimMiddle,
        ]),
        after: new Int32Array(0),
      };
    }
    case 'left-only':
      return {
        before: Int32Array.from([...bos(family.infill.bos), ...prefix]),
        after: new Int32Array(0),
      };
    case 'prompt':
      if (facts.chat !== undefined) {
        const { tokenizer, chat } = facts;
        const [before, after] = [tokenizer.decode(prefix), tokenizer.decode(suffix)];
        return promptContext({ tokenizer, chat }, { ...asked, before, after, language });
      }
      throw new EngineError(
        'family-unknown',
        `${family.title} answers prompts, but this checkpoint has no chat template for them. Choose a model that infills, or one with a chat template.`,
        { family: family.id },
      );
    default:
      throw new EngineError(
        'family-unknown',
        `${family.title} cannot fill a hole between two pieces of text: it only continues a prompt. Choose a model that infills.`,
        { family: family.id },
      );
  }
}
