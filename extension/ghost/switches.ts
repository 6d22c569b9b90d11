// The ways to have less ghost text: off for a language, and quiet for a while.
import { ConfigurationTarget, commands, l10n, type TextDocument, window, workspace } from 'vscode';
import { setContext } from '../common/contextKeys';
import { languageName } from '../documents/languageName';
import { SECTION } from '../settings';
import { say } from '../ui/statusMessage';
import { Snooze } from './snooze';

const KEY = 'ghostText.enabled';

export class GhostSwitches {
  private readonly snooze: Snooze;
  /** A setting that is being written is not to be read yet. */
  private toggling: Promise<void> = Promise.resolve();

  /** `changed` is told until when there is quiet (milliseconds since the epoch), and its end. */
  constructor(changed: (until: number | undefined) => void) {
    this.snooze = new Snooze((until) => {
      setContext('palimpsest.snoozed', until !== undefined);
      if (until !== undefined) void commands.executeCommand('editor.action.inlineSuggest.hide');
      changed(until);
    });
  }

  get isSnoozed(): boolean {
    return this.snooze.until !== undefined;
  }

  /** Asks for how long where `minutes` are not given. */
  async snoozeFor(minutes?: number): Promise<void> {
    const chosen = minutes ?? (await askMinutes(this.isSnoozed));
    if (chosen === undefined) return;
    if (chosen > 0) this.snooze.start(chosen);
    else this.resume();
  }

  resume(): void {
    this.snooze.stop();
  }

  /** Turns it off for the document's language, or on again, where that was last decided; one after the other. */
  toggle(document: Pick<TextDocument, 'languageId'>): Promise<void> {
    this.toggling = this.toggling.catch(() => undefined).then(() => this.toggleNow(document));
    return this.toggling;
  }

  private async toggleNow({ languageId }: Pick<TextDocument, 'languageId'>): Promise<void> {
    const settings = workspace.getConfiguration(SECTION, { languageId });
    const isOn = () => workspace.getConfiguration(SECTION, { languageId }).get(KEY) !== false;
    const enabled = isOn();
    const decided = settings.inspect(KEY);
    const target =
      decided?.workspaceFolderLanguageValue !== undefined || decided?.workspaceFolderValue !== undefined
        ? ConfigurationTarget.WorkspaceFolder
        : decided?.workspaceLanguageValue !== undefined || decided?.workspaceValue !== undefined
          ? ConfigurationTarget.Workspace
          : ConfigurationTarget.Global;
    // What was switched and is switched back leaves nothing behind: it would outlast what is set for all languages.
    const own = {
      [ConfigurationTarget.WorkspaceFolder]: decided?.workspaceFolderLanguageValue,
      [ConfigurationTarget.Workspace]: decided?.workspaceLanguageValue,
      [ConfigurationTarget.Global]: decided?.globalLanguageValue,
    }[target];
    if (own !== undefined) await settings.update(KEY, undefined, target, true);
    if (isOn() === enabled) await settings.update(KEY, !enabled, target, true);
    const message = enabled
      ? l10n.t('Ghost text is off for {0}.', languageName(languageId))
      : l10n.t('Ghost text is on for {0}.', languageName(languageId));
    say(message, 'pencil');
    if (enabled) await commands.executeCommand('editor.action.inlineSuggest.hide');
  }

  dispose(): void {
    this.snooze.dispose();
  }
}

async function askMinutes(isSnoozed: boolean): Promise<number | undefined> {
  const choices = [
    ...(isSnoozed ? [{ label: l10n.t('Resume Now'), minutes: 0 }] : []),
    { label: l10n.t('For {0} Minutes', 5), minutes: 5 },
    { label: l10n.t('For {0} Minutes', 15), minutes: 15 },
    { label: l10n.t('For 1 Hour'), minutes: 60 },
    { label: l10n.t('Until This Window Closes'), minutes: Number.POSITIVE_INFINITY },
  ];
  const title = l10n.t('Snooze Ghost Text');
  return (await window.showQuickPick(choices, { title }))?.minutes;
}
