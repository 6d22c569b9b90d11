// What is under review is looked at again when the document has changed around it: what was broken there may have healed, and an
// answer that looked no worse than the rest is not what it was.
import type { TextDocument } from 'vscode';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { asJudged, judgedAgain } from './judge';
import type { Candidate, Review } from './state/types';

/** Without an edit for so long. */
const MILLIS = 300;

export class SecondLook {
  private timer: NodeJS.Timeout | undefined;

  /** `looked`: told only what has changed; `of`: the candidates that were looked at. */
  constructor(
    private readonly document: TextDocument,
    private readonly syntax: Pick<SyntaxTrees, 'ask'>,
    private readonly review: () => Review | undefined,
    private readonly looked: (of: readonly Candidate[], candidates: readonly Candidate[]) => void,
  ) {}

  soon(): void {
    this.end();
    this.timer = setTimeout(() => void this.look(), MILLIS);
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    const { document } = this;
    const review = this.review();
    if (review === undefined) return;
    const { spans, candidates, moments } = review;
    const stood = moments[0]?.spans.map(({ old }) => old);
    const seen = asJudged(document);
    const looked = await judgedAgain(this.syntax, seen, spans, candidates, stood);
    if (looked !== undefined && document.getText() === seen.text) this.looked(candidates, looked);
  }
}
