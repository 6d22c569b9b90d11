// The Models view: what is installed and what could be, with the model in use marked.
import {
  type Event,
  EventEmitter,
  l10n,
  MarkdownString,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
} from 'vscode';
import { sizeText } from '../common/sizes';
import { markdownText } from '../ui/markdownText';
import type { Models } from './models';
import {
  CACHE_ID,
  type CacheRow,
  factsText,
  includedRows,
  isFirstChoice,
  type ModelRow,
  speedText,
} from './rows';

type Row = ModelRow | CacheRow;

export class ModelsTree implements TreeDataProvider<Row> {
  private readonly changed = new EventEmitter<void>();
  readonly onDidChangeTreeData: Event<void> = this.changed.event;
  private models: Models | undefined;
  private loading: Promise<Models> | undefined;
  private view: Pick<TreeView<Row>, 'message'> | undefined;

  /** `load` is called when the view is shown for the first time. */
  constructor(private readonly load: () => Promise<Models>) {}

  async getChildren(row?: Row): Promise<Row[]> {
    if (row !== undefined) return [];
    this.loading ??= this.listened();
    const models = await this.loading;
    const { rows, cache } = (await models.listed()) ?? { rows: [] };
    this.advise(rows);
    return [...models.ownRows(rows), ...includedRows(), ...rows, ...(cache === undefined ? [] : [cache])];
  }

  getTreeItem(row: Row): TreeItem {
    if (row.id === CACHE_ID) return cacheItem(row as CacheRow);
    return this.modelItem(row as ModelRow);
  }

  private modelItem(row: ModelRow): TreeItem {
    const item = new TreeItem(row.title, TreeItemCollapsibleState.None);
    const percent = this.models?.percentOf(row.id);
    const isUsed = this.models?.isUsed(row) ?? false;
    item.id = row.id;
    item.description = percent === undefined ? stateText(row, isUsed) : `${percent}%`;
    item.iconPath = new ThemeIcon(iconOf(row, isUsed, percent !== undefined));
    item.contextValue = actionsOf(row, isUsed, percent !== undefined).join(' ');
    item.tooltip = tooltipOf(row, this.models?.deviceLines(row) ?? []);
    return item;
  }

  /** Above the rows of this view stands where to begin, as long as there are only the included models. */
  shownIn(view: Pick<TreeView<Row>, 'message'>): void {
    this.view = view;
  }

  dispose(): void {
    this.changed.dispose();
  }

  private advise(rows: readonly ModelRow[]): void {
    if (this.view === undefined) return;
    const hasOnlyIncluded = rows.some(isFirstChoice) && rows.every(({ state }) => state !== 'installed');
    this.view.message = hasOnlyIncluded
      ? l10n.t('The included models are small. For real work, install a model with a star.')
      : '';
  }

  private async listened(): Promise<Models> {
    const models = await this.load();
    models.onChange(() => this.changed.fire());
    this.models = models;
    return models;
  }
}

function cacheItem({ id, bytes, place }: CacheRow): TreeItem {
  const item = new TreeItem(l10n.t('Cache'), TreeItemCollapsibleState.None);
  item.id = id;
  item.description = sizeText(bytes);
  item.iconPath = new ThemeIcon('database');
  item.contextValue = 'cache';
  const words = l10n.t('Quantized weights, made from those of your models so that they load quickly.');
  item.tooltip = [words, ...(place === undefined ? [] : [place])].join('\n\n');
  return item;
}

/** What there is to do with a row, as the menus of the manifest look for it. */
function actionsOf(
  { isIncluded, isOwn, state }: ModelRow,
  isUsed: boolean,
  isInstalling: boolean,
): readonly string[] {
  if (isInstalling) return ['pause'];
  return [
    ...(state === 'available' || state === 'unfinished' ? ['install'] : []),
    ...(state === 'installed' && !isUsed ? ['choose'] : []),
    ...(state !== 'available' && !isIncluded && !isOwn ? ['remove'] : []),
  ];
}

function iconOf(row: ModelRow, isUsed: boolean, isInstalling: boolean): string {
  const { state, fits } = row;
  if (isInstalling) return 'loading~spin';
  if (isUsed) return 'check';
  if (state === 'installed') return 'circle-filled';
  if (state === 'damaged') return 'error';
  if (state === 'unfinished') return 'debug-pause';
  if (isFirstChoice(row)) return 'star-full';
  return fits === 'too-large' ? 'circle-slash' : 'circle-outline';
}

function stateText(row: ModelRow, isUsed: boolean): string {
  if (isUsed) return l10n.t('in use');
  if (row.isIncluded) return l10n.t('included');
  if (row.state === 'installed') return l10n.t('installed');
  if (row.state === 'damaged') return l10n.t('damaged: remove it and install it again');
  if (row.state === 'unfinished') return l10n.t('paused');
  return factsText(row);
}

function tooltipOf(row: ModelRow, deviceLines: readonly string[]): MarkdownString {
  const kind = row.isLeftToRight ? l10n.t('Autoregressive: writes from left to right.') : '';
  const facts = [factsText(row), speedText(row), row.restriction];
  const lines = [row.title, row.goodFor, kind, ...facts, row.place, ...deviceLines];
  return new MarkdownString(
    lines
      .map((line) => markdownText(line ?? ''))
      .filter(Boolean)
      .join('\n\n'),
  );
}
