// What a person is asked about models: which one, whether it may be downloaded, whether it may go.
import path from 'node:path';
import { env, l10n, QuickPickItemKind, Uri, window } from 'vscode';
import { sizeText } from '../common/sizes';
import { type CacheRow, factsText, includedRows, type ModelRow, speedText } from './rows';

export type Choice =
  | { readonly kind: 'row'; readonly row: ModelRow }
  /** A folder or file of their own. */
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'server' };

/**
 * What is to answer: an included model, an installed one, one to install, or something else. `own`: a folder or file that is in use and
 * none of `rows`. Undefined: nothing was chosen.
 */
export async function askWhich(
  rows: readonly ModelRow[],
  isUsed: (row: ModelRow) => boolean,
  own: string | undefined,
): Promise<Choice | undefined> {
  const here = [...includedRows(), ...rows.filter(({ state }) => state === 'installed')];
  const others = rows.filter(
    ({ state, fits }) => state !== 'installed' && state !== 'damaged' && fits !== 'too-large',
  );
  const items = [
    ...(own === undefined
      ? []
      : [{ label: path.basename(own), description: l10n.t('in use'), detail: own, own }]),
    ...here.map((row) => ({ ...itemOf(row), description: isUsed(row) ? l10n.t('in use') : '' })),
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
  if ('server' in chosen) return { kind: 'server' };
  if ('row' in chosen) return { kind: 'row', row: chosen.row };
  const place = 'own' in chosen ? chosen.own : await browse();
  return place === undefined ? undefined : { kind: 'path', path: place };
}

/** One of `rows`; says `none` where there are none. */
export async function pick(
  rows: readonly ModelRow[],
  title: string,
  none: string,
): Promise<ModelRow | undefined> {
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

/** Says size, memory, speed and license before anything is downloaded. */
export async function askToInstall(row: ModelRow): Promise<boolean> {
  const install =
    row.fits === 'too-large'
      ? l10n.t('Accept License and Install Anyway')
      : l10n.t('Accept License and Install');
  const read = l10n.t('Read License');
  const license = [row.license ?? '', ...(row.restriction === undefined ? [] : [row.restriction])].join(', ');
  const speed = speedText(row);
  // Speed and license have lines of their own.
  const { speed: _speed, license: _license, ...rest } = row;
  const detail = [
    factsText(rest),
    ...(speed === undefined ? [] : [speed]),
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

/** Says what is lost: time, and nothing else. */
export async function askToClear({ bytes }: CacheRow): Promise<boolean> {
  const clear = l10n.t('Clear Cache');
  const detail = l10n.t(
    'They were made from the weights of your models, and are made again when a model is loaded.',
  );
  const question = l10n.t('Delete {0} of quantized weights?', sizeText(bytes));
  return (await window.showWarningMessage(question, { modal: true, detail }, clear)) === clear;
}

/** Says what goes and what stays. */
export async function askToRemove(row: ModelRow): Promise<boolean> {
  const remove = l10n.t('Remove');
  const detail = l10n.t(
    'Downloaded files and quantized weights are deleted. Folders and files of your own stay.',
  );
  return (
    (await window.showWarningMessage(l10n.t('Remove {0}?', row.title), { modal: true, detail }, remove)) ===
    remove
  );
}
