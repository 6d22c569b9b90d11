// The denoise of one document while it runs: what the engine tells, step by step, becomes frames for every editor that
// shows the document, at most fifteen a second, and a line in the status bar.
import { l10n, type TextDocument } from 'vscode';
import type { DenoiseStepEvent } from '../../engine/protocol';
import { Pacer } from '../pacer';
import { rewriteSettings, wrapsLines } from '../settings';
import type { DenoiseView, SpanPicture } from './denoiseView';
import { editorsOf } from './editing';
import type { Place } from './machine';

const FRAME_MILLIS = 1000 / 15;

export interface DenoiseStage {
  readonly denoiseView: DenoiseView;
  /** What is going on, for the status bar; undefined: nothing. */
  readonly activity: (text: string | undefined) => void;
}

export class DenoiseShow {
  private readonly pictures = new Map<number, SpanPicture>();
  private readonly pacer = new Pacer<string>((status) => this.draw(status), FRAME_MILLIS);
  /** Frames drawn so far. */
  frames = 0;

  constructor(
    private readonly document: TextDocument,
    private readonly stage: DenoiseStage,
    /** Where the masks stand now; undefined when nothing is denoised. */
    private readonly places: () => readonly Place[] | undefined,
  ) {}

  begin(): void {
    this.pictures.clear();
    this.draw(l10n.t('waiting for the engine'));
  }

  stepped(event: DenoiseStepEvent): void {
    // Further candidates are denoised beside the first, out of sight.
    if (event.candidate !== 0) return;
    this.pictures.set(event.span, { cells: event.cells, fresh: new Set(event.committed) });
    const cells = [...this.pictures.values()].flatMap((picture) => picture.cells);
    const settled = cells.filter(({ state }) => state === 'committed' || state === 'locked').length;
    this.pacer.offer(l10n.t('step {0}, {1} of {2} tokens', event.step + 1, settled, cells.length));
  }

  draw(status?: string): void {
    const places = this.places();
    if (places === undefined) return;
    if (status !== undefined) this.stage.activity(status);
    const still = !rewriteSettings(this.document).animated || wrapsLines(this.document);
    for (const editor of editorsOf(this.document)) {
      this.stage.denoiseView.show(editor, places, still ? undefined : this.pictures);
    }
    this.frames++;
  }

  end(): void {
    this.pacer.clear();
    this.pictures.clear();
    this.stage.activity(undefined);
    for (const editor of editorsOf(this.document)) this.stage.denoiseView.clear(editor);
  }
}
