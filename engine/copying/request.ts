// Copying for one request: what there is to copy from, whether to, and what it says of a finished candidate.
import { type CopyAgreement, confidenceFeatures, plainConfidence } from '../candidates/confidence';
import { logistic } from '../candidates/logistic';
import type { Cell } from '../canvas/types';
import type { Checkpoint } from '../checkpoint/types';
import type { RescoringChoice } from '../decoding/chooseAnswer';
import { lengthTokensOf, standingText } from '../decoding/request';
import { LEAST_LOG_PROB } from '../decoding/sampling';
import type { BlockDenoiser, HoleAnswer, InPlaceDenoiser } from '../decoding/types';
import type { CopyingChoice, InfillParams } from '../protocol';
import { CHOICE_COEFFICIENTS, CONFIDENCE_COEFFICIENTS, MIXTURE_COEFFICIENTS } from './coefficients';
import { CopyingBlockDenoiser, CopyingInPlaceDenoiser } from './denoisers';
import { CopyPrior } from './prior';
import type { Copying } from './runs';
import { type CopyText, LEFT_REACH } from './sources';
import { copyAlone, mixtureWeight } from './weight';

type Facts = Pick<Checkpoint, 'family' | 'specials' | 'tokenizer'>;
type Request = Pick<InfillParams, 'text' | 'spans' | 'openTexts' | 'copying'>;

/** The coefficients are this model's: to others, copying has to be asked for. */
const FITTED_FAMILY = 'starter';
/** The part of several selected lines that an answer has at the least, in tokens. */
const LEAST_OF_LINES = 0.25;
/** UTF-16 units of a text that are searched, on each side of a span. */
const MOST_TEXT = 400_000;
/** What an open text is behind the file's own places by, in UTF-16 units. */
const OTHER_FILE = 1_000_000;

export class RequestCopying {
  readonly choice: CopyingChoice;
  private readonly prior: CopyPrior;

  constructor(
    private readonly facts: Facts,
    private readonly request: Request,
  ) {
    const { family, specials, tokenizer } = facts;
    const isFitted = family.id === FITTED_FAMILY;
    this.choice = request.copying ?? (isFitted ? 'mixed' : 'off');
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

  /** How rescored answers are weighed; undefined where that is not fitted to the model. */
  get rescoring(): RescoringChoice | undefined {
    return this.facts.family.id === FITTED_FAMILY && this.choice !== 'alone'
      ? { coefficients: CHOICE_COEFFICIENTS[this.choice] }
      : undefined;
  }

  /**
   * Fewest tokens that a hole gets, by what stood in it. Who selects code wants code: only an insertion may come to nothing;
   * and of several lines the starter is too fond of an early end.
   */
  leastTokens(cells: readonly Cell[]): number {
    if (cells.length === 0) return 0;
    const { family, tokenizer } = this.facts;
    const isLong = family.id === FITTED_FAMILY && standingText(cells, tokenizer).trim().includes('\n');
    return isLong ? Math.ceil(cells.length * LEAST_OF_LINES) : 1;
  }

  /** Whether a candidate is more than a guess at what to do where there is nothing to copy. */
  isAnswer(lane: readonly HoleAnswer[]): boolean {
    if (this.choice !== 'alone') return true;
    return lane.every(({ logProbs }) => logProbs.every((logProb) => logProb > LEAST_LOG_PROB));
  }

  private agreement(texts: readonly string[]): CopyAgreement | undefined {
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

  /** What speaks for a candidate, in the order of CONFIDENCE_FEATURES; `texts` in text order. */
  evidence(lane: readonly HoleAnswer[], texts: readonly string[]): number[] {
    return confidenceFeatures(lane, this.agreement(texts));
  }

  /** Probability that a candidate is right, 0…1, from its `evidence`. */
  confidence(lane: readonly HoleAnswer[], evidence: readonly number[]): number {
    return this.facts.family.id === FITTED_FAMILY
      ? logistic(CONFIDENCE_COEFFICIENTS[this.choice], evidence)
      : plainConfidence(lane);
  }

  private copying(): Copying {
    const { specials, tokenizer } = this.facts;
    const alone = this.choice === 'alone';
    const weight = alone ? copyAlone : mixtureWeight(MIXTURE_COEFFICIENTS);
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
