// Installing, choosing and removing models from the editor: progress and settings here, the questions in questions.ts, the work in
// the command's process.
import path from 'node:path';
import {
  ConfigurationTarget,
  commands,
  type Event,
  EventEmitter,
  l10n,
  ProgressLocation,
  type SecretStorage,
  window,
  workspace,
} from 'vscode';
import { EngineError, toEngineError } from '../../engine/errors';
import { INCLUDED } from '../../engine/hub/included';
import type { ModelDescription } from '../../engine/protocol';
import { setContext } from '../common/contextKeys';
import { deviceLines } from '../common/devices';
import { sizeText } from '../common/sizes';
import { setServer } from '../servers/servers';
import { chosenModel, hasServer } from '../settings';
import { say } from '../ui/statusMessage';
import { runCommand, runModels, unpreparedOf } from './modelsCommand';
import { askToClear, askToInstall, askToRemove, askWhich, pick } from './questions';
import { type CacheRow, cacheOf, includedRows, type ModelRow, rowsOf } from './rows';

const TOKEN = 'hubToken';
/** Settings that say which model answers. */
const USED = ['palimpsest.model.path', 'palimpsest.model.server'];

export interface ModelsOptions {
  readonly command: Parameters<typeof runModels>[1]['command'];
  readonly secrets: SecretStorage;
  readonly stopEngine: () => Promise<void>;
  /** The model that runs now, if one does. */
  readonly running: () => ModelDescription | undefined;
  readonly fail: (error: EngineError) => void;
  readonly info: (message: string) => void;
}

export interface Listed {
  readonly rows: readonly ModelRow[];
  /** What was made from the weights of models; absent: nothing. */
  readonly cache?: CacheRow;
}

interface Install {
  readonly controller: AbortController;
  readonly done: Promise<boolean>;
  percent: number;
}

export class Models {
  private readonly changed = new EventEmitter<void>();
  readonly onChange: Event<void> = this.changed.event;
  private readonly installs = new Map<string, Install>();
  private known: Promise<Listed> | undefined;
  private readonly listening = workspace.onDidChangeConfiguration((change) => {
    if (USED.some((name) => change.affectsConfiguration(name))) this.changed.fire();
  });
  /** Whether a person agrees to the license and the size. Suites answer for them. */
  agree = (row: ModelRow): Promise<boolean> => askToInstall(row);

  constructor(private readonly options: ModelsOptions) {}

  /** What can be installed and what is, as the command lists it; undefined where it fails, which is said. */
  async listed(): Promise<Listed | undefined> {
    this.known ??= this.list();
    try {
      return await this.known;
    } catch (error) {
      this.known = undefined;
      this.options.fail(toEngineError(error));
      return undefined;
    }
  }

  /** Deletes it. A model that runs goes on; the next load makes its own again. */
  async clearCache(isSure = false): Promise<void> {
    this.refresh();
    const listed = await this.listed();
    if (listed === undefined) return;
    const { cache } = listed;
    if (cache === undefined) void window.showInformationMessage(l10n.t('The cache is empty.'));
    else if (isSure || (await askToClear(cache))) {
      try {
        const answer = await runCommand(['cache', 'clear'], this.options);
        this.options.info(`Cleared the cache: ${JSON.stringify(answer)}`);
      } catch (error) {
        this.options.fail(toEngineError(error));
      }
      this.refresh();
    }
  }

  refresh(): void {
    this.known = undefined;
    this.changed.fire();
  }

  /** A model runs now, or none does: what is said of the one in use is not the same. */
  engineChanged(): void {
    this.changed.fire();
  }

  /** Share of an install that runs, in percent. */
  percentOf(id: string): number | undefined {
    return this.installs.get(id)?.percent;
  }

  /** None is while a server answers. */
  isUsed(row: ModelRow): boolean {
    return isChosen(row) && !hasServer();
  }

  /** The folder or file that is in use and none of `rows`, nor included. */
  ownModel(rows: readonly ModelRow[]): string | undefined {
    const chosen = chosenModel();
    return hasServer() || chosen === '' || [...includedRows(), ...rows].some(isChosen) ? undefined : chosen;
  }

  /** The same as a row; none where there is none. */
  ownRows(rows: readonly ModelRow[]): readonly ModelRow[] {
    const place = this.ownModel(rows);
    if (place === undefined) return [];
    const facts = { isOwn: true, fits: 'fits', takesInstructions: false, isLeftToRight: false } as const;
    return [{ id: place, title: path.basename(place), place, state: 'installed', ...facts }];
  }

  /** Where the model in use runs and why, while it does: a line each. */
  deviceLines(row: ModelRow): readonly string[] {
    const running = this.options.running();
    return running !== undefined && this.isUsed(row) ? deviceLines(running) : [];
  }

  /** Installs the model, or one that is asked for, and offers to use it. */
  async install(id?: string): Promise<void> {
    const listed = await this.listed();
    if (listed === undefined) return;
    const { rows } = listed;
    const open = rows.filter(({ state }) => state === 'available' || state === 'unfinished');
    const row =
      id === undefined
        ? await pick(open, l10n.t('Install a model'), l10n.t('All models are installed.'))
        : rows.find((each) => each.id === id);
    if (row === undefined || this.installs.has(row.id)) return;
    if (await this.obtain(row)) void this.offer(row);
  }

  pause(id?: string): void {
    for (const [name, { controller }] of this.installs)
      if (id === undefined || id === name) controller.abort();
  }

  /** An included model, an installed one, one that is installed first, or a folder or file. */
  async choose(id?: string): Promise<void> {
    const known = includedRows().find((each) => each.id === id);
    const rows = known ? [] : (await this.listed())?.rows;
    const row = known ?? (id === undefined ? undefined : rows?.find((each) => each.id === id));
    // Without a list there is still what needs none.
    const chosen =
      row === undefined
        ? await askWhich(rows ?? [], (each) => this.isUsed(each), this.ownModel(rows ?? []))
        : ({ kind: 'row', row } as const);
    if (chosen?.kind === 'server') await commands.executeCommand('palimpsest.useServer');
    else if (chosen?.kind === 'path') await useModel(chosen.path, path.basename(chosen.path));
    else if (chosen !== undefined && (await this.obtain(chosen.row)))
      await useModel(chosen.row.id, chosen.row.title);
  }

  /** Removes the model, or one that is asked for. A model in use is given up first. */
  async remove(id?: string, isSure = false): Promise<void> {
    const listed = await this.listed();
    if (listed === undefined) return;
    const rows = listed.rows.filter(({ state }) => state !== 'available');
    const row =
      id === undefined
        ? await pick(rows, l10n.t('Remove a model'), l10n.t('No model is installed.'))
        : rows.find((each) => each.id === id);
    if (row === undefined || !(isSure || (await askToRemove(row)))) return;
    const running = this.installs.get(row.id);
    running?.controller.abort();
    await running?.done;
    if (isChosen(row)) {
      await setModel('');
      await this.options.stopEngine();
    }
    try {
      const answer = await runModels(['remove', row.id], this.options);
      this.options.info(`Removed ${row.id}: ${JSON.stringify(answer)}`);
    } catch (error) {
      this.options.fail(toEngineError(error));
    }
    this.refresh();
  }

  /** Asks for the token of the hub; an empty one forgets it. Whether there is a new one. */
  async setToken(): Promise<boolean> {
    const input = await window.showInputBox({
      title: l10n.t('Hugging Face token'),
      prompt: l10n.t('A token with read access, for gated models. Leave it empty to delete the stored one.'),
      password: true,
      ignoreFocusOut: true,
    });
    const token = input?.trim();
    if (token === undefined) return false;
    const { secrets } = this.options;
    try {
      await (token === '' ? secrets.delete(TOKEN) : secrets.store(TOKEN, token));
    } catch (error) {
      this.options.fail(toEngineError(error));
      return false;
    }
    return token !== '';
  }

  dispose(): void {
    this.pause();
    this.listening.dispose();
    this.changed.dispose();
  }

  private async list(): Promise<Listed> {
    const title = l10n.t('Palimpsest: listing models');
    const answer = await window.withProgress({ location: ProgressLocation.Window, title }, () =>
      runModels(['list'], this.options),
    );
    const cache = cacheOf(answer);
    return { rows: rowsOf(answer), ...(cache === undefined ? {} : { cache }) };
  }

  /** Installs the model with consent, unless it is installed. Whether it is there at the end. */
  private async obtain(row: ModelRow): Promise<boolean> {
    if (row.state === 'installed') return true;
    const running = this.installs.get(row.id);
    if (running) return running.done;
    return (await this.agree(row)) && (await this.start(row));
  }

  private start(row: ModelRow): Promise<boolean> {
    const controller = new AbortController();
    const install: Install = { controller, percent: 0, done: this.run(row, controller) };
    this.installs.set(row.id, install);
    setContext('palimpsest.installing', true);
    this.changed.fire();
    return install.done;
  }

  private async run(row: ModelRow, controller: AbortController): Promise<boolean> {
    const options = {
      location: ProgressLocation.Notification,
      title: l10n.t('Installing {0}', row.title),
      cancellable: true,
    };
    try {
      await window.withProgress(options, async (report, token) => {
        const listening = token.onCancellationRequested(() => controller.abort());
        let percent = 0;
        const show = (phase: string, done: number, total: number) => {
          const now = total > 0 ? Math.floor((100 * done) / total) : 0;
          const isBytes = phase === 'downloading' || phase === 'checking';
          const message = isBytes
            ? l10n.t('{0} of {1}', sizeText(done), sizeText(total))
            : l10n.t('preparing the weights');
          report.report({ message, increment: Math.max(0, now - percent) });
          if (isBytes && now > percent) {
            percent = now;
            const install = this.installs.get(row.id);
            if (install) install.percent = now;
            this.changed.fire();
          }
        };
        try {
          const words = [
            'install',
            row.id,
            '--accept-license',
            '--events',
            ...(row.fits === 'too-large' ? ['--force'] : []),
          ];
          const answer = await runModels(words, {
            ...this.options,
            signal: controller.signal,
            onProgress: ({ phase, done, total }) => show(phase, done, total),
          });
          const why = unpreparedOf(answer);
          if (why !== undefined)
            void window.showWarningMessage(
              l10n.t('{0} is installed, but its weights are not prepared. {1}', row.title, why),
            );
        } finally {
          listening.dispose();
        }
      });
      return true;
    } catch (error) {
      this.tell(toEngineError(error), row);
      return false;
    } finally {
      this.installs.delete(row.id);
      setContext('palimpsest.installing', this.installs.size > 0);
      this.refresh();
    }
  }

  private tell({ code, message, data }: EngineError, row: ModelRow): void {
    const { title } = row;
    const isPaused = code === 'cancelled';
    // Else somebody ended the process, or the system did for want of memory.
    if (isPaused || data['ended'] === true) {
      this.options.info(message);
      const words = isPaused
        ? l10n.t('The install of {0} is paused. What was downloaded is kept.', title)
        : l10n.t('The install of {0} was cut off. What was downloaded is kept.', title);
      void this.offerToContinue(row, words);
    } else {
      const words = l10n.t('{0} was not installed. {1}', title, message);
      if (data['needsToken'] === true) void this.offerToken(row, words);
      else this.options.fail(new EngineError(code, words, data));
    }
  }

  private async offerToContinue(row: ModelRow, words: string): Promise<void> {
    const go = l10n.t('Continue');
    // What somebody wanted with it is long over by then.
    if ((await window.showInformationMessage(words, go)) === go && (await this.start(row)))
      void this.offer(row);
  }

  private async offerToken(row: ModelRow, words: string): Promise<void> {
    const set = l10n.t('Set Token');
    if ((await window.showErrorMessage(words, set)) !== set || !(await this.setToken())) return;
    if (await this.start(row)) void this.offer(row);
  }

  private async offer(row: ModelRow): Promise<void> {
    if (this.isUsed(row)) return;
    const use = l10n.t('Use It');
    if ((await window.showInformationMessage(l10n.t('{0} is installed.', row.title), use)) === use)
      await useModel(row.id, row.title);
  }
}

export function hubToken(secrets: SecretStorage): Promise<string | undefined> {
  // Without a keyring, some systems have no secrets.
  return Promise.resolve(secrets.get(TOKEN)).catch(() => undefined);
}

function isChosen({ id, place }: ModelRow): boolean {
  const chosen = chosenModel() || INCLUDED[0]?.id;
  return chosen === id || chosen === place;
}

/** It answers from now on, and no server does. `title`: what it is called where a person is told. */
async function useModel(model: string, title: string): Promise<void> {
  await setModel(model);
  await setServer(undefined);
  say(l10n.t('{0} is used from now on.', title), 'check');
}

async function setModel(model: string): Promise<void> {
  await workspace.getConfiguration('palimpsest').update('model.path', model, ConfigurationTarget.Global);
}
