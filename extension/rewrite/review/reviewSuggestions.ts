// What reviews ask of the editor's suggestions. By the time the editor asks for them a review may be over: nobody has pressed a key for
// anything else, then.
import { commands } from 'vscode';
import type { InlineSuggestions } from '../../ui/inlineSuggestions';

/** Milliseconds in which the editor asks, once it was told to. */
const PROMPT = 1000;

export class ReviewSuggestions {
  /** When the editor was told to ask, as long as it is at it. */
  private toldAt: number | undefined;

  constructor(private readonly suggestions: Pick<InlineSuggestions, 'show' | 'showAnew' | 'hide'>) {}

  /** Whether what the editor asks for now is for a review's sake, so far as that can be told. */
  get isAsking(): boolean {
    return this.toldAt !== undefined && performance.now() - this.toldAt < PROMPT;
  }

  showAnew(): Promise<void> {
    return this.telling(() => this.suggestions.showAnew());
  }

  show(): Promise<void> {
    return this.telling(() => this.suggestions.show());
  }

  /** Asks one provider alone. */
  async showOf(providerId: string): Promise<void> {
    const asked = { providerId };
    await this.telling(() => commands.executeCommand('editor.action.inlineSuggest.trigger', asked));
  }

  hide(): Promise<void> {
    return this.suggestions.hide();
  }

  private async telling<T>(tell: () => PromiseLike<T>): Promise<T> {
    const at = performance.now();
    this.toldAt = at;
    try {
      return await tell();
    } finally {
      if (this.toldAt === at) this.toldAt = undefined;
    }
  }
}
