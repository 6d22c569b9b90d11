// Whether a command may have a document. Where it may not, the person is told why, with the way to what decides it.
import { commands, type LogOutputChannel, l10n, type TextDocument, window } from 'vscode';
import type { Exclusion } from '../../engine/privacy/secrets';
import { mayEdit } from '../documents/editable';
import { type Exclusions, sayExclusion } from './exclusions';

export class Permission {
  constructor(
    private readonly exclusions: Exclusions,
    private readonly log: LogOutputChannel,
  ) {}

  async toRead(document: TextDocument): Promise<boolean> {
    const why = await this.exclusions.why(document);
    if (why === undefined) return true;
    this.log.info(`${document.uri.toString()}: ${sayExclusion(why)}`);
    void this.tell(why);
    return false;
  }

  /** To put something in its place, which takes reading it. */
  async toRewrite(document: TextDocument): Promise<boolean> {
    return mayEdit(document) && (await this.toRead(document));
  }

  private async tell(why: Exclusion): Promise<void> {
    // The log has the line, or what went wrong.
    const isLogged = why === 'unknown' || why === 'token';
    const next = isLogged ? l10n.t('Show Log') : l10n.t('Settings');
    if ((await window.showInformationMessage(sayExclusion(why), next)) === undefined) return;
    if (isLogged) this.log.show(true);
    else await commands.executeCommand('workbench.action.openSettings', 'palimpsest.context');
  }
}
