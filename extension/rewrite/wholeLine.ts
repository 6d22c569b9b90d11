// What may come to stand in the place of a line: whether it is whole, and worth showing.
import { isWorthShowing } from '../../engine/candidates/quality/verdict';
import type { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { type asJudged, type Judgeable, judged } from './judge';
import { isWholeWith } from './repair/wholeness';
import type { Span } from './state/types';

/** The place of a line, and what may come to stand there. */
export class WholeLine {
  constructor(
    private readonly syntax: Pick<SyntaxTrees, 'ask'>,
    private readonly sent: ReturnType<typeof asJudged>,
    private readonly span: Span,
  ) {}

  /** Whether nothing is wrong in the line with this text in it. */
  isWholeWith(fresh: string): Promise<boolean> {
    return isWholeWith(this.syntax, this.sent, this.span, fresh);
  }

  /** Those that are whole, and not poor. */
  async worthShowing(candidates: readonly Judgeable[]): Promise<readonly Judgeable[]> {
    if (candidates.length === 0) return [];
    const { sent, span } = this;
    const seen = await judged(this.syntax, sent, [span], candidates);
    const whole: Judgeable[] = [];
    for (const candidate of candidates) {
      const [fresh = span.old] = candidate.texts;
      const quality = seen.find(({ texts }) => texts[0] === fresh)?.quality;
      if (quality !== undefined && isWorthShowing({ quality }) && (await this.isWholeWith(fresh)))
        whole.push(candidate);
    }
    return whole;
  }
}
