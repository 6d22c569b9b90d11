// Copying for one request: what there is to copy from, and what it says of a finished candidate.
import type { CopyAgreement } from '../calibration/confidence';
import type { MixtureWeight } from '../calibration/mixtureWeight';
import type { Checkpoint } from '../checkpoint/types';
import { lengthTokensOf } from '../decoding/request';
import { LEAST_LOG_PROB } from '../decoding/sampling';
import type { BlockDenoiser, HoleAnswer, InPlaceDenoiser } from '../denoiser';
import type { CopyingChoice, CopySource, InfillParams } from '../protocol';
import { BEGUN_WORD } from './analogies';
import { CopyingBlockDenoiser, CopyingInPlaceDenoiser } from './denoisers';
import { copyAlone } from './mixture';
import { isElsewhere, sourceOf } from './origin';
import { CopyPrior } from './prior';
import type { Copying } from './runs';
import { type CopyIndex, type CopyText, LEFT_REACH } from './sources';

type Facts = Pick<Checkpoint, 'family' | 'specials' | 'tokenizer'>;
type Request = Pick<InfillParams, 'text' | 'spans' | 'openTexts'>;

/** UTF-16 units of a text that are searched, on each side of a span. */
const MOST_TEXT = 400_000;
/** What an open text is behind the file's own places by, in UTF-16 units. */
const OTHER_FILE = 1_000_000;

export class RequestCopying {
  private readonly prior: CopyPrior;

  /** `weight`: λ of the mixture; not asked where `choice` is another. `index`: what there is beside the request's texts. */
  constructor(
    private readonly facts: Facts,
    private readonly request: Request,
    private readonly choice: CopyingChoice,
    private readonly weight: MixtureWeight,
    index?: CopyIndex,
  ) {
    const { family, specials, tokenizer } = facts;
    const { delete: remove, end, expand } = lengthTokensOf(family.length, specials);
    this.prior = new CopyPrior(textsOf(request), tokenizer, end ?? remove, expand, index);
  }

  blockwise(denoiser: BlockDenoiser): BlockDenoiser {
    return this.choice === 'off' ? denoiser : new CopyingBlockDenoiser(denoiser, this.copying());
  }

  inPlace(denoiser: InPlaceDenoiser): InPlaceDenoiser {
    return this.choice === 'off' ? denoiser : new CopyingInPlaceDenoiser(denoiser, this.copying());
  }

  /** Whether a candidate is more than a guess at what to do where there is nothing to copy. */
  isAnswer(lane: readonly HoleAnswer[]): boolean {
    if (this.choice !== 'alone') return true;
    return lane.every(({ logProbs }) => logProbs.every((logProb) => logProb > LEAST_LOG_PROB));
  }

  /** What copying says of a candidate; `texts` in text order. Undefined where some hole has nothing to copy. */
  agreement(texts: readonly string[]): CopyAgreement | undefined {
    let least: CopyAgreement | undefined;
    for (const [i, { left, right, isEmpty }] of this.sides().entries()) {
      this.prior.turn();
      const [best] = this.prior.drafts(left, right, isEmpty);
      if (!best) return undefined;
      const agrees = best.text === texts[i];
      least = {
        agrees: agrees && (least?.agrees ?? true),
        share: Math.min(best.share, least?.share ?? 1),
        order: Math.min(best.order, least?.order ?? best.order),
        right: Math.min(best.right, least?.right ?? best.right),
        isElsewhere: isElsewhere(best.place) || (least?.isElsewhere ?? false),
      };
    }
    return least;
  }

  /** By the place in the request's spans: where its text of `spans` (in any order) is copied from, if it is. */
  sourcesOf(spans: readonly { readonly start: number; readonly text: string }[]): (CopySource | undefined)[] {
    if (this.choice === 'off') return spans.map(() => undefined);
    const sides = new Map(this.sides().map((side) => [side.start, side]));
    return spans.map(({ start, text }) => {
      const side = sides.get(start);
      if (side === undefined || text.trim() === '') return undefined;
      const { left, right, isEmpty } = side;
      this.prior.turn();
      const draft = this.prior.drafts(left, right, isEmpty).find((one) => isFrom(text, one.text));
      const found =
        draft ??
        this.prior
          .analogies(left, right)
          .find((one) => isFrom(text, one.text) || text === one.text + one.onward);
      return found && sourceOf(wholeWords(left, text, right), found.place);
    });
  }

  /** What stands around each span, in text order. */
  private sides() {
    const { text } = this.request;
    const spans = inOrder(this.request.spans);
    return spans.map(({ start, end }, i) => ({
      start,
      left: text.slice(Math.max(spans[i - 1]?.end ?? 0, start - LEFT_REACH), start),
      right: text.slice(end, Math.min(spans[i + 1]?.start ?? text.length, end + LEFT_REACH)),
      isEmpty: end === start,
    }));
  }

  private copying(): Copying {
    const { specials, tokenizer } = this.facts;
    const alone = this.choice === 'alone';
    const weight = alone ? copyAlone : this.weight;
    return { prior: this.prior, weight, tokenizer, maskId: specials.mask, alone };
  }
}

const GOES_ON = /^[\p{L}\p{N}_$]+/u;

/** An answer with the rest of the words that it begins and ends in: as such they stand where it is copied from. */
function wholeWords(left: string, text: string, right: string): string {
  const head = GOES_ON.test(text) ? (BEGUN_WORD.exec(left)?.[0] ?? '') : '';
  const tail = BEGUN_WORD.test(text) ? (GOES_ON.exec(right)?.[0] ?? '') : '';
  return head + text + tail;
}

/** Whether an answer is a draft, or what it begins with: answers are cut. */
function isFrom(text: string, draft: string): boolean {
  return draft.trim().startsWith(text.trim());
}

/** The request's text without its spans, and the open texts behind. */
function textsOf({ text, spans, openTexts = [] }: Request): CopyText[] {
  const sorted = inOrder(spans);
  const pieces = [...sorted.map(({ start }) => start), text.length].map((end, i): CopyText => {
    const start = sorted[i - 1]?.end ?? 0;
    const before = i < sorted.length;
    const from = before ? Math.max(start, end - MOST_TEXT) : start;
    return {
      text: text.slice(from, before ? end : Math.min(end, start + MOST_TEXT)),
      distance: 0,
      before,
      origin: { kind: 'own', whole: text, start: from },
    };
  });
  return [
    ...pieces,
    ...openTexts.map(
      (other, i): CopyText => ({
        text: other.slice(0, MOST_TEXT),
        distance: OTHER_FILE * (i + 1),
        before: false,
        origin: { kind: 'open', whole: other, start: 0 },
      }),
    ),
  ];
}

function inOrder<T extends { readonly start: number; readonly end: number }>(spans: readonly T[]): T[] {
  return [...spans].sort((a, b) => a.start - b.start || a.end - b.end);
}
