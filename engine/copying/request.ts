// Copying for one request: what there is to copy from, and what it says of a finished candidate.
import type { CopyAgreement } from '../calibration/confidence';
import type { MixtureWeight } from '../calibration/mixtureWeight';
import type { Checkpoint } from '../checkpoint/types';
import { lengthTokensOf } from '../decoding/request';
import { LEAST_LOG_PROB } from '../decoding/sampling';
import type { BlockDenoiser, HoleAnswer, InPlaceDenoiser } from '../denoiser';
import type { CopyingChoice, InfillParams } from '../protocol';
import { CopyingBlockDenoiser, CopyingInPlaceDenoiser } from './denoisers';
import { copyAlone } from './mixture';
import { CopyPrior } from './prior';
import type { Copying } from './runs';
import { type CopyText, LEFT_REACH } from './sources';

type Facts = Pick<Checkpoint, 'family' | 'specials' | 'tokenizer'>;
type Request = Pick<InfillParams, 'text' | 'spans' | 'openTexts'>;

/** UTF-16 units of a text that are searched, on each side of a span. */
const MOST_TEXT = 400_000;
/** What an open text is behind the file's own places by, in UTF-16 units. */
const OTHER_FILE = 1_000_000;

export class RequestCopying {
  private readonly prior: CopyPrior;

  /** `weight`: λ of the mixture; not asked where `choice` is another. */
  constructor(
    private readonly facts: Facts,
    private readonly request: Request,
    private readonly choice: CopyingChoice,
    private readonly weight: MixtureWeight,
  ) {
    const { family, specials, tokenizer } = facts;
    const { delete: remove, end, expand } = lengthTokensOf(family.length.kind, specials);
    this.prior = new CopyPrior(textsOf(request), tokenizer, end ?? remove, expand);
  }

  blockwise(denoiser: BlockDenoiser): BlockDenoiser {
    return this.choice === 'off'
      ? denoiser
      : new CopyingBlockDenoiser(denoiser, this.copying(), this.facts.specials);
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
    const { text } = this.request;
    const spans = inOrder(this.request.spans);
    let least: CopyAgreement | undefined;
    for (const [i, span] of spans.entries()) {
      const left = text.slice(Math.max(spans[i - 1]?.end ?? 0, span.start - LEFT_REACH), span.start);
      const right = text.slice(span.end, Math.min(spans[i + 1]?.start ?? text.length, span.end + LEFT_REACH));
      const [best] = this.prior.drafts(left, right, span.end === span.start);
      if (!best) return undefined;
      const agrees = best.text === texts[i];
      least = {
        agrees: agrees && (least?.agrees ?? true),
        share: Math.min(best.share, least?.share ?? 1),
        order: Math.min(best.order, least?.order ?? best.order),
        right: Math.min(best.right, least?.right ?? best.right),
      };
    }
    return least;
  }

  private copying(): Copying {
    const { specials, tokenizer } = this.facts;
    const alone = this.choice === 'alone';
    const weight = alone ? copyAlone : this.weight;
    return { prior: this.prior, weight, tokenizer, maskId: specials.mask, alone };
  }
}

/** The request's text without its spans, and the open texts behind. */
function textsOf({ text, spans, openTexts = [] }: Request): CopyText[] {
  const sorted = inOrder(spans);
  const pieces = [...sorted.map(({ start }) => start), text.length].map((end, i): CopyText => {
    const start = sorted[i - 1]?.end ?? 0;
    const before = i < sorted.length;
    const from = before ? Math.max(start, end - MOST_TEXT) : start;
    return { text: text.slice(from, before ? end : Math.min(end, start + MOST_TEXT)), distance: 0, before };
  });
  return [
    ...pieces,
    ...openTexts.map((other, i) => ({
      text: other.slice(0, MOST_TEXT),
      distance: OTHER_FILE * (i + 1),
      before: false,
    })),
  ];
}

function inOrder<T extends { readonly start: number; readonly end: number }>(spans: readonly T[]): T[] {
  return [...spans].sort((a, b) => a.start - b.start || a.end - b.end);
}
