// The editor takes a suggestion away when it loses the focus, tells nobody, and does not bring it back: new lines under review
// would be nowhere, until a key asks for them. So it is asked for them now and then as long as they are to be seen. What is on
// the screen stays as it is by that.
import { version, window } from 'vscode';
import type { ReviewSuggestions } from './reviewSuggestions';

const MILLIS = 500;
/** From this release on one extension can be asked alone: without that, every other one would be, as often. */
const LEAST_RELEASE = [1, 139] as const;
const PROVIDER = 'palimpsest.palimpsest:*';

export const KEEPS_SHOWN = isSince(version, LEAST_RELEASE);

function isSince(text: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = text.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

export class KeptShown {
  private timer: NodeJS.Timeout | undefined;

  /** `isDue`: whether they are to be seen in the editor that is active. */
  constructor(
    private readonly suggestions: Pick<ReviewSuggestions, 'showOf'>,
    private readonly isDue: () => boolean,
  ) {}

  begin(): void {
    if (KEEPS_SHOWN) this.timer ??= setInterval(() => this.ask(), MILLIS);
  }

  end(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private ask(): void {
    // For a moment, as editors change places, no editor may be the active one: that is no reason to stop asking.
    if (this.isDue() && window.state.focused) void this.suggestions.showOf(PROVIDER);
  }
}
