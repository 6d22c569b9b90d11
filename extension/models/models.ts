// Installing, choosing and removing models from the editor: questions and progress here, the work in the command's process.
import {
  ConfigurationTarget,
  commands,
  type Event,
  EventEmitter,
  env,
  l10n,
  ProgressLocation,
  QuickPickItemKind,
  type SecretStorage,
  Uri,
  window,
  workspace,
} from 'vscode';
import { type EngineError, toEngineError } from '../../engine/errors';
import type { ModelDescription } from '../../engine/protocol';
import { setContext } from '../common/contextKeys';
import { deviceLines } from '../common/devices';
import { sizeText } from '../common/sizes';
import { setServer } from '../servers/servers';
import { hasServer } from '../settings';
import { runCommand, runModels } from './modelsCommand';
import { type CacheRow, cacheOf, factsText, type ModelRow, rowsOf, starterRow } from './rows';

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

interface Listed {
  readonly rows: readonly ModelRow[];
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

  /** What can be installed and what is, as the command lists it; empty where it fails, which is said. */
  async rows(): Promise<readonly ModelRow[]> {
    return (await this.listed()).rows;
  }

  /** What was made from the weights of models; undefined: nothing. */
  async cache(): Promise<CacheRow | undefined> {
    return (await this.listed()).cache;
  }

  /** Deletes it. A model that runs goes on; the next load makes its own again. */
  async freeCache(isSure = false): Promise<void> {
    this.refresh();
    const cache = await this.cache();
    if (cache === undefined) void window.showInformationMessage(l10n.t('The cache is empty.'));
    else if (isSure || (await askToFree(cache))) {
      try {
        const answer = await runCommand(['cache', 'free'], this.options);
        this.options.info(`Freed the cache: ${JSON.stringify(answer)}`);
      } catch (error) {
        this.options.fail(toEngineError(error));
      }
      this.refresh();
    }
  }

  private async listed(): Promise<Listed> {
    this.known ??= this.list();
    try {
      return await this.known;
    } catch (error) {
      this.known = undefined;
      this.options.fail(toEngineError(error));
      return { rows: [] };
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

  /** Where the model in use runs and why, while it does: a line each. */
  deviceLines(row: ModelRow): readonly string[] {
    const running = this.options.running();
    return running !== undefined && this.isUsed(row) ? deviceLines(running) : [];
  }

  /** Installs the model, or one that is asked for, and offers to use it. */
  async install(id?: string): Promise<void> {
    const rows = await this.rows();
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

  /** The starter model, an installed one, one that is installed first, or a folder or file. */
  async choose(id?: string): Promise<void> {
    const rows = [starterRow(), ...(id === undefined ? [] : await this.rows())];
    const row = id === undefined ? undefined : rows.find((each) => each.id === id);
    const chosen = row ?? (await this.askWhich());
    if (typeof chosen === 'string') await useModel(chosen);
    else if (chosen !== undefined && (await this.obtain(chosen))) await useModel(chosen.id);
  }

  /** Removes the model, or one that is asked for. A model in use is given up first. */
  async remove(id?: string, isSure = false): Promise<void> {
    const rows = (await this.rows()).filter(({ state }) => state !== 'available');
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

  /** Asks for the token of the hub; an empty one forgets it. */
  async setToken(): Promise<void> {
    const token = await window.showInputBox({
      title: l10n.t('Hugging Face token'),
      prompt: l10n.t('A token with read access, for gated models. Leave it empty to delete the stored one.'),
      password: true,
      ignoreFocusOut: true,
    });
    if (token === undefined) return;
    try {
      if (token.trim() === '') await this.options.secrets.delete(TOKEN);
      else await this.options.secrets.store(TOKEN, token.trim());
    } catch (error) {
      this.options.fail(toEngineError(error));
    }
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
          await runModels(words, {
            ...this.options,
            signal: controller.signal,
            onProgress: ({ phase, done, total }) => show(phase, done, total),
          });
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

  private tell(error: EngineError, row: ModelRow): void {
    if (error.code === 'cancelled') {
      this.options.info(error.message);
      void this.offerToContinue(row);
    } else if (error.code === 'hub-refused') void this.offerToken(error);
    else this.options.fail(error);
  }

  private async offerToContinue(row: ModelRow): Promise<void> {
    const go = l10n.t('Continue');
    const words = l10n.t('The install of {0} is paused. What was downloaded is kept.', row.title);
    // What somebody wanted with it is long over by then.
    if ((await window.showInformationMessage(words, go)) === go && (await this.start(row)))
      void this.offer(row);
  }

  private async offerToken(error: EngineError): Promise<void> {
    const set = l10n.t('Set Token');
    if ((await window.showErrorMessage(error.message, set)) === set) await this.setToken();
  }

  private async offer(row: ModelRow): Promise<void> {
    if (this.isUsed(row)) return;
    const use = l10n.t('Use It');
    if ((await window.showInformationMessage(l10n.t('{0} is installed.', row.title), use)) === use)
      await useModel(row.id);
  }

  /** A model of the list, or the path of one; undefined: none. */
  private async askWhich(): Promise<ModelRow | string | undefined> {
    const rows = await this.rows();
    const here = [starterRow(), ...rows.filter(({ state }) => state === 'installed')];
    const others = rows.filter(
      ({ state, fits }) => state !== 'installed' && state !== 'damaged' && fits !== 'too-large',
    );
    const items = [
      ...here.map((row) => ({ ...itemOf(row), description: this.isUsed(row) ? l10n.t('in use') : '' })),
      { label: l10n.t('Install'), kind: QuickPickItemKind.Separator },
      ...others.map(itemOf),
      { label: l10n.t('Other'), kind: QuickPickItemKind.Separator },
      { label: `$(folder) ${l10n.t('Folder or .gguf File…')}`, browse: true },
      { label: `$(cloud-upload) ${l10n.t('Server…')}`, server: true },
    ];
    const chosen = await window.showQuickPick<(typeof items)[number]>(items, {
      title: l10n.t('Choose a model'),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (chosen === undefined) return undefined;
    if ('server' in chosen) {
      await commands.executeCommand('palimpsest.useServer');
      return undefined;
    }
    return 'row' in chosen ? chosen.row : browse();
  }
}

export function hubToken(secrets: SecretStorage): Promise<string | undefined> {
  // Without a keyring, some systems have no secrets.
  return Promise.resolve(secrets.get(TOKEN)).catch(() => undefined);
}

function isChosen({ id, place }: ModelRow): boolean {
  const chosen = chosenModel();
  return chosen === id || (chosen !== '' && chosen === place);
}

function chosenModel(): string {
  return workspace.getConfiguration('palimpsest').get('model.path', '').trim();
}

/** It answers from now on, and no server does. */
async function useModel(model: string): Promise<void> {
  await setModel(model);
  await setServer(undefined);
}

async function setModel(model: string): Promise<void> {
  await workspace.getConfiguration('palimpsest').update('model.path', model, ConfigurationTarget.Global);
}

async function pick(rows: readonly ModelRow[], title: string, none: string): Promise<ModelRow | undefined> {
  if (rows.length === 0) {
    void window.showInformationMessage(none);
    return undefined;
  }
  const options = { title, matchOnDescription: true, matchOnDetail: true };
  return (await window.showQuickPick(rows.map(itemOf), options))?.row;
}

function itemOf(row: ModelRow) {
  return { label: row.title, description: factsText(row), detail: row.goodFor ?? row.place ?? '', row };
}

async function browse(): Promise<string | undefined> {
  const [uri] =
    (await window.showOpenDialog({
      title: l10n.t('Choose a model'),
      openLabel: l10n.t('Use This Model'),
      canSelectFiles: true,
      canSelectFolders: true,
      filters: { GGUF: ['gguf'] },
    })) ?? [];
  return uri?.fsPath;
}

/** Says size, memory and license before anything is downloaded. */
async function askToInstall(row: ModelRow): Promise<boolean> {
  const install =
    row.fits === 'too-large'
      ? l10n.t('Accept License and Install Anyway')
      : l10n.t('Accept License and Install');
  const read = l10n.t('Read License');
  const license = [row.license ?? '', ...(row.restriction === undefined ? [] : [row.restriction])].join(', ');
  const detail = [
    factsText(row),
    l10n.t('License: {0}', license),
    l10n.t(
      'The files are downloaded from Hugging Face or the mirror in your settings. None of your code is sent.',
    ),
  ].join('\n');
  for (;;) {
    const question = l10n.t('Install {0}?', row.title);
    const answer = await window.showInformationMessage(question, { modal: true, detail }, install, read);
    if (answer === read && row.licenseUrl !== undefined) await env.openExternal(Uri.parse(row.licenseUrl));
    else return answer === install;
  }
}

async function askToFree({ bytes }: CacheRow): Promise<boolean> {
  const free = l10n.t('Delete');
  const detail = l10n.t(
    'They were made from the weights of your models, and are made again when a model is loaded.',
  );
  const question = l10n.t('Delete {0} of quantized weights?', sizeText(bytes));
  return (await window.showWarningMessage(question, { modal: true, detail }, free)) === free;
}

async function askToRemove(row: ModelRow): Promise<boolean> {
  const remove = l10n.t('Remove');
  const detail = l10n.t(
    'Downloaded files and quantized weights are deleted. Folders and files of your own stay.',
  );
  return (
    (await window.showWarningMessage(l10n.t('Remove {0}?', row.title), { modal: true, detail }, remove)) ===
    remove
  );
}
