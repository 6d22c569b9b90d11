// What reviews ask of the editor's suggestions. By the time the editor asks for them a review may be over: nobody has pressed a key for
// anything else, then.
import type { InlineSuggestions } from '../../ui/inlineSuggestions';
import { Told } from './told';

export class ReviewSuggestions {
  private readonly told = new Told();

  constructor(private readonly suggestions: Pick<InlineSuggestions, 'show' | 'showAnew' | 'hide'>) {}

  /** To be asked whenever the editor asks as it does by key: whether that is for a review's sake, so far as that can be known. */
  isAsking(): boolean {
    return this.told.isAsking();
  }

  showAnew(): Promise<void> {
    return this.telling(() => this.suggestions.showAnew());
  }

  show(): Promise<void> {
    return this.telling(() => this.suggestions.show());
  }

  /** Asks one provider alone. */
  showOf(providerId: string): Promise<void> {
    return this.telling(() => this.suggestions.show({ providerId }));
  }

  hide(): Promise<void> {
    return this.suggestions.hide();
  }

  private async telling<T>(tell: () => PromiseLike<T>): Promise<T> {
    const done = this.told.begin();
    try {
      return await tell();
    } finally {
      done();
    }
  }
}
