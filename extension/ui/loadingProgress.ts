// Loading that takes longer, and that a person waits for: how far it is, and a way to give it up. What loads for ghost
// text alone is shown by the status bar only.
import { l10n, type Progress, ProgressLocation, window } from 'vscode';
import type { LoadProgress } from '../../engine/protocol';
import { Disposables } from '../common/disposables';
import type { EngineState, EngineSupervisor } from '../engine/supervisor';
import { noticeDelay, Percent } from './loadShare';

/** Milliseconds for which a notification stays once it is shown. */
const LEAST_SHOWN = 800;

type Report = Progress<{ message?: string; increment?: number }>;

export class LoadingNotice {
  private readonly owned = new Disposables();
  private timer: NodeJS.Timeout | undefined;
  private begunAt = 0;
  /** A notification that VS Code has been asked for, and has not opened yet. */
  private isOpening = false;
  private shown:
    | { readonly report: Report; readonly close: () => void; readonly percent: Percent }
    | undefined;

  constructor(private readonly engine: EngineSupervisor) {
    this.owned.add(engine.onState((state) => this.changed(state)));
  }

  dispose(): void {
    this.owned.dispose();
    this.close();
  }

  private changed(state: EngineState): void {
    if (!isBusy(state) || !this.engine.isAwaited) {
      this.close();
    } else if (this.shown !== undefined) {
      if (state.kind === 'loading' && state.progress !== undefined) this.report(state.progress);
    } else if (this.timer === undefined && !this.isOpening) {
      this.begunAt = performance.now();
      this.later();
    }
  }

  /** Shows it when it is time. */
  private later(): void {
    const { state } = this.engine;
    const stage = state.kind === 'loading' ? state.progress?.stage : undefined;
    const delay = noticeDelay(performance.now() - this.begunAt, stage);
    if (delay > 0) this.timer = setTimeout(() => this.later(), delay);
    else this.open();
  }

  private open(): void {
    const options = {
      location: ProgressLocation.Notification,
      title: l10n.t('Palimpsest: loading the model'),
      cancellable: true,
    };
    this.isOpening = true;
    void window.withProgress(options, (report, token) => {
      this.isOpening = false;
      const listening = token.onCancellationRequested(() => void this.engine.stop());
      const openedAt = performance.now();
      return new Promise<void>((resolve) => {
        const close = () => {
          listening.dispose();
          setTimeout(resolve, Math.max(0, openedAt + LEAST_SHOWN - performance.now()));
        };
        this.shown = { report, close, percent: new Percent() };
        this.changed(this.engine.state);
      });
    });
  }

  private report(progress: LoadProgress): void {
    const { shown } = this;
    if (shown === undefined) return;
    const before = shown.percent.reached;
    const increment = shown.percent.of(progress) - before;
    shown.report.report({ message: wordsOf(progress), increment });
  }

  private close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.shown?.close();
    this.shown = undefined;
  }
}

function isBusy({ kind }: EngineState): boolean {
  return kind === 'starting' || kind === 'loading' || kind === 'restarting';
}

function wordsOf({ stage, fraction }: LoadProgress): string {
  switch (stage) {
    case 'opening':
      return l10n.t('reading the checkpoint');
    case 'probing':
      if (fraction === undefined) return l10n.t('reading the checkpoint');
      return l10n.t('testing the execution providers of this machine');
    case 'quantising':
      return l10n.t('quantizing the weights (first time only)');
    case 'session':
      return l10n.t('creating the session');
  }
}
