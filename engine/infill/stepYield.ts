// How many tokens a step of a model writes, learnt from its requests: the next one may be as lucky. Pure.

/** A shorter answer says nothing about it. */
const FEWEST = 8;
/** From so many tokens on, an answer says as much as all before it; a line says little about how sixty of them are written. */
const ENOUGH = 64;

export class StepYield {
  private known = 1;

  get tokensPerStep(): number {
    return this.known;
  }

  /** `isDraft`: the draft was taken, which fills what was left without a step. */
  learn({
    tokens,
    steps,
    isDraft,
  }: {
    readonly tokens: number;
    readonly steps: number;
    readonly isDraft: boolean;
  }): void {
    if (isDraft || steps === 0 || tokens < FEWEST) return;
    const weight = Math.min(1, tokens / ENOUGH) / 2;
    this.known += (Math.max(1, tokens / steps) - this.known) * weight;
  }
}
