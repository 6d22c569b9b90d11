// The menu behind the status bar item: what people come for first, the engine last.
import { commands, l10n, type TextDocument, window } from 'vscode';
import { languageName } from '../documents/languageName';
import type { EngineState } from '../engine/supervisor';
import { ghostSettings } from '../settings';

export interface MenuActions {
  readonly state: EngineState;
  readonly ghostText: {
    readonly isSnoozed: boolean;
    readonly resume: () => void;
    readonly snoozeFor: () => Promise<void>;
    readonly toggle: (document: TextDocument) => Promise<void>;
  };
  readonly stop: () => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly showLog: () => void;
}

interface MenuItem {
  readonly label: string;
  readonly run: () => unknown;
}

export async function showMenu(actions: MenuActions): Promise<void> {
  const { state } = actions;
  const items = [
    ...rewriteItems(),
    ...ghostItems(actions),
    {
      label: `$(symbol-misc) ${l10n.t('Choose Model…')}`,
      run: () => commands.executeCommand('palimpsest.chooseModel'),
    },
    {
      label: `$(gear) ${l10n.t('Settings')}`,
      run: () => commands.executeCommand('workbench.action.openSettings', '@ext:palimpsest.palimpsest'),
    },
    { label: `$(output) ${l10n.t('Show Log')}`, run: actions.showLog },
    ...engineItems(actions),
  ];
  const title = state.kind === 'failed' ? state.error.message : 'Palimpsest';
  await (await window.showQuickPick(items, { title }))?.run();
}

/** Without an editor there is nothing to rewrite. */
function rewriteItems(): readonly MenuItem[] {
  if (window.activeTextEditor === undefined) return [];
  return [
    {
      label: `$(sparkle) ${l10n.t('Rewrite Selection')}`,
      run: () => commands.executeCommand('palimpsest.rewriteSelection'),
    },
  ];
}

function engineItems({ state: { kind }, restart, stop }: MenuActions): readonly MenuItem[] {
  return [
    ...(kind === 'ready' || kind === 'failed'
      ? [{ label: `$(refresh) ${l10n.t('Restart Engine')}`, run: restart }]
      : []),
    ...(kind === 'stopped' || kind === 'failed'
      ? []
      : [{ label: `$(debug-stop) ${l10n.t('Stop Engine')}`, run: stop }]),
  ];
}

function ghostItems({ ghostText }: MenuActions): readonly MenuItem[] {
  const snooze = ghostText.isSnoozed
    ? { label: `$(bell) ${l10n.t('Resume Ghost Text')}`, run: () => ghostText.resume() }
    : { label: `$(bell-slash) ${l10n.t('Snooze Ghost Text…')}`, run: () => ghostText.snoozeFor() };
  const document = window.activeTextEditor?.document;
  if (document === undefined) return [snooze];
  // For the language that a person looks at.
  const label = ghostSettings(document).enabled
    ? l10n.t('Turn Off Ghost Text for {0}', languageName(document.languageId))
    : l10n.t('Turn On Ghost Text for {0}', languageName(document.languageId));
  return [snooze, { label: `$(code) ${label}`, run: () => ghostText.toggle(document) }];
}
