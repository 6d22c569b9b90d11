// Ranks answers by how good they look in their place (engine/syntax/judge.ts).
import type { TextDocument } from 'vscode';
import { standsElsewhere } from '../../engine/candidates/quality/duplicate';
import { asDraft, asDuplicate, flawsOf, type Quality, ranked } from '../../engine/candidates/quality/verdict';
import type { Flaw } from '../../engine/protocol';
import { type JudgedText, qualitiesOf, regionOf } from '../../engine/syntax/judge';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { CELL_SCHEME } from '../documents/cellScheme';
import { applyEdits, inOrder } from '../text/edits';
import type { Candidate, Span } from './state/types';

/** As the engine gives it. */
export interface Judgeable extends Candidate {
  readonly flaws?: readonly Flaw[];
  /** `Quality.isUnfitted` */
  readonly isUnfitted?: true;
  /** `Quality.isLikelier` */
  readonly isLikelier?: true;
  /** `Quality.confidence` */
  readonly confidence?: number;
}

type JudgedDocument = Pick<JudgedText, 'text' | 'languageId' | 'isPart'>;

/** A document as it is now. */
export function asJudged(document: TextDocument): JudgedDocument {
  const { uri, languageId } = document;
  return { text: document.getText(), languageId, isPart: uri.scheme === CELL_SCHEME };
}

/** `text`: the whole document as it was when it was sent, with `places` in it. Best first. */
export async function judged(
  syntax: Pick<SyntaxTrees, 'ask'>,
  document: JudgedDocument,
  spans: readonly Span[],
  candidates: readonly Judgeable[],
): Promise<readonly Candidate[]> {
  const answers = candidates.map(({ texts, flaws = [] }) => ({
    whole: wholeWith(document.text, spans, texts),
    flaws,
  }));
  const qualities = await qualitiesOf(syntax, { ...document, region: regionOf(spans) }, answers);
  return ranked(
    candidates.map(({ texts, source, ...known }, i): Candidate => {
      const found = qualities[i];
      const seen = found && standsElsewhere(document.text, spans, texts) ? asDuplicate(found) : found;
      const quality = seen && { ...seen, ...modelsWord(known) };
      return { texts, ...(quality && { quality }), ...(source && { source }) };
    }),
  );
}

/**
 * How good they look in a document that has changed around `spans`; undefined: as good as before. `stood`: what stood in each span
 * before anything was accepted, which is what they are compared with.
 */
export async function judgedAgain(
  syntax: Pick<SyntaxTrees, 'ask'>,
  document: JudgedDocument,
  spans: readonly Span[],
  candidates: readonly Candidate[],
  stood: readonly string[] = spans.map(({ old }) => old),
): Promise<readonly Candidate[] | undefined> {
  const seen = candidates.map(({ texts, quality }) => ({
    whole: wholeWith(document.text, spans, texts),
    flaws: quality === undefined ? [] : flawsOf(quality),
  }));
  const text = wholeWith(document.text, spans, stood);
  const now = regionOf(spans);
  // What stood there is longer or shorter.
  const region = now && { ...now, end: now.end + text.length - document.text.length };
  const before = { ...document, text, region };
  const qualities = await qualitiesOf(syntax, before, seen);
  let isNew = false;
  const looked = candidates.map((candidate, i): Candidate => {
    const [known, now] = [candidate.quality, qualities[i]];
    if (known === undefined || now === undefined) return candidate;
    const seen = standsElsewhere(document.text, spans, candidate.texts) ? asDuplicate(now) : now;
    const judged = { ...seen, ...modelsWord(known) };
    const quality = known.isDraft ? asDraft(judged) : judged;
    if (isSameQuality(known, quality)) return candidate;
    isNew = true;
    return { ...candidate, quality };
  });
  return isNew ? looked : undefined;
}

type ModelsWord = Pick<Quality, 'isLikelier' | 'isUnfitted' | 'confidence'>;

/** What is known of the model, and of how sure it is: no look at the text changes that. */
function modelsWord({ isLikelier, isUnfitted, confidence }: ModelsWord): ModelsWord {
  if (isLikelier) return { isLikelier };
  // Of a model that nothing was fitted to a figure says nothing.
  if (isUnfitted) return { isUnfitted };
  return confidence === undefined ? {} : { confidence };
}

function wholeWith(text: string, spans: readonly Span[], texts: readonly string[]): string {
  const edits = spans.map(({ start, end, old }, i) => ({ start, end, text: texts[i] ?? old }));
  return applyEdits(text, inOrder(edits));
}

function isSameQuality(one: Quality, other: Quality): boolean {
  return one.mark === other.mark && one.reasons.join() === other.reasons.join();
}
