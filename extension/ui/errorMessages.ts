// What a person is told when something fails: one message for one failure, with the button that helps. What runs in the
// background stays silent, until the engine has failed for good.
import { commands, type LogOutputChannel, l10n, window } from 'vscode';
import type { EngineError, ErrorCode } from '../../engine/errors';
import { isCrash } from '../../engine/rpc/failures';
import type { EngineState, EngineSupervisor } from '../engine/supervisor';

/** Nobody is told: what was asked for is not wanted any more. */
const SILENT: readonly ErrorCode[] = ['cancelled', 'superseded'];
/** An engine that died is known as dead a moment later; whether it is started again, too. */
const SETTLING_MILLIS = 3000;

export interface FailureActions {
  readonly restart: () => Promise<void>;
  readonly showLog: () => void;
  /** To get back what was lost with the engine; undefined: nothing was. */
  readonly again: () => Button | undefined;
}

interface Button {
  readonly title: string;
  readonly run: () => unknown;
}

export class Failures {
  private readonly told = new WeakSet<EngineError>();

  constructor(
    private readonly engine: EngineSupervisor,
    private readonly log: LogOutputChannel,
    private readonly actions: FailureActions,
  ) {}

  /** Of something that a person asked for. */
  async tell(error: EngineError): Promise<void> {
    if (SILENT.includes(error.code)) return;
    if (error.code === 'unsupported') {
      // What the model cannot do is no failure.
      void window.showInformationMessage(wordsOfLack());
      return;
    }
    this.log.error(`${error.code}: ${error.message}`);
    // Whatever failed comes to its own end first.
    await Promise.resolve();
    if (isCrash(error) && this.engine.state.kind === 'ready') await this.settled();
    const { state } = this.engine;
    // Then the stop is what has to be told, and it was.
    if (state.kind === 'failed' && state.error === error) this.failed(state);
    else if (isCrash(error)) this.show(error, wordsOfCrash(error), this.lost());
    else if (error.code === 'model-changed') this.show(error, error.message, [this.restart()]);
    else this.show(error, error.message, remediesOf(error));
  }

  /** Nothing happens any more until the person does something. */
  failed({ error }: EngineState & { readonly kind: 'failed' }): void {
    const words = isCrash(error)
      ? l10n.t('The Palimpsest engine failed several times and will not be restarted. {0}', error.message)
      : error.message;
    // To start it again would only be refused again.
    const restart = error.code === 'server-not-allowed' ? [] : [this.restart()];
    this.show(error, words, [...this.lost(), ...remediesOf(error), ...restart]);
  }

  private restart(): Button {
    return { title: l10n.t('Restart Engine'), run: this.actions.restart };
  }

  private lost(): readonly Button[] {
    const again = this.actions.again();
    return again === undefined ? [] : [again];
  }

  private show(error: EngineError, words: string, buttons: readonly Button[]): void {
    if (this.told.has(error)) return;
    this.told.add(error);
    const all = [...buttons, { title: l10n.t('Show Log'), run: this.actions.showLog }];
    void window.showErrorMessage(words, ...all.map(({ title }) => title)).then((chosen) => {
      void all.find(({ title }) => title === chosen)?.run();
    });
  }

  private settled(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        listening.dispose();
        resolve();
      };
      const timer = setTimeout(done, SETTLING_MILLIS);
      const listening = this.engine.onState(done);
    });
  }
}

function wordsOfCrash(error: EngineError): string {
  if (error.data['outOfMemory'] === true) {
    return l10n.t(
      'The Palimpsest engine ran out of memory and restarts by itself. Your file was not changed. Close other programs, or choose a smaller model.',
    );
  }
  const what = {
    'engine-exited': l10n.t('The Palimpsest engine terminated unexpectedly'),
    'engine-unresponsive': l10n.t('The Palimpsest engine stopped responding'),
    'protocol-violation': l10n.t('The Palimpsest engine sent an invalid message'),
  };
  const [name] = Object.keys(what).filter((code) => code === error.code);
  const words = what[(name ?? 'engine-exited') as keyof typeof what];
  return l10n.t('{0} and restarts by itself. Your file was not changed.', words);
}

/** What a person can do about it besides reading the log. */
function remediesOf(error: EngineError): readonly Button[] {
  const command = (title: string, name: string, ...words: readonly string[]): Button => ({
    title,
    run: () => commands.executeCommand(name, ...words),
  });
  if (error.code === 'server-not-allowed')
    return [
      command(l10n.t('Allow…'), 'palimpsest.allowServer'),
      command(l10n.t('Use a Local Model'), 'palimpsest.chooseModel'),
    ];
  const setting = settingOf(error);
  const settings =
    setting === undefined ? [] : [command(l10n.t('Open Settings'), 'workbench.action.openSettings', setting)];
  const isKey = error.code === 'server-refused' && error.data['status'] === 401;
  return isKey ? [command(l10n.t('Set Key…'), 'palimpsest.setServerKey'), ...settings] : settings;
}

function wordsOfLack(): string {
  return l10n.t(
    'This needs scores, which the server in use does not give. Choose a model on this machine, or a Palimpsest server.',
  );
}

/** The setting that the failure is about, where there is one. */
function settingOf({ code, data }: EngineError): string | undefined {
  if (code === 'engine-not-started' && 'node' in data) return 'palimpsest.node.path';
  if (code === 'provider-unavailable') return 'palimpsest.engine.provider';
  if (code.startsWith('server-') || data['setting'] === 'server') return 'palimpsest.model.server';
  const aboutModel =
    /^(checkpoint|tensor|family|tokenizer|token)-/.test(code) ||
    code === 'out-of-memory' ||
    code === 'model-unknown';
  return aboutModel ? 'palimpsest.model.path' : undefined;
}
